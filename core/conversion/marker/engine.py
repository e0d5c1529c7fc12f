"""The two converters that run Marker: with its models on an inference server, and on the text layer without any."""

from __future__ import annotations

import asyncio
import base64
import os
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from core.conversion import chunks
from core.conversion.converter import Converted, PageSpan
from core.conversion.marker.options import TEXT, MarkerOptions
from core.conversion.marker.plausible import judge
from core.conversion.marker.server import InferenceServer
from core.conversion.pool import Pool, open_pool
from core.conversion.workers import MIB, Memory
from core.settings import Settings

FUNCTION = "core.conversion.marker.reading:read"
START_S = 180.0  # to import torch and Marker takes 6 to 10 s of CPU; the rest is for a machine that is busy
RECYCLE_AFTER = 200  # conversions, as in Marker's own batch command; memory decides earlier
RECYCLE_BYTES = 1536 * MIB  # a warm process holds 450 MB; papers of 46 pages made it 720
TEXT_PAGE_S = 5.0  # a page takes 0.2 s of CPU, one full of plots 0.8 s; the rest is for a machine that is busy
_PLAIN = {"FONT_PATH": os.devnull, "OMP_NUM_THREADS": "1"}  # no font is fetched; every process has a core's worth


class _Marker:
    """What both have in common: processes that keep Marker warm, papers in page chunks, texts that are judged."""

    name: str
    rank: int

    def __init__(self, settings: Settings, mode: str, page_s: float, server: InferenceServer | None) -> None:
        self._settings = settings
        self._options = MarkerOptions.from_settings(settings, mode)
        self._page_s = page_s
        self._server = server
        self._devices = settings.surya_inference_url.count(",") + 1 if server else 1
        self._stack = AsyncExitStack()
        self._pool: Pool | None = None

    @property
    def reads_scans(self) -> bool:
        """Tell whether pages that are images are read."""
        return self._options.reads_scans

    @property
    def slots(self) -> int:
        """Return how many conversions may run at a time: at least one for each inference server that is named."""
        return self._pool.slots if self._pool else max(self._settings.max_processing, self._devices)

    @property
    def fingerprint(self) -> str:
        """Return what texts are cached under, or raise `SettingsError` when Marker is not installed."""
        return self._options.fingerprint()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await asyncio.to_thread(self._options.fingerprint)  # from here on it opens no file
            if self._server:
                await stack.enter_async_context(self._server)
            self._pool = await stack.enter_async_context(self._open())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _open(self) -> Pool:
        settings, slots = self._settings, self.slots
        return open_pool(
            settings, FUNCTION, slots=slots, recycle_after=RECYCLE_AFTER,
            memory=Memory(settings.marker_memory_bytes, resident=True, recycle_bytes=RECYCLE_BYTES),
            envs=[{**_PLAIN, **env} for env in (self._server.envs(slots) if self._server else [{}])],
            start_timeout_s=START_S,
        )  # fmt: skip

    def deadline(self, pages: int) -> float:
        """Return how many seconds a conversion of `pages` pages may take."""
        return self._settings.convert_base_s + self._page_s * pages

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return the text of `pdf`, or raise `ConversionError`; `deadline`, in seconds, bounds each of its chunks."""
        if self._server:
            return await self._server.breaker.call(lambda: self._read(pdf, deadline))
        return await self._read(pdf, deadline)

    async def _read(self, pdf: Path, deadline: float) -> Converted:
        if not self._pool:
            raise RuntimeError("the converter is entered with `async with`")
        answer = await chunks.read(
            self._pool, pdf, self._options.plain(), size=self._settings.marker_chunk_pages,
            deadline=lambda pages: min(deadline, self.deadline(pages)),
        )  # fmt: skip
        spans = enumerate(pairwise([0, *answer["pages"]]), 1)
        return Converted(
            markdown=answer["markdown"],
            pages=tuple(PageSpan(number, *span) for number, span in spans),
            engine=self.name,
            fingerprint=self.fingerprint,
            rank=self.rank,
            warnings=(*answer["warnings"], *judge(answer, reads_scans=self.reads_scans)),
            metadata=answer["metadata"],
            images={name: base64.b64decode(image) for name, image in answer["images"].items()},
        )


class MarkerConverter(_Marker):
    """Marker with its vision model on the inference server, started here or named by the settings: scans too."""

    name = "marker"
    rank = 20

    def __init__(self, settings: Settings, server: InferenceServer | None = None) -> None:
        super().__init__(settings, settings.marker_mode, settings.marker_page_s, server or InferenceServer(settings))


class MarkerTextConverter(_Marker):
    """Marker on the text layer: its own steps, metadata and Markdown, but no weights, no server, no OCR.

    The layout is that of our rules, so the text is about as good as that of `text-layer`, at twenty times its cost.
    """

    name = "marker-text"
    rank = 10

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, TEXT, TEXT_PAGE_S, None)
