"""Stand-ins for what cannot be had here, behind the interfaces of the real ones."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from core.conversion.converter import Converted
from core.errors import StoreError, WorkerDied
from core.stores.papers import PaperStore
from core.stores.records import Holding
from tests.engine import Engine


class HeldConverter(Engine):
    """A converter that waits until it is opened; `poison` names a text its process dies of, `bug` what it raises."""

    name = "held"

    def __init__(self, *, slots: int = 1, poison: str = "", bug: Exception | None = None) -> None:
        self.slots = slots
        self.order: list[str] = []
        self._poison, self._bug = poison, bug
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Let every conversion, waiting or yet to come, go on."""
        self._opened.set()

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return a text as soon as the converter is open."""
        self.order.append(str(pdf))
        await self._opened.wait()
        if self._bug is not None:
            raise self._bug
        text = await asyncio.to_thread(first_words, pdf)
        if self._poison and self._poison in text:
            raise WorkerDied("worker_died", "signal 11")
        return self.converted(text)


class DeafStore:
    """A paper store that keeps everything and answers no lookup."""

    def __init__(self, store: PaperStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def lookup(self, *asked: object, **how: object) -> dict[str, Holding]:
        """Fail as a store does whose disk is gone for a moment."""
        raise StoreError("no answer")


#: PDFium may be used by one thread at a time.
PDFIUM = threading.Lock()


def first_words(pdf: Path) -> str:
    """Return the text of the first page, words divided by one space."""
    import pypdfium2  # type: ignore[import-untyped]

    with PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        text = page.get_textpage()
        words = " ".join(text.get_text_bounded().split())
        text.close()
        page.close()
    return words
