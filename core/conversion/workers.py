"""Killable worker processes: a call that hangs, crashes or eats memory fails alone, and cancelling it frees its slot.

Each slot is one child process with a pipe of its own. The parent side lives on the event loop alone: no task, and no
polling but for resident memory.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from core.conversion.process import MIB, Process
from core.conversion.resident import Watch
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

__all__ = ["MIB", "Memory", "Workers"]

_log = logging.getLogger(__name__)

_KINDS: tuple[type[PaperError], ...] = (
    ConversionError,
    FetchError,
    InferenceDown,
    NotAdmitted,
    RetrievalError,
    WorkerDied,
)
_FAILURES = 2  # to start, in a row, and the slot takes no more calls while others do
_ERRORS = {kind.__name__: kind for kind in _KINDS}


@dataclass(frozen=True)
class Memory:
    """What one process may have, in bytes: address space, or with `resident` what it and all it started really hold.

    A process that holds more than `recycle_bytes` after a call (0: three quarters of `bytes`) is replaced; that counts
    for resident memory only.
    """

    bytes: int
    resident: bool = False
    recycle_bytes: int = 0

    @property
    def mark(self) -> int:
        """Return above how many resident bytes a process is replaced; 0: never."""
        return (self.recycle_bytes or self.bytes * 3 // 4) if self.resident else 0


class _Slot:
    """A place for one process at a time, and the environment of all that come to it."""

    def __init__(self, number: int, env: Mapping[str, str]) -> None:
        self.number = number
        self.env = env
        self.failures = 0  # to start, in a row
        self.process: Process | None = None
        self.heir: Process | None = None  # loads while its elder makes its last call

    @property
    def warm(self) -> bool:
        return self.process is not None and self.process.alive

    def settle(self) -> None:
        """Keep the process for the next call, or hand over to its heir."""
        if self.process and (self.heir or not self.process.fit):
            self.process.kill()
            self.process, self.heir = self.heir, None


class Workers:
    """Up to `slots` processes that each run one call of `function` ("module:name") at a time.

    Arguments and results are plain data (None, bool, numbers, str, lists, dicts with str keys; paths become str, tuples
    become lists). A process starts when a call finds no idle one and is replaced after `recycle_after` calls, or when
    its memory is worn. Slot i keeps `envs[i % len(envs)]` for life, set before its processes import anything. Calls
    wait in one line for all slots.
    """

    def __init__(
        self,
        function: str,
        *,
        slots: int,
        memory: Memory,
        envs: Sequence[Mapping[str, str]] = ({},),
        recycle_after: int = 50,
        start_timeout_s: float = 60.0,
        file_bytes: int = 64 * MIB,
        answer_bytes: int = 256 * MIB,
    ) -> None:
        self.slots = slots
        self._memory = memory
        self._recipe = {
            "function": function,
            "memory_bytes": 0 if memory.resident else memory.bytes,
            "mark_bytes": memory.mark,
            "file_bytes": file_bytes,
        }
        self._recycle_after = recycle_after
        self._start_timeout_s = start_timeout_s
        self._answer_bytes = answer_bytes
        self._room = asyncio.Semaphore(slots)
        self._serving = slots
        self._free = [_Slot(number, envs[number % len(envs)]) for number in reversed(range(slots))]
        self._processes: set[Process] = set()
        self._watch = Watch(self._processes, memory.bytes) if memory.resident else None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        for process in self._processes:
            process.kill()
        if self._watch:
            await self._watch.stop()
        for process in tuple(self._processes):
            await process.gone.wait()

    @property
    def pids(self) -> frozenset[int]:
        """Return the ids of the processes that have not ended yet."""
        return frozenset(process.pid for process in self._processes)

    async def warm(self, count: int | None = None) -> None:
        """Start `count` processes (default: all slots) at once, ahead of their first call; wait until all are ready.

        Raises as `run` does, `WorkerDied` only when none came up.
        """
        wanted = self.slots if count is None else min(count, self.slots)
        for _ in range(wanted - sum(process.alive for process in self._processes)):
            async with self._hold(warm=False) as slot:
                await self._fill(slot)
        deaths = [death for slot in tuple(self._free) if slot.process and (death := await self._wake(slot.process))]
        if deaths and not any(slot.warm for slot in self._free):
            raise deaths[0]

    async def run(self, *args: Any, deadline: float) -> Any:
        """Return `function(*args)` from a worker, waiting for a free one.

        `deadline` is in seconds from the moment the process is up and has imported the function. Raises the
        `PaperError` the function raised, `ConversionError` (`conversion_timeout`, `out_of_memory`, or
        `conversion_failed` with any other exception) or `WorkerDied`; `SettingsError` when the function cannot be
        imported. Cancelling kills the process.
        """
        request = json.dumps([deadline, args], default=os.fspath).encode() + b"\n"
        return self._value(await self._call(request, deadline), deadline)

    async def _call(self, request: bytes, deadline: float) -> list[Any]:
        while True:
            async with self._hold() as slot:
                process = await self._fill(slot)
                death = await self._wake(process)
                slot.failures = slot.failures + 1 if death else 0
                if not death:
                    return await self._ask(slot, process, request, deadline)
                if self._closed or self._serving == 1:
                    raise death

    async def _ask(self, slot: _Slot, process: Process, request: bytes, deadline: float) -> list[Any]:
        try:
            if process.worn or process.calls + 1 >= self._recycle_after:
                slot.heir = await self._start(slot.env)
            if self._watch:
                self._watch.rouse()
            async with asyncio.timeout(deadline):
                return await process.ask(request)
        except TimeoutError:
            return ["late"]
        finally:
            slot.settle()

    @asynccontextmanager
    async def _hold(self, *, warm: bool = True) -> AsyncIterator[_Slot]:
        """Wait for a free slot, if there is a choice for one that is warm, or is not."""
        await self._room.acquire()
        slot = next((slot for slot in reversed(self._free) if slot.warm is warm), self._free[-1])
        self._free.remove(slot)
        try:
            yield slot
        finally:
            if slot.failures < _FAILURES or self._serving == 1:
                self._free.append(slot)
                self._room.release()
            else:
                self._serving -= 1  # a broken device is always free, and would eat every paper
                _log.warning("%s: slot %s is given up, for it does not start", self._recipe["function"], slot.number)

    async def _fill(self, slot: _Slot) -> Process:
        if slot.process is None or not slot.process.alive:
            slot.process = await self._start(slot.env)
        return slot.process

    async def _start(self, env: Mapping[str, str]) -> Process:
        if self._closed:
            raise RuntimeError("these workers are closed")
        try:
            process = await Process.start(self._recipe, env, processes=self._processes, answer_bytes=self._answer_bytes)
        except OSError as error:  # the machine is out of processes, or of memory
            raise WorkerDied("worker_died", f"cannot start: {error}") from error
        if self._closed:
            process.kill()
        elif self._watch:
            self._watch.rouse()
        return process

    async def _wake(self, process: Process) -> WorkerDied | None:
        """Wait for the ready handshake; return why none came. `SettingsError` when no process will ever be ready."""
        try:
            async with asyncio.timeout_at(process.born + self._start_timeout_s):
                answer = process.ready.result() if process.ready.done() else await asyncio.shield(process.ready)
        except TimeoutError:
            process.kill()
            return WorkerDied("worker_died", f"not ready after {self._start_timeout_s:g} s")
        match answer:
            case ["unloadable", why]:
                raise SettingsError(f"a worker cannot load {self._recipe['function']}: {why}")
            case ["memory"]:
                raise SettingsError(f"a worker needs more than {self._megabytes} MB of memory to start")
            case ["ready"]:
                return None
        return WorkerDied("worker_died", f"while starting: {answer[-1]}")

    @property
    def _megabytes(self) -> int:
        return self._memory.bytes // MIB

    def _value(self, answer: list[Any], deadline: float) -> Any:
        match answer:
            case ["value", value]:
                return value
            case ["paper", kind, reason, detail]:
                raise _ERRORS.get(kind, ConversionError)(reason, detail)
            case ["settings", message]:
                raise SettingsError(message)
            case ["failed", detail]:
                raise ConversionError("conversion_failed", detail)
            case ["late"]:
                raise ConversionError("conversion_timeout", f"longer than {deadline:g} s")
            case ["memory"]:
                raise ConversionError("out_of_memory", f"more than {self._megabytes} MB")
            case ["died", how]:
                raise WorkerDied("worker_died", how)
        raise WorkerDied("worker_died", "unreadable answer")
