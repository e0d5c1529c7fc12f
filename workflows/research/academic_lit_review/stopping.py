"""Running until the end or until somebody says stop, cleanly in both cases."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """The run was stopped by a signal, and everything it had started has ended."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.status = 128 + number


def run(main: Coroutine[Any, Any, T], on_stop: Callable[[], None]) -> T:
    """Run `main` in an event loop and return its value.

    The first SIGINT, SIGTERM or SIGHUP calls `on_stop`, cancels `main`, waits for it to clean up and raises `Stopped`.
    The second one has its usual effect at once.
    """
    received: list[int] = []
    try:
        return asyncio.run(_listening(main, received, on_stop))
    except asyncio.CancelledError:
        if not received:
            raise
        raise Stopped(received[0]) from None


async def _listening(main: Coroutine[Any, Any, T], received: list[int], on_stop: Callable[[], None]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop(number: int) -> None:
        received.append(number)
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
        on_stop()
        task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    return await main
