"""Watch how much memory processes really hold, where a limit of address space would not do.

torch and CUDA map far more address space than they use, so no `RLIMIT_AS` fits them; nothing in the kernel limits what
a process holds without rights over its cgroup. So it is looked at, seldom while there is room and often near the limit.
Where there is no /proc (macOS) every process seems to hold nothing, and only the mark that wears it out is kept.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable
from contextlib import suppress

from core.conversion.process import Process

_PAGE = os.sysconf("SC_PAGE_SIZE")
_GROWTH = 2 << 30  # bytes a second: what one core can touch; between two looks a process can gain little past the limit
_SELDOM_S = 1.0
_OFTEN_S = 0.05


class Watch:
    """Kills those of `processes` that, with all they started, hold more than `limit` bytes; looks only while one works.

    It lives on timers of the event loop and reads /proc in a thread of the loop's executor.
    """

    def __init__(self, processes: Collection[Process], limit: int) -> None:
        self._processes = processes
        self._limit = limit
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.Future[list[int]] | None = None

    def rouse(self) -> None:
        """Look soon, and go on for as long as a process starts or works."""
        if self._timer is None and self._reading is None:
            self._later(_OFTEN_S)

    async def stop(self) -> None:
        """Look no more."""
        if self._reading:
            await asyncio.wait([self._reading])
        if self._timer:
            self._timer.cancel()

    def _later(self, pause_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._look)

    def _look(self) -> None:
        self._timer = None
        busy = [(process, process.calls) for process in self._processes if process.alive and not process.fit]
        if busy:
            pids = [process.pid for process, _ in busy]
            self._reading = asyncio.get_running_loop().run_in_executor(None, _held_by, pids)
            self._reading.add_done_callback(lambda sizes: self._judge(busy, sizes.result()))

    def _judge(self, busy: Iterable[tuple[Process, int]], sizes: list[int]) -> None:
        self._reading = None
        for (process, calls), size in zip(busy, sizes, strict=True):
            if size > self._limit and process.calls == calls:  # else this was the call before
                process.outgrow()
        room = self._limit - max(sizes)
        self._later(min(_SELDOM_S, max(_OFTEN_S, room / _GROWTH)))


def held(pid: int) -> int:
    """Return the resident bytes of a process and its descendants; 0 when it is gone or the system does not tell."""
    pages, todo = 0, [str(pid)]
    while todo:
        folder = f"/proc/{todo.pop()}"
        with suppress(OSError):  # it ended
            pages += int(_read(f"{folder}/statm").split()[1])
            for thread in os.listdir(f"{folder}/task"):
                todo += _read(f"{folder}/task/{thread}/children").split()
    return pages * _PAGE


def _held_by(pids: Iterable[int]) -> list[int]:
    return [held(pid) for pid in pids]


def _read(path: str) -> str:
    with open(path) as file:
        return file.read()
