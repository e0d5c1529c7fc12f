"""An event loop that counts its turns, and does something at one of them: a moment that needs no clock."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Turns(selectors.DefaultSelector):
    """Counts how often the loop has looked for news, which it does once in every turn."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self._moments: dict[int, Callable[[], object]] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look for news; then it is the next turn."""
        news = super().select(timeout)
        self.count += 1
        moment = self._moments.pop(self.count, None)
        if moment:
            moment()
        return news

    def at(self, count: int, moment: Callable[[], object]) -> None:
        """Call `moment` when `count` more turns have been taken."""
        self._moments[self.count + max(1, count)] = moment


def run(main: Callable[[Turns], Coroutine[Any, Any, T]]) -> T:
    """Run `main(turns)` in an event loop of its own, whose turns are counted."""
    turns = Turns()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(turns)) as runner:
        return runner.run(main(turns))
