"""Questions to all catalogues at once: each in its own pace, within its own deadline, and failing alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.metadata import PaperMetadata
from core.scholarly import CatalogueError, Catalogues, Found, Query
from core.scholarly.catalogues import Citing, Referring
from core.scholarly.found import Operation
from core.scholarly.known import schemes
from core.scholarly.openalex import OpenAlex
from core.streaming import together

#: How long one catalogue may take for all questions of one kind, seconds; what it has said until then is taken.
DEADLINE_S = 120.0
#: A catalogue that failed so often in a row is not asked the rest.
PATIENCE = 2
#: How a catalogue says that it does not know the paper asked about.
ABSENT = "http_404"

Call = Callable[[], Awaitable[Found]]


@dataclass(frozen=True)
class Answers:
    """What each catalogue said, in the order of the questions; shorter where it was given up."""

    by_name: Mapping[str, Sequence[Found]] = field(default_factory=dict)

    @property
    def found(self) -> list[Found]:
        """Return all answers."""
        return [found for some in self.by_name.values() for found in some]

    @property
    def papers(self) -> list[PaperMetadata]:
        """Return all records."""
        return [paper for found in self.found for paper in found.papers]

    @property
    def notes(self) -> list[str]:
        """Return why answers are lacking, each reason of a catalogue once; that it does not know a paper is none."""
        errors = {
            (error.catalogue, error.operation, error.reason): error
            for each in self.found
            if not _unknown(each)
            for error in each.errors
        }
        return [str(error) for error in errors.values()]

    @property
    def silent(self) -> list[str]:
        """Return the catalogues that gave nothing but errors."""
        return [
            name
            for name, some in self.by_name.items()
            if not any(found.papers for found in some) and any(found.errors for found in some)
        ]


async def ask(calls: Mapping[str, Sequence[Call]], operation: Operation, deadline_s: float) -> Answers:
    """Make the calls to each catalogue in turn, those to different ones side by side."""
    asked = {name: some for name, some in calls.items() if some}
    said = await together(*(_in_turn(name, some, operation, deadline_s) for name, some in asked.items()))
    return Answers(dict(zip(asked, said, strict=True)))


async def _in_turn(name: str, calls: Sequence[Call], operation: Operation, deadline_s: float) -> list[Found]:
    said: list[Found] = []
    try:
        async with asyncio.timeout(deadline_s):
            await _patiently(calls, said)
    except TimeoutError:
        late = f"{len(said)} of {len(calls)} questions answered in {deadline_s:.0f} s"
        said.append(Found(errors=(CatalogueError(name, operation, "timeout", late),)))
    return said


async def _patiently(calls: Sequence[Call], said: list[Found]) -> None:
    for call in calls:
        said.append(await call())
        if len(said) >= PATIENCE and all(map(_failed, said[-PATIENCE:])):
            return


def _failed(found: Found) -> bool:
    return bool(found.errors) and not found.papers and not _unknown(found)


def _unknown(found: Found) -> bool:
    """Tell whether the catalogue is well and only does not know the paper asked about."""
    return all(error.reason == ABSENT for error in found.errors)


async def searched(catalogues: Catalogues, queries: Sequence[Query], deadline_s: float = DEADLINE_S) -> Answers:
    """Return what the catalogues find for `queries`."""
    calls = {each.name: [_call(each.search, query) for query in queries] for each in catalogues.searching}
    return await ask(calls, "search", deadline_s)


async def looked_up(papers: Iterable[PaperMetadata], catalogues: Catalogues, deadline_s: float = DEADLINE_S) -> Answers:
    """Return further records of `papers`: of those without an abstract, and of those Crossref has not been asked about.

    Crossref and Europe PMC tell of retractions and expressions of concern.
    """
    known = [paper for paper in papers if schemes(paper)]
    bare = [paper for paper in known if not paper.get("abstract")]
    wanting = {
        "crossref": [paper for paper in known if "crossref" not in paper.get("sources", [])],
        "europepmc": [paper for paper in known if "europepmc" not in paper.get("sources", [])],
        "openalex": [paper for paper in bare if "openalex" not in paper.get("sources", [])],
        "semanticscholar": [paper for paper in bare if "semanticscholar" not in paper.get("sources", [])],
    }
    usable = {name: some for name, some in wanting.items() if some and name in catalogues.usable}
    return await ask(
        {name: [_call(catalogues.usable[name].by_id, some)] for name, some in usable.items()}, "by_id", deadline_s
    )


@dataclass(frozen=True)
class Reach:
    """How far to follow one paper's citations: works cited by it, works citing it, and how young the latter are."""

    references: int
    citations: int
    from_year: int | None = None
    to_year: int | None = None
    recent_year: int | None = None

    @property
    def years(self) -> list[int | None]:
        """Return the years from which on citing works are asked for, one question for each."""
        recent = self.recent_year and (self.from_year or 0) < self.recent_year <= (self.to_year or 9999)
        return [self.from_year, self.recent_year] if recent else [self.from_year]


@dataclass(frozen=True)
class Links:
    """What papers cite and who cites them: for each answer the place of the paper asked about, and what it says."""

    cited: Sequence[tuple[int, Found]]
    citing: Sequence[tuple[int, Found]]
    notes: Sequence[str]

    @property
    def papers(self) -> list[PaperMetadata]:
        """Return all records."""
        return [paper for _, found in (*self.cited, *self.citing) for paper in found.papers]


async def linked(
    papers: Sequence[PaperMetadata], catalogues: Catalogues, reach: Reach, deadline_s: float = DEADLINE_S
) -> Links:
    """Return what `papers` cite, and what cites them: the most cited, and the young ones whatever their citations."""
    back = {each.name: [_references(each, paper, reach) for paper in papers] for each in catalogues.referring}
    forth = {
        each.name: [call for paper in papers for call in _citations(each, paper, reach)] for each in catalogues.citing
    }
    cited, citing = await together(ask(back, "references", deadline_s), ask(forth, "citations", deadline_s))
    times = len(reach.years)
    return Links(_placed(cited, 1), _placed(citing, times), list(dict.fromkeys([*cited.notes, *citing.notes])))


def _placed(answers: Answers, times: int) -> list[tuple[int, Found]]:
    return [(place // times, found) for some in answers.by_name.values() for place, found in enumerate(some)]


def credits_spent(catalogues: Catalogues) -> dict[str, int]:
    """Return the credits of OpenAlex that this run has spent and may spend, nothing where it is not asked."""
    openalex = catalogues.usable.get("openalex")
    return {"spent": openalex.budget.spent, "limit": openalex.budget.limit} if isinstance(openalex, OpenAlex) else {}


def _call(method: Callable[..., Awaitable[Found]], *given: object) -> Call:
    return lambda: method(*given)


def _references(catalogue: Referring, paper: PaperMetadata, reach: Reach) -> Call:
    return lambda: catalogue.references(paper, limit=reach.references)


def _citations(catalogue: Citing, paper: PaperMetadata, reach: Reach) -> list[Call]:
    def since(year: int | None) -> Call:
        return lambda: catalogue.citations(paper, limit=reach.citations, from_year=year, to_year=reach.to_year)

    return [since(year) for year in reach.years]
