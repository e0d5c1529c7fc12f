"""An observer of a run that can wait for what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from core.progress import ProgressEvent


class Watch:
    """Collects events; give it as `on_event`."""

    def __init__(self) -> None:
        self.events: list[ProgressEvent] = []
        self._news = asyncio.Event()

    def __call__(self, event: ProgressEvent) -> None:
        self.events.append(event)
        self._news.set()

    def papers(self, status: str) -> list[str]:
        """Return the papers of the events of that status."""
        return [event["paper_id"] for event in self.events if event["status"] == status]

    async def until(self, state: Callable[[], bool]) -> None:
        """Wait until `state` is true; it is looked at after every event."""
        while not state():
            self._news.clear()
            await self._news.wait()

    async def seen(self, status: str, count: int = 1) -> None:
        """Wait for that many events of that status."""
        await self.until(lambda: len(self.papers(status)) >= count)
