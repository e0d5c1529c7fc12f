"""Fill in what is lacking of papers that are known by little more than an identifier, before they are looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from core.identifiers import aliases, groups
from core.identifiers import merge as filled
from core.metadata import PaperMetadata
from core.scholarly.catalogues import Catalogue, Catalogues
from core.scholarly.found import CatalogueError, Found, joined
from core.scholarly.known import schemes
from core.scholarly.trust import names, settle, tidy
from core.streaming import together

#: How long one catalogue may take for all papers together; what it has not said by then is done without, seconds.
DEADLINE_S = 60.0

#: Who is asked first, for all papers at once; and who is asked after them about what is still lacking.
FIRST, SECOND = ("europepmc", "openalex", "arxiv"), ("crossref", "unpaywall")


@dataclass(frozen=True)
class Completed:
    """The papers in the order in which they were given, and why some catalogues did not help."""

    papers: tuple[PaperMetadata, ...]
    errors: tuple[CatalogueError, ...] = ()


async def complete(
    papers: Sequence[PaperMetadata], catalogues: Catalogues, *, deadline_s: float = DEADLINE_S
) -> Completed:
    """Return `papers` with the gaps in their records filled; what was given is kept, but that a paper is retracted.

    Papers that lack nothing, or have no identifier, cost no request.
    """
    first = await _asked({name: [p for p in papers if _sparse(p)] for name in FIRST}, catalogues, deadline_s)
    better = _filled(papers, first.papers)
    wanting = {"crossref": [p for p in better if not p.get("title")], "unpaywall": [p for p in better if _hidden(p)]}
    second = await _asked(wanting, catalogues, deadline_s)
    return Completed(tuple(_filled(better, second.papers)), (*first.errors, *second.errors))


def _sparse(paper: PaperMetadata) -> bool:
    """Tell whether title, licence or the way to a copy is lacking, and there is an identifier to learn them by."""
    reachable = paper.get("pmcid") or paper.get("arxiv_id") or paper.get("oa_urls")
    return bool(schemes(paper)) and not (paper.get("title") and reachable and paper.get("license"))


def _hidden(paper: PaperMetadata) -> bool:
    """Tell whether nobody has said where an open copy is, nor that there is none."""
    known = schemes(paper)
    closed = paper.get("is_oa") is False and "openalex" in paper.get("sources", [])
    return "doi" in known and not (paper.get("oa_urls") or "pmcid" in known or "arxiv" in known or closed)


async def _asked(wanting: dict[str, list[PaperMetadata]], catalogues: Catalogues, deadline_s: float) -> Found:
    """Ask those catalogues that can be asked, side by side."""
    asked = [(catalogues.usable[name], some) for name, some in wanting.items() if some and name in catalogues.usable]
    found = await together(*(_within(deadline_s, catalogue, some) for catalogue, some in asked))
    return joined(found)


async def _within(deadline_s: float, catalogue: Catalogue, papers: Sequence[PaperMetadata]) -> Found:
    try:
        async with asyncio.timeout(deadline_s):
            return await catalogue.by_id(papers)
    except TimeoutError:
        late = CatalogueError(catalogue.name, "by_id", "timeout", f"{len(papers)} papers in {deadline_s:.0f} s")
        return Found(errors=(late,))


def _filled(papers: Sequence[PaperMetadata], found: Sequence[PaperMetadata]) -> list[PaperMetadata]:
    """Return each of `papers` with what is found of it; a record belongs to the paper it shares an identifier with."""
    works: dict[str, PaperMetadata] = {}
    for group in groups(map(tidy, found), names):
        works |= dict.fromkeys((name for each in group for name in names(each)), settle(group))
    return [_fill(paper, next((works[name] for name in aliases(paper) if name in works), None)) for paper in papers]


def _fill(paper: PaperMetadata, found: PaperMetadata | None) -> PaperMetadata:
    if found is None:
        return paper
    full = filled(paper, found)
    if found.get("is_retracted"):
        full["is_retracted"] = True
    sources = sorted({*(paper.get("sources") or []), *(found.get("sources") or [])})
    return cast(PaperMetadata, {**full, "sources": sources})
