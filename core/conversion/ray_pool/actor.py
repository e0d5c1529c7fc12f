"""What runs on a node of a Ray cluster: an actor that keeps one worker process and hands it files and questions.

The process is the one that a slot on this machine has, so limits, deadlines, recycling and the words for what went
wrong are the same, and a call is stopped by killing it, without losing the actor. Nothing here needs Ray.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.conversion.workers import Memory, Workers
from core.errors import PaperError, SettingsError, WorkerDied

PREFIX = "lit-review-ray-"
_FRESH_S = 60.0  # a folder may be this old before it is locked


class Actor:
    """One slot of a `RayPool`; `recipe` comes from there and is plain data."""

    def __init__(self, recipe: Mapping[str, Any]) -> None:
        self._workers = Workers(
            recipe["function"], slots=1, memory=Memory(**recipe["memory"]), envs=[recipe["env"]],
            recycle_after=recipe["recycle_after"], start_timeout_s=recipe["start_timeout_s"],
        )  # fmt: skip
        self._folder: Folder | None = None

    async def ready(self) -> list[Any]:
        """Return ["ready", version of this program] when the process is up, else ["unusable" or "died", why]."""
        try:
            await self._workers.warm()
        except SettingsError as error:
            return ["unusable", str(error)]
        except WorkerDied as error:
            return ["died", error.detail]
        return ["ready", await asyncio.to_thread(own_version)]

    async def take(self, number: int, suffix: str, pdf: bytes) -> None:
        """Keep the file of call `number` until it was run or the next one comes."""
        await asyncio.to_thread(self._keep, f"{number}{suffix}", pdf)

    async def run(self, number: int, suffix: str, args: Sequence[Any], deadline: float) -> bytes:
        """Return the answer for the file of call `number`, as JSON; `deadline` is in seconds. Cancelling kills it."""
        answer = await self._answer(f"{number}{suffix}", args, deadline)
        return json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")

    async def close(self) -> None:
        """End the process and remove what is left of files."""
        await self._workers.__aexit__(None, None, None)
        if self._folder:
            await asyncio.to_thread(self._folder.remove)

    async def _answer(self, name: str, args: Sequence[Any], deadline: float) -> list[Any]:
        try:
            return ["value", await self._run(name, args, deadline)]
        except PaperError as error:
            return ["paper", type(error).__name__, error.reason, error.detail]
        except SettingsError as error:
            return ["settings", str(error)]

    async def _run(self, name: str, args: Sequence[Any], deadline: float) -> Any:
        if self._folder is None:
            raise WorkerDied("worker_died", "the actor was restarted before it began")
        path = self._folder.path / name
        try:
            return await self._workers.run(path, *args, deadline=deadline)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def _keep(self, name: str, content: bytes) -> None:
        if self._folder is None:
            sweep()
            self._folder = Folder()
        self._folder.keep(name, content)


class Folder:
    """A place on this node for the file of one call at a time, locked for as long as its process lives."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def keep(self, name: str, content: bytes) -> None:
        """Write a file, and remove those of calls that were stopped before they began."""
        for left in self.path.iterdir():
            left.unlink(missing_ok=True)
        (self.path / name).write_bytes(content)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep() -> None:
    """Remove what actors that were killed have left on this node."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is not ours, in use, or gone already
            if _abandoned(folder):
                shutil.rmtree(folder)


def _abandoned(folder: Path) -> bool:
    """Tell whether nobody holds the lock of `folder`; raise OSError if somebody does."""
    about = folder.lstat()
    if about.st_uid != os.getuid() or time.time() - about.st_mtime < _FRESH_S:
        return False
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(lock)
    return True


def own_version() -> str:
    """Return the version of this program, empty where it runs without being installed."""
    try:
        return version("academic-lit-review")
    except PackageNotFoundError:
        return ""
