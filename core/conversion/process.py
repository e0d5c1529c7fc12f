"""The parent's end of one worker process, on the event loop alone: a handshake, then one answer to each question."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self, cast

MIB = 1024 * 1024

_START = """
import json, sys
recipe = json.loads(sys.argv[1])
sys.path[:] = recipe["path"]
from core.conversion import child
child.main(recipe)
"""
_TAIL_BYTES = 4096
_LINGER_S = 1.0  # for what a dead process wrote last, when something it started holds its pipes open
_NO_MEMORY = ("bad_alloc", "memory allocation of", "out of memory", "cannot allocate memory", "memoryerror")


class Process(asyncio.SubprocessProtocol):
    """One child process, started with exec, so that it inherits no thread and no lock and never runs `__main__` again.

    `alive` until it ends or is killed; `fit` when it is up, not busy, and its last call left it in a known state;
    `worn` when it holds more memory after a call than it should keep; `born` is when it started, in the loop's time.
    """

    def __init__(self, processes: set[Process], limit: int) -> None:
        self.alive = True
        self.fit = False
        self.worn = False
        self.calls = 0
        self.gone = asyncio.Event()
        self._processes = processes
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self.born = self._loop.time()
        self.ready: asyncio.Future[list[Any]] = self._loop.create_future()
        self._answer = self.ready
        self._received = bytearray()
        self._tail = b""

    @classmethod
    async def start(
        cls, recipe: Mapping[str, Any], env: Mapping[str, str], *, processes: set[Self], answer_bytes: int
    ) -> Self:
        """Start a process, which stands in `processes` until it has ended, without waiting for it to be ready."""
        told = json.dumps({**recipe, "path": sys.path, "parent": os.getpid()}, default=os.fspath)
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(cast("set[Process]", processes), answer_bytes), sys.executable, "-P", "-c", _START, told,
            start_new_session=True, env={**os.environ, **env},
        )  # fmt: skip
        return process

    async def ask(self, request: bytes) -> list[Any]:
        """Send one request and return its answer."""
        self.calls += 1
        self.fit = False
        self._answer = self._loop.create_future()
        self._received.clear()
        if self.alive:
            cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0)).write(request)
        else:
            self._resolve(self._death())
        return await asyncio.shield(self._answer)

    def kill(self) -> None:
        """End the process, and what it started, at once."""
        self.alive = self.fit = False
        if not self.gone.is_set():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def outgrow(self) -> None:
        """Kill it for the memory it holds."""
        self._resolve(["memory"])
        self.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the process."""
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._transport.get_pid()
        self._processes.add(self)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take in a piece of an answer, or of what the process complains about."""
        if fd == 2:
            self._tail = (self._tail + data)[-_TAIL_BYTES:]
            return
        self._received += data
        if len(self._received) > self._limit:
            self._resolve(["failed", f"an answer of more than {self._limit // MIB} MB"])
            self.kill()
        elif data.endswith(b"\n"):
            self.worn, answer = _parse(self._received)
            self._resolve(answer)

    def process_exited(self) -> None:
        """Stop waiting for its pipes soon; a stranger may hold them open."""
        self.kill()
        self._loop.call_later(_LINGER_S, self._transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that it ended."""
        self.alive = self.fit = False
        self.gone.set()
        self._processes.discard(self)
        self._transport.close()
        self._resolve(self._death())

    def _resolve(self, answer: list[Any]) -> None:
        if not self._answer.done():
            self.fit = self.alive and answer[0] in ("ready", "value", "paper")
            self._answer.set_result(answer)

    def _death(self) -> list[Any]:
        code = self._transport.get_returncode()
        words = self._tail.decode(errors="replace").strip()
        if code == -signal.SIGXCPU:
            return ["late"]
        if any(word in words.lower() for word in _NO_MEMORY) or (code == -signal.SIGABRT and not words):
            return ["memory"]  # PDFium aborts without a word; a failed assertion or a broken heap says what it is
        how = "killed" if code is None else f"signal {-code}" if code < 0 else f"exit status {code}"
        return ["died", f"{how}: {words.splitlines()[-1][:200]}" if words else how]


def _parse(line: bytearray) -> tuple[bool, list[Any]]:
    """Return whether the process is worn, and its answer."""
    try:
        match json.loads(line):
            case [bool(worn), [str(), *_] as answer]:
                return worn, answer
    except ValueError:
        pass
    return False, ["garbled"]
