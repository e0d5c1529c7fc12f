"""From another thread onto the event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
from collections.abc import Coroutine
from typing import Any, TypeVar

from core.errors import QueueClosed

T = TypeVar("T")

#: How often a waiting thread looks whether the loop still lives, in seconds: a loop does not tell when it ends.
LOOK_S = 0.25


def run_on(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop of another thread and wait for its end; `QueueClosed` when the loop ends first."""
    try:
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    except RuntimeError:
        raise _ended(coroutine) from None
    while not concurrent.futures.wait([future], timeout=LOOK_S).done:
        if loop.is_closed():
            raise _ended(coroutine)
    try:
        return future.result()
    except concurrent.futures.CancelledError:
        raise QueueClosed("the event loop is ending") from None


def _ended(coroutine: Coroutine[Any, Any, Any]) -> QueueClosed:
    if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
        coroutine.close()
    return QueueClosed("the event loop has ended")
