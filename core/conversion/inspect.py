"""Look into a downloaded file in a child process: does it open, how much text does it hold, how does it begin?"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.conversion.workers import MIB, Memory, Workers
from core.errors import ConversionError, NotAdmitted, WorkerDied
from core.settings import Settings

MEMORY_BYTES = 1024 * MIB  # stops six of eight PDF bombs; the deadline stops the others


@dataclass(frozen=True)
class Inspection:
    """What a PDF shows at first sight.

    `chars` counts the characters, without white space, on `sampled` of its `pages`; `text` is that of the first three
    pages, divided by form feeds; `title` and `doi` are what its metadata states, often nothing; `complete` says whether
    it ends as a PDF should; an `encrypted` one opened without a password; `size` is in bytes; `garbled` is the share of
    glyphs on the first pages that the file gives no meaning.
    """

    pages: int
    chars: int
    sampled: int
    encrypted: bool = False
    text: str = ""
    title: str = ""
    doi: str = ""
    complete: bool = True
    size: int = 0
    garbled: float = 0.0
    page_chars: tuple[int, ...] = ()


class Inspector:
    """Looks into files, several at a time, each in a process that can be stopped."""

    def __init__(self, settings: Settings) -> None:
        self._deadline_s = settings.inspect_timeout_s
        self._cores = len(os.sched_getaffinity(0))
        slots = min(settings.max_downloads, self._cores + 1)  # a file that hangs leaves a process for each core
        self._workers = Workers(
            "core.conversion.peek:peek", slots=slots, memory=Memory(MEMORY_BYTES), recycle_after=100
        )

    async def __aenter__(self) -> Self:
        await self._workers.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._workers.__aexit__(kind, error, trace)

    async def warm(self) -> None:
        """Start a process for each core ahead of the first file; one that does not come up concerns that file only."""
        with suppress(WorkerDied):
            await self._workers.warm(self._cores)

    async def inspect(self, path: Path) -> Inspection:
        """Return what `path` shows.

        Raises `NotAdmitted` with not_pdf, empty, encrypted, truncated, damaged (also for a hang) or too_large (memory).
        """
        seen = await self._peek(path)
        page_chars = tuple(seen.pop("page_chars"))
        return Inspection(chars=sum(page_chars), sampled=len(page_chars), page_chars=page_chars, **seen)

    async def _peek(self, path: Path, *, again: bool = True) -> dict[str, Any]:
        try:
            seen: dict[str, Any] = await self._workers.run(path, deadline=self._deadline_s)
        except WorkerDied as error:
            if again:  # perhaps it was not the file's fault
                return await self._peek(path, again=False)
            raise NotAdmitted("damaged", f"inspection ended by {error.detail}") from error
        except ConversionError as error:
            raise self._refusal(error) from error
        return seen

    def _refusal(self, error: ConversionError) -> NotAdmitted:
        match error.reason:
            case "conversion_timeout":
                return NotAdmitted("damaged", f"inspection took longer than {self._deadline_s:g} s")
            case "out_of_memory":
                return NotAdmitted("too_large", f"inspection needed more than {MEMORY_BYTES // MIB} MB of memory")
        return NotAdmitted("damaged", error.detail)
