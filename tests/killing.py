"""Runs of the pipeline in processes of their own, and the means to kill them at a chosen moment."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psutil

from core.loopback import Internet

ROOT = Path(__file__).parents[1]
#: No process may outlive its killed parent for longer, in seconds; it takes some milliseconds.
LINGERING_S = 5.0


class Run:
    """One run in a process of its own; `events` are those it has told, `ended` its exit code, `error` what ended it."""

    def __init__(self) -> None:
        self.pid = 0
        self.events: list[dict[str, Any]] = []
        self.ended: int | None = None
        self.error = ""
        self._news = asyncio.Condition()

    async def hear(self, line: bytes) -> None:
        """Take in what the process says."""
        said = json.loads(line)
        async with self._news:
            self.pid = said.get("pid", self.pid)
            self.ended = said.get("ended", self.ended)
            self.error = said.get("error", self.error)
            if "status" in said:
                self.events.append(said)
            self._news.notify_all()

    async def until(self, state: Callable[[], bool]) -> None:
        """Wait until `state` is true; it is looked at whenever the process says something."""
        async with self._news:
            await self._news.wait_for(lambda: state() or self.ended is not None)

    def count(self, status: str) -> int:
        """Return how many events of that status there were."""
        return len(self.papers(status))

    def papers(self, status: str) -> list[str]:
        """Return the papers of the events of that status."""
        return [event["paper_id"] for event in self.events if event["status"] == status]

    async def finish(self) -> None:
        """Wait until the run has ended by itself, well."""
        await self.until(lambda: False)
        assert (self.ended, self.error) == (0, "")

    async def kill(self, moment: Awaitable[object]) -> bool:
        """Kill the run at the moment, tell whether it had not ended before; see that no process of it survives."""
        over = asyncio.ensure_future(self.until(lambda: False))
        due = asyncio.ensure_future(moment)
        await asyncio.wait([over, due], return_when=asyncio.FIRST_COMPLETED)
        alive = self.ended is None
        if alive:
            os.kill(self.pid, signal.SIGKILL)
        due.cancel()
        await asyncio.wait([over, due])
        assert await asyncio.to_thread(psutil.wait_procs, workers_of(self.pid), LINGERING_S) is not None
        assert workers_of(self.pid) == []
        return alive


def workers_of(pid: int) -> list[psutil.Process]:
    """Return the living worker processes that were started by `pid`, which may be dead."""
    mark = f'"parent": {pid}' + "}"
    return [each for each in psutil.process_iter(["cmdline"]) if mark in "".join(each.info["cmdline"] or ())]


class Runner:
    """Starts runs, one at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._current = Run()
        self._current.ended = 0

    async def start(self, net: Internet, home: Path, *, limit: int | None = None, **options: Any) -> Run:
        """Begin to read the papers of `net` into `home`; no file may have more than `limit` bytes."""
        assert self._current.ended is not None
        self._current = run = Run()
        settings = {**net.options(), "home": str(home), **options}
        self._stdin.write(json.dumps({"settings": settings, "papers": net.papers, "limit": limit}).encode() + b"\n")
        await run.until(lambda: bool(run.pid))
        return run

    async def listen(self) -> None:
        """Pass on what the runs say; when there is nobody to say anything, the run has ended."""
        try:
            async for line in self._stdout:
                await self._current.hear(line)
        finally:
            await self._current.hear(b'{"ended": 255}')


@asynccontextmanager
async def runner() -> AsyncIterator[Runner]:
    """Give a runner; whatever it has started is gone in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.pipelinechild",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, limit=2**20, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.TaskGroup() as group:
            runs = Runner(process)
            listening = group.create_task(runs.listen())
            yield runs
            listening.cancel()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


def rows(home: Path, query: str) -> set[str]:
    """Return the first column of what the database of a store answers, without the store's help."""
    if not (home / "papers.sqlite").exists():
        return set()
    with closing(sqlite3.connect(home / "papers.sqlite")) as db:
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return {str(row[0]) for row in db.execute(query)} if tables else set()


def texts(home: Path) -> set[str]:
    """Return the papers that have a text."""
    return rows(home, "SELECT paper_id FROM copies JOIN texts ON file_sha256 = copies.sha256")


def jobs(home: Path) -> set[str]:
    """Return the papers with an open job whose id is known."""
    return rows(home, "SELECT paper_id FROM jobs WHERE job_id IS NOT NULL AND closed_at IS NULL")
