"""The embedded default engine: the PDF's own text layer, read by PDFium, laid out by our rules; no model weights."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from core.conversion.converter import Converted, PageSpan
from core.conversion.pool import open_pool
from core.conversion.workers import Memory
from core.settings import Settings

RULES = 1  # raise it with every change of the rules that changes texts
LIBRARY = "pypdfium2"


class TextLayerConverter:
    """Turns PDFs with a text layer into Markdown, in child processes that can be stopped.

    A paragraph that runs over a page break is one paragraph, and the page ends within it. What stands between its
    parts on the page where it starts (notes, figures) precedes it; on any page between, it counts to the later page.
    """

    name = "text-layer"
    rank = 10
    reads_scans = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = open_pool(
            settings,
            "core.conversion.layout:extract",
            slots=settings.max_processing,
            memory=Memory(settings.worker_memory_bytes),
        )

    @property
    def slots(self) -> int:
        """Return how many conversions may run at a time."""
        return self._pool.slots

    @property
    def fingerprint(self) -> str:
        """Return what texts are cached under: our rules and the library that reads the file."""
        return f"{self.name}/{RULES}+{LIBRARY}/{_version()}"

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(_version)  # from here on `fingerprint` opens no file
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.__aexit__(kind, error, trace)

    def deadline(self, pages: int) -> float:
        """Return how many seconds a conversion of `pages` pages may take."""
        return self._settings.convert_base_s + self._settings.convert_page_s * pages

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return the text of `pdf`, or raise `ConversionError`; `deadline` is in seconds."""
        answer = await self._pool.run(pdf, deadline=deadline)
        markdown, ends = answer["markdown"], answer["pages"]
        spans = tuple(PageSpan(number, *span) for number, span in enumerate(pairwise([0, *ends]), 1))
        return Converted(markdown, spans, self.name, self.fingerprint, self.rank, warnings=tuple(answer["warnings"]))


@cache
def _version() -> str:
    return version(LIBRARY)
