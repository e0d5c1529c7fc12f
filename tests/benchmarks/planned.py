"""Converters that take the time they are told to, behind the real protocol."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from core.conversion.converter import Converted
from core.conversion.workers import MIB, Memory, Workers
from tests.engine import Engine

#: About 30 kB, what a short paper comes to: it has to be written, hashed and synced like any other.
TEXT = "A sentence that stands for the text of a paper, which nobody reads here. " * 400


class PlannedConverter(Engine):
    """Sleeps in its slot for the planned time of each file, known by the hash that names it; notes what it took."""

    name = "planned"

    def __init__(self, convert_s: Mapping[str, float], *, slots: int) -> None:
        self.slots = slots
        self.took_s: dict[str, float] = {}
        self.started: dict[str, float] = {}
        self.running = 0
        self.most = 0
        self._convert_s = convert_s

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return a text after the planned time."""
        self.running += 1
        self.most = max(self.most, self.running)
        self.started[pdf.stem] = started = time.monotonic()
        try:
            await self._sleep(self._convert_s[pdf.stem], deadline)
        finally:
            self.took_s[pdf.stem] = time.monotonic() - started
            self.running -= 1
        text = f"# {pdf.stem}\n\n{TEXT}"
        return self.converted(text)

    async def _sleep(self, seconds: float, deadline: float) -> None:
        await asyncio.sleep(seconds)


class PlannedProcesses(PlannedConverter):
    """The same, sleeping in the real child processes."""

    name = "planned-processes"

    def __init__(self, convert_s: Mapping[str, float], *, slots: int) -> None:
        super().__init__(convert_s, slots=slots)
        self._workers = Workers("tests.benchmarks.planned:doze", slots=slots, memory=Memory(2048 * MIB))

    async def __aenter__(self) -> Self:
        await self._workers.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._workers.__aexit__(None, None, None)

    async def _sleep(self, seconds: float, deadline: float) -> None:
        await self._workers.run(seconds, deadline=deadline + seconds)


def doze(seconds: float) -> None:
    """Sleep in a worker process."""
    time.sleep(seconds)
