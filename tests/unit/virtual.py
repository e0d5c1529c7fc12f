"""What tests on the virtual clock share: `now()` is exact, `rest()` returns when everything else waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.errors import QueueClosed
from core.streaming import WorkQueue


def now() -> float:
    return round(asyncio.get_running_loop().time(), 3)


async def rest() -> None:
    """Return when everything else waits for something."""
    await asyncio.sleep(0.001)


async def fill(queue: WorkQueue[Any], items: Any, *, pause_s: float = 0.0) -> None:
    with queue.producer():
        for item in items:
            await asyncio.sleep(pause_s)
            await queue.put(item)


async def collect(queue: WorkQueue[Any]) -> list[Any]:
    return [item async for item in queue]


async def nap(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


class Gate:
    """A handler that counts who has come in and lets nobody out until it is opened."""

    def __init__(self) -> None:
        self.started: list[Any] = []
        self.open = asyncio.Event()

    async def __call__(self, item: Any) -> Any:
        self.started.append(item)
        await self.open.wait()
        return item


async def refused(operation: Any) -> bool:
    with pytest.raises(QueueClosed):
        await operation
    return True
