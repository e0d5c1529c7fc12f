"""A converter that does what a plan says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from core.conversion.converter import Converted
from core.errors import ConversionError, WorkerDied
from tests.engine import Engine

Trouble = Literal["", "fails", "dies_once", "dies", "too_late"]


class ScriptedConverter(Engine):
    """A fast converter that knows each PDF by its bytes and does with it what the script says.

    `script` gives the trouble of a file and the seconds its conversion takes, `titles` the text that comes out.
    `calls` counts conversions by title, `peak` how many ran at a time.
    """

    name = "scripted"

    def __init__(self, script: Mapping[Path, tuple[Trouble, float]], titles: Mapping[Path, str], *, slots: int) -> None:
        self.slots = slots
        self.calls: Counter[str] = Counter()
        self.running = self.peak = 0
        self._known = {path.read_bytes(): (*what, titles[path]) for path, what in script.items()}

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return the title of the paper in `pdf` as its text, or have the trouble that it has."""
        trouble, seconds, title = self._known[await asyncio.to_thread(pdf.read_bytes)]
        self.calls[title] += 1
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.running -= 1
        if trouble == "dies" or (trouble == "dies_once" and self.calls[title] == 1):
            raise WorkerDied("worker_died", "signal 11")
        if trouble in ("fails", "too_late"):
            raise ConversionError("conversion_failed" if trouble == "fails" else "conversion_timeout", "as planned")
        return self.converted(f"# {title}\n")
