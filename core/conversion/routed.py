"""The routing converter: simple papers to the text layer at once, hard ones to the engine that sees the pages.

A paper is hard when a text layer alone would lose or spoil a good part of it: scanned pages, glyphs without a meaning,
formulas, many tables. The thresholds were measured on 47 papers of 2 to 122 pages, of which they take 8 for hard.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from core.conversion.converter import Converted, Converter
from core.conversion.workers import MIB, Memory, Workers
from core.errors import ConversionError, InferenceDown, WorkerDied
from core.settings import Settings

if TYPE_CHECKING:
    from core.conversion.look import Look, PageLook  # it loads PDFium, which only workers need

RULES = 1  # raise it with every change of the rules that sends papers elsewhere

#: Letters and digits below which a page has no text. The sparsest of the 512 real pages has 310.
SCAN_CHARS = 40
#: Share of a page under images from which one without text is a scan, and paths from which its text is drawn as curves
#: (real pages with text have up to 395).
SCAN_PICTURED, SCAN_DRAWN = 0.5, 1000
#: Share of characters without a meaning from which a page is garbled: one real page has .46, the next .006.
GARBLED = 0.1
#: Share of characters in formula fonts from which a page is full of formulas, and of such pages from which a paper is:
#: the four papers of the corpus that argue in formulas have .29 to .56, the next .13.
MATH, MATH_PAGES = 0.03, 0.25
#: Tables, or share (and number) of pages with tables, from which a paper is full of them: the text layer finds 71 % of
#: the rows of such papers, 88 % of those of the others.
TABLES, TABLE_PAGES, LEAST_TABLE_PAGES = 4, 0.25, 3
#: Share of pages that may be lost or garbled; a text with one in ten missing is no full text.
LOST_PAGES = 0.1

_LOOK_MEMORY = Memory(1024 * MIB)
_TRIES = 2
#: Failures that are the file's, or none at all for another engine to mend.
_FINAL = ("damaged", "encrypted", "empty")


@dataclass(frozen=True)
class Sight:
    """What a paper looks like: of `looked` pages, out of `pages`, how many are what; `tables` that are numbered."""

    pages: int
    looked: int
    scans: int = 0
    garbled: int = 0
    formulas: int = 0
    tabled: int = 0
    tables: int = 0

    @classmethod
    def of(cls, look: Look) -> Sight:
        """Return the counts of a look."""
        seen = look["seen"]

        def count(kind: Callable[[PageLook], bool]) -> int:
            return sum(map(kind, seen))

        return cls(
            pages=look["pages"],
            looked=len(seen),
            scans=count(_scanned),
            garbled=count(lambda page: page["garbled"] >= GARBLED and not _scanned(page)),
            formulas=count(lambda page: page["math"] >= MATH),
            tabled=count(lambda page: bool(page["tables"])),
            tables=len({table for page in seen for table in page["tables"]}),
        )


def _scanned(page: PageLook) -> bool:
    pictured = page["pictured"] >= SCAN_PICTURED
    by_ocr = pictured and page["hidden"] >= 0.5  # a text laid under the scan, good for searching only
    return by_ocr or (page["chars"] < SCAN_CHARS and (pictured or page["drawn"] >= SCAN_DRAWN))


@dataclass(frozen=True)
class Route:
    """Where a paper goes and why; `readable`: the text layer would do, if it had to."""

    thorough: bool
    why: str
    readable: bool = True
    pages: int = 1


def route(sight: Sight) -> Route:
    """Return where a paper that looks like this goes."""
    total = f"of {sight.looked} pages"
    lost = sight.scans + sight.garbled
    found = {
        f"{sight.scans} {total} are scans": sight.scans >= max(1, LOST_PAGES * sight.looked),
        f"garbled text on {sight.garbled} {total}": sight.garbled >= max(1, LOST_PAGES * sight.looked),
        f"formulas on {sight.formulas} {total}": sight.formulas >= max(1, MATH_PAGES * sight.looked),
        f"{sight.tables} tables on {sight.tabled} {total}": _tabular(sight),
    }
    reasons = [reason for reason, true in found.items() if true]
    if not reasons:
        return Route(False, "a plain text layer, few formulas and tables", pages=sight.pages)
    return Route(True, ", ".join(reasons), lost < max(1, LOST_PAGES * sight.looked), sight.pages)


def _tabular(sight: Sight) -> bool:
    many = sight.tabled >= max(LEAST_TABLE_PAGES, TABLE_PAGES * sight.looked)
    return many or sight.tables >= TABLES


class RoutedConverter:
    """Reads each paper with one of two engines, each in its own slots, and says which and why.

    A paper goes where its look leads. If the thorough engine fails on a paper whose text layer would do, it is read by
    the simple one, with a warning: a text now, which an upgrade makes again. Its rank is that of the thorough engine.
    """

    name = "routed"

    def __init__(self, simple: Converter, thorough: Converter, settings: Settings) -> None:
        self._simple, self._thorough = simple, thorough
        self._deadline_s = settings.inspect_timeout_s
        cores = len(os.sched_getaffinity(0))
        self._workers = Workers("core.conversion.look:look", slots=cores, memory=_LOOK_MEMORY, recycle_after=100)
        self._routes: dict[Path, Route] = {}
        self._stack = AsyncExitStack()

    @property
    def fingerprint(self) -> str:
        """Return the rules of the choice and what is chosen from."""
        return f"{self.name}/{RULES}+{self._simple.fingerprint}+{self._thorough.fingerprint}"

    @property
    def rank(self) -> int:
        """Return the rank of the best it can do."""
        return max(self._simple.rank, self._thorough.rank)

    @property
    def slots(self) -> int:
        """Return how many papers it reads at a time, with both engines."""
        return self._simple.slots + self._thorough.slots

    @property
    def reads_scans(self) -> bool:
        """Tell whether it can read pages that are images."""
        return self._thorough.reads_scans

    @property
    def lanes(self) -> Mapping[str, int]:
        """Return the slots of each engine."""
        return {self._simple.name: self._simple.slots, self._thorough.name: self._thorough.slots}

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for each in (self._workers, self._simple, self._thorough):
                await stack.enter_async_context(each)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def deadline(self, pages: int) -> float:
        """Return how many seconds a conversion of `pages` pages may take, by whichever engine."""
        return max(self._simple.deadline(pages), self._thorough.deadline(pages))

    async def lane(self, pdf: Path) -> str:
        """Return the name of the engine that will read `pdf`; one that does not open is for nobody in particular."""
        try:
            self._routes[pdf] = found = await self._look(pdf)
        except ConversionError:
            return self._simple.name
        return self._thorough.name if found.thorough else self._simple.name

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return the text of `pdf` by the engine for it, or raise `ConversionError`; `deadline` is in seconds."""
        way = self._routes.pop(pdf, None) or await self._look(pdf)
        if not way.thorough:
            return self._settled(await self._simply(pdf, way), way)
        try:
            return self._settled(await self._thoroughly(pdf, deadline, tries=_TRIES if way.readable else 1), way)
        except ConversionError as error:
            if not way.readable or error.reason in _FINAL:
                raise
            return await self._rescued(pdf, way, error)

    async def _look(self, pdf: Path) -> Route:
        """Return where a paper goes; one that is too much for a look goes to the thorough engine."""
        try:
            return route(Sight.of(await self._workers.run(pdf, deadline=self._deadline_s)))
        except ConversionError as error:
            if error.reason in _FINAL:
                raise
            return Route(True, f"it cannot be looked at ({error})", readable=False)

    async def _simply(self, pdf: Path, way: Route) -> Converted:
        return await self._simple.convert(pdf, deadline=self._simple.deadline(way.pages))

    async def _thoroughly(self, pdf: Path, deadline: float, *, tries: int) -> Converted:
        try:
            return await self._thorough.convert(pdf, deadline=deadline)
        except (InferenceDown, WorkerDied):
            if tries == 1:  # where nothing else can be done, another try is the caller's to give
                raise
        return await self._thoroughly(pdf, deadline, tries=tries - 1)

    def _settled(self, made: Converted, way: Route) -> Converted:
        """Return a text made as this converter wants it, marked so that no upgrade makes it again."""
        known = {**made.metadata, "routed_by": self.fingerprint}
        return replace(made, why=f"routed to {made.engine}: {way.why}", metadata=known)

    async def _rescued(self, pdf: Path, way: Route, error: ConversionError) -> Converted:
        """Return what the text layer gives of a paper that the thorough engine could not read."""
        try:
            made = await self._simply(pdf, way)
        except ConversionError:
            raise error from None
        warning = f"read by {made.engine}, for {self._thorough.name} failed: {error}"
        why = f"routed to {self._thorough.name}: {way.why}; it failed"
        return replace(made, why=why, warnings=(*made.warnings, warning))
