"""Killable worker processes: a call that hangs, crashes or eats memory fails alone, and cancelling it frees its slot.

Each slot is one child process with a pipe of its own, started with exec, so that it inherits no thread and no lock and
never runs the user's `__main__` again. The parent side lives on the event loop alone: no thread, no polling.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self, cast

from core.errors import (
    ConversionError,
    FetchError,
    InferenceDown,
    NotAdmitted,
    PaperError,
    RetrievalError,
    SettingsError,
    WorkerDied,
)

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
_KINDS: tuple[type[PaperError], ...] = (
    ConversionError,
    FetchError,
    InferenceDown,
    NotAdmitted,
    RetrievalError,
    WorkerDied,
)
_ERRORS = {kind.__name__: kind for kind in _KINDS}
_NO_MEMORY = ("bad_alloc", "memory allocation of", "out of memory", "cannot allocate memory", "memoryerror")


class Workers:
    """Up to `slots` processes that each run one call of `function` ("module:name") at a time.

    Arguments and results are plain data (None, bool, numbers, str, lists, dicts with str keys; paths become str, tuples
    become lists). A process starts when a call finds no idle one and is replaced after `recycle_after` calls.
    """

    def __init__(
        self,
        function: str,
        *,
        slots: int,
        memory_bytes: int,
        recycle_after: int = 50,
        start_timeout_s: float = 60.0,
        file_bytes: int = 64 * MIB,
        answer_bytes: int = 256 * MIB,
    ) -> None:
        self.slots = slots
        self._memory_bytes = memory_bytes
        self._recipe = {"function": function, "memory_bytes": memory_bytes, "file_bytes": file_bytes}
        self._recycle_after = recycle_after
        self._start_timeout_s = start_timeout_s
        self._answer_bytes = answer_bytes
        self._room = asyncio.Semaphore(slots)
        self._idle: list[_Process] = []
        self._processes: set[_Process] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        for process in self._processes:
            process.kill()
        for process in tuple(self._processes):
            await process.gone.wait()

    @property
    def pids(self) -> frozenset[int]:
        """Return the ids of the processes that have not ended yet."""
        return frozenset(process.pid for process in self._processes)

    async def warm(self, count: int | None = None) -> None:
        """Start `count` processes (default: all slots) ahead of their first call and wait until they are ready."""
        wanted = min(count or self.slots, self.slots)
        while sum(process.alive for process in self._processes) < wanted:
            self._idle.append(await self._start())
        for process in tuple(self._idle):
            await self._wake(process)

    async def run(self, *args: object, deadline: float) -> Any:
        """Return `function(*args)` from a worker, waiting for a free one.

        `deadline` is in seconds from the moment the process is up and has imported the function. Raises the
        `PaperError` the function raised, `ConversionError` (`conversion_timeout`, `out_of_memory`, or
        `conversion_failed` with any other exception) or `WorkerDied`; `SettingsError` when the function cannot be
        imported. Cancelling kills the process.
        """
        request = json.dumps([deadline, args], default=os.fspath).encode() + b"\n"
        async with self._lease() as process:
            await self._wake(process)
            if process.calls + 1 == self._recycle_after:
                self._idle.append(await self._start())  # the heir loads while its elder works
            try:
                async with asyncio.timeout(deadline):
                    answer = await process.ask(request)
            except TimeoutError:
                answer = ["late"]
        return self._value(answer, deadline)

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[_Process]:
        async with self._room:
            process = self._pick() or await self._start()
            try:
                yield process
            finally:
                if process.fit and process.calls < self._recycle_after and not self._closed:
                    self._idle.append(process)
                else:
                    process.kill()

    def _pick(self) -> _Process | None:
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
        return None

    async def _start(self) -> _Process:
        if self._closed:
            raise RuntimeError("these workers are closed")
        recipe = json.dumps({**self._recipe, "path": sys.path, "parent": os.getpid()}, default=os.fspath)
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Process(self._processes, self._answer_bytes), sys.executable, "-P", "-c", _START, recipe,
            start_new_session=True,
        )  # fmt: skip
        if self._closed:
            process.kill()
        return process

    async def _wake(self, process: _Process) -> None:
        """Wait for the ready handshake."""
        try:
            async with asyncio.timeout(self._start_timeout_s):
                answer = await asyncio.shield(process.ready)
        except TimeoutError:
            process.kill()
            raise WorkerDied("worker_died", f"not ready after {self._start_timeout_s:g} s") from None
        if answer[0] == "unloadable":
            raise SettingsError(f"a worker cannot load {self._recipe['function']}: {answer[1]}")
        if answer[0] == "died":
            raise WorkerDied("worker_died", f"while starting: {answer[1]}")

    def _value(self, answer: list[Any], deadline: float) -> Any:
        match answer:
            case ["value", value]:
                return value
            case ["paper", kind, reason, detail]:
                raise _ERRORS.get(kind, ConversionError)(reason, detail)
            case ["failed", detail]:
                raise ConversionError("conversion_failed", detail)
            case ["late"]:
                raise ConversionError("conversion_timeout", f"longer than {deadline:g} s")
            case ["memory"]:
                raise ConversionError("out_of_memory", f"more than {self._memory_bytes // MIB} MB")
            case ["died", how]:
                raise WorkerDied("worker_died", how)
        raise WorkerDied("worker_died", "unreadable answer")


class _Process(asyncio.SubprocessProtocol):
    """The parent's end of one worker process: a ready handshake, then one answer to each question."""

    def __init__(self, processes: set[_Process], limit: int) -> None:
        self.alive = True
        self.fit = False  # up, not busy, and its last call left it in a known state
        self.calls = 0
        self.gone = asyncio.Event()
        self._processes = processes
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[list[Any]] = self._loop.create_future()
        self._answer = self.ready
        self._received = bytearray()
        self._tail = b""

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
            self._resolve(_parse(self._received))

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


def _parse(line: bytearray) -> list[Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        return ["garbled"]
    return answer if isinstance(answer, list) and answer else ["garbled"]
