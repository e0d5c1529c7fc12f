"""The `Converter` protocol: what turns a PDF into Markdown, and what comes out."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class PageSpan:
    """The range `[start, end)` of characters of the Markdown that came from page `number` (counted from 1)."""

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class Converted:
    """A paper as Markdown. `pages` covers the text in order and without gaps."""

    markdown: str
    pages: tuple[PageSpan, ...]
    engine: str
    warnings: tuple[str, ...] = ()


@runtime_checkable
class Converter(Protocol, AbstractAsyncContextManager["Converter"]):
    """An engine, entered once per run: `async with engine: await engine.convert(...)`.

    `fingerprint` is name, version and options: texts are cached under it. `rank` orders engines by quality (text layer
    10, Marker 20, the publisher's own text 30): a text made by an equal or better engine is not made again. `slots` is
    how many conversions may run at a time; there is no queue inside.
    """

    name: str
    fingerprint: str
    rank: int
    slots: int

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return the text of `pdf`, or raise `ConversionError` (`WorkerDied` when another try may help).

        `deadline` is in seconds from the moment the work starts, model loading not counted. Cancelling stops the work.
        """
        ...
