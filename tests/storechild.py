"""Processes for the tests of the paper store: `python -m tests.storechild MODE HOME ...`; what they print is done."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from core.errors import StoreError
from core.stores.papers import PaperStore
from core.stores.records import Attempt, StoredFile, StoredText
from tests.storing import PDF, accept, convert, downloaded, faults, markdown, named, objects, pdf, read_paper, sha256

A = "10.1/a"


def say(*words: object) -> None:
    """Tell the parent, in one write, so that a kill cannot tear it."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def adds(home: Path, first: str, number: str) -> None:
    """Wait for a line, then open the store and read papers."""
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    async with PaperStore.open(home) as store:
        for paper in range(int(first), int(first) + int(number)):
            await read_paper(store, paper)
            say(f"10.1/{paper}")


async def holds(home: Path) -> None:
    """Hold the store open, with an unfinished download, until killed."""
    async with PaperStore.open(home) as store:
        downloaded(store, b"unfinished")
        say(store.scratch)
        await asyncio.to_thread(sys.stdin.readline)


async def fills(home: Path, mine: str) -> None:
    """Write texts until the disk is full, then rows, free some space, go on."""
    ballast = home.parent / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    async with PaperStore.open(home) as store:
        file = await store.add_file(A, Path(mine), sha256=sha256(pdf(1)), media_type=PDF, source="user", url="")
        made = [text async for text in _texts(store, file)]
        assert [attempt async for attempt in _attempts(store)] == await store.attempts(A)
        say("left over:", list(store.scratch.iterdir()))
        ballast.unlink()
        made.append(await convert(store, A, file, markdown(0), fingerprint="last"))
        say("lost:", {text.sha256 for text in made} ^ {text.sha256 for text in await store.texts_of(A)})
    async with PaperStore.open(home):
        say("faults:", faults(home), "orphans:", objects(home) ^ named(home))


async def _texts(store: PaperStore, file: StoredFile) -> AsyncIterator[StoredText]:
    for number in count(1):
        try:
            yield await convert(store, A, file, markdown(number), fingerprint=f"fake/{number}")
        except StoreError as error:
            say(error)
            return


async def _attempts(store: PaperStore) -> AsyncIterator[Attempt]:
    for number in count(1):
        attempt = Attempt("s", "u", "timeout", detail="x" * 5000, at=number)
        try:
            await store.add_attempt(A, attempt)
        except StoreError as error:
            say(error)
            return
        yield attempt


def crashes(base: str, first: str, step: str) -> None:
    """Kill a child before or after its n-th call of the operating system or of SQLite, for n = first, first + step, ...

    A second child takes the crashed home over and is killed in its turn, elsewhere. Ends when a first child survives.
    """
    for point in range(int(first), 100_000, int(step)):
        home = Path(base) / str(point)
        survived = not _killed(home, point)
        _killed(home, point * 7 % 200)
        spoilt = sha256(_spoilt(point))
        if found := [fault for fault in faults(home) if spoilt not in fault]:
            say("fault:", point, *found)
        if survived:
            return


def _killed(home: Path, point: int) -> bool:
    """Live a life in a child that is killed at `point`; tell whether it came to that."""
    pid = os.fork()
    if pid == 0:
        threading.setprofile(_killer(point))
        asyncio.run(_life(home, point))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status not in (0, signal.SIGKILL):
        say("failed:", point, status)
    return status != 0


async def _life(home: Path, point: int) -> None:
    """Do a little of everything, with contents of its own."""
    async with PaperStore.open(home) as store:
        await read_paper(store, point)
        say("read:", store.home, f"10.1/{point}")
        refused = b"<html>" + str(point).encode()
        path = downloaded(store, refused)
        await store.refuse_file("10.1/x", path, sha256=sha256(refused), source="s", url="u", reason="not_pdf")
        file = await accept(store, "10.1/x", _spoilt(point))
        await convert(store, "10.1/x", file, replace(markdown(point), images={"a.png": b"a", "b.png": b"b"}))
        file.path.write_bytes(b"damaged")
        await store.verify()
        await store.forget("10.1/x")


def _spoilt(point: int) -> bytes:
    return pdf(point) + b"this one is damaged on disk later"


def _killer(point: int) -> Callable[[Any, str, Any], None]:
    """Return a profiler that ends the process before or after a call in the store's thread."""
    seen = 0

    def profile(_frame: object, event: str, called: Any) -> None:
        nonlocal seen
        if event not in ("c_call", "c_return") or not threading.current_thread().name.startswith("paper-store"):
            return
        if isinstance(getattr(called, "__self__", None), sqlite3.Connection) or called.__module__ in ("posix", "fcntl"):
            seen += 1
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return profile


if __name__ == "__main__":
    mode, place, *rest = sys.argv[1:]
    modes: dict[str, Callable[..., Coroutine[None, None, None]]] = {"adds": adds, "holds": holds, "fills": fills}
    if mode == "crashes":
        crashes(place, *rest)
    else:
        asyncio.run(modes[mode](Path(place), *rest))
