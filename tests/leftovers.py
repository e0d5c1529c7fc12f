"""What a run must not leave behind: tasks, threads, child processes, connections, unfinished files."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

#: Whatever ends, ends within this time, in seconds; it takes a fraction of one.
ENDING_S = 5.0

#: The servers of the loopback internet have tasks of their own, and so has whoever looks.
_SERVERS = ("/core/loopback/", "/uvicorn/", "/starlette/", "/tests/")


def tasks() -> list[str]:
    """Return the tasks of the running loop that belong to the pipeline."""
    codes = [getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks() if not task.done()]
    return [str(code) for code in codes if not any(part in str(code) for part in _SERVERS)]


def children(pid: int | None = None) -> list[str]:
    """Return the living child processes of this or another process, and the dead nobody waited for."""
    return [str(child) for child in psutil.Process(pid).children(recursive=True)]


def threads() -> list[str]:
    """Return the threads that belong to a paper store; those of asyncio end with their loop."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("paper-store")]


def unfinished(home: Path) -> list[Path]:
    """Return what lies in the scratch folder of a store that nobody has open."""
    folder = home / "tmp"
    return sorted(folder.rglob("*")) if folder.exists() else []


async def left(home: Path) -> dict[str, object]:
    """Return everything that a run in `home` has left behind; empty after a clean end.

    Tasks must be gone at once. A run that is cancelled while it closes its store or its workers leaves them to end by
    themselves, for which they get a moment.
    """
    found: dict[str, object] = {"tasks": tasks()}
    await asyncio.to_thread(_wait_for, lambda: not (children() or threads()))
    found |= {"children": children(), "threads": threads(), "files": unfinished(home)}
    return {kind: things for kind, things in found.items() if things}


def _wait_for(state: Callable[[], bool]) -> None:
    over = time.monotonic() + ENDING_S
    while not state() and time.monotonic() < over:
        time.sleep(0.005)


@contextmanager
def no_handles_left() -> Iterator[None]:
    """See that the block, in which an event loop begins and ends, closes what it opens and awaits what it makes."""
    before, told = _handles(), list[str]()
    hook, sys.unraisablehook = sys.unraisablehook, lambda what: told.append(f"{what.exc_value!r} {what.object!r}")
    try:
        yield
        assert _handles() - before == set()
        gc.collect()  # what was forgotten tells so in a warning, and warnings are errors here
        assert told == []
    finally:
        sys.unraisablehook = hook


def _handles() -> set[tuple[int, str]]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add((int(name), os.readlink(f"/proc/self/fd/{name}")))
        except FileNotFoundError:
            continue  # the handle of the listing itself
    return found
