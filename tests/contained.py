"""Tests of child processes: nothing blocks the event loop meanwhile, and none is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
from blockbuster import blockbuster_ctx


@contextmanager
def contained() -> Iterator[None]:
    """Make a blocking call on the event loop an error in the block, and a child process left after it, too."""
    with blockbuster_ctx(scanned_modules=["core"]):
        yield
    assert psutil.Process().children(recursive=True) == []


async def until(true: Callable[[], object], within_s: float = 20.0) -> None:
    """Wait for a state of other processes."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
