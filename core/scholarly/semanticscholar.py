"""Semantic Scholar: references and citations across all fields; without a key mostly "too many requests"."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Literal
from urllib.parse import quote

from core.errors import FetchError
from core.http import HttpClient
from core.metadata import PaperMetadata
from core.scholarly.cache import Cache
from core.scholarly.found import Found, Listing, Query
from core.scholarly.known import first, schemes
from core.scholarly.line import Ask, Line, Params, chunks, surely
from core.scholarly.prose import words
from core.scholarly.semanticscholar_papers import FIELDS, LINKED, NAME, read_batch, read_links, read_search
from core.settings import Settings

#: Results of one page, and the most that a search gives in all; links of one page; ids of one batch.
PAGE, MOST, LINKS, OR = 100, 1000, 1000, 500

_PREFIXES = {"doi": "DOI", "arxiv": "ARXIV", "pmid": "PMID", "pmcid": "PMCID"}


class SemanticScholar:
    """Knows who cites whom, also where publishers keep their references closed."""

    name = NAME

    def __init__(self, settings: Settings, http: HttpClient, cache: Cache) -> None:
        key = settings.semanticscholar_api_key.get_secret_value()
        headers = {"x-api-key": key} if key else {}
        self._line = Line(NAME, settings.semanticscholar_url, settings, http, cache, headers=headers)

    async def search(self, query: Query) -> Found:
        """Return the most relevant papers; there is no filter for the language."""
        params: dict[str, str | int] = {"query": words(query.text), "fields": FIELDS}
        if query.from_year or query.to_year:
            params["year"] = f"{query.from_year or ''}-{query.to_year or ''}"
        return await self._line.collect("search", self._pages(params, query.limit), query.limit)

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        """Return the papers known by a DOI, arXiv id, PMID or PMCID, 500 to a request."""
        names = {name: first(paper) for paper in papers if (name := _name(paper))}
        return await self._line.collect("by_id", self._by_id(names))

    async def references(self, paper: PaperMetadata, *, limit: int = 200) -> Found:
        """Return what `paper` cites."""
        return await self._line.collect("references", self._links(paper, "references", limit), limit)

    async def citations(
        self, paper: PaperMetadata, *, limit: int = 100, from_year: int | None = None, to_year: int | None = None
    ) -> Found:
        """Return what cites `paper`."""
        years = f"{from_year or ''}:{to_year or ''}" if from_year or to_year else ""
        return await self._line.collect("citations", self._links(paper, "citations", limit, years), limit)

    async def _pages(self, params: Params, limit: int) -> AsyncGenerator[Listing]:
        offset = 0
        while offset < min(limit, MOST):
            size = min(PAGE, limit - offset, MOST - offset)
            ask = Ask("/paper/search", read_search, {**params, "offset": offset, "limit": size})
            listing = await self._line.ask(ask) or Listing()
            yield listing
            if not listing.next:
                return
            offset = max(offset + 1, int(listing.next))

    async def _by_id(self, names: dict[str, str]) -> AsyncGenerator[Listing]:
        for some in chunks(list(names), OR):
            yield await surely(self._some({name: names[name] for name in some}))

    async def _some(self, names: Mapping[str, str]) -> Listing:
        ask = Ask("/paper/batch", read_batch, {"fields": FIELDS}, json={"ids": list(names)})
        listing = await self._line.ask(ask) or Listing()
        if len(listing.missing) + len(listing.papers) + len(listing.unreadable) != len(names):
            raise FetchError("bad_answer", f"asked for {len(names)} papers, answered for another number")
        aliases = list(names.values())
        missing = tuple(aliases[int(place)] for place in listing.missing)
        return Listing(listing.papers, unreadable=listing.unreadable, missing=missing)

    async def _links(
        self, paper: PaperMetadata, what: Literal["references", "citations"], limit: int, years: str = ""
    ) -> AsyncGenerator[Listing]:
        name = _name(paper)
        if not name:
            raise FetchError("http_404", "a paper without an identifier it knows")
        params: Params = {"fields": LINKED} | ({"publicationDateOrYear": years} if years else {})
        offset = 0
        while offset < limit:
            part: Params = {**params, "offset": offset, "limit": min(LINKS, limit - offset)}
            listing = await self._line.ask(Ask(f"/paper/{quote(name, safe=':')}/{what}", read_links, part)) or Listing()
            yield listing
            if not listing.next:
                return
            offset = max(offset + 1, int(listing.next))


def _name(paper: PaperMetadata) -> str:
    """Return how this catalogue calls `paper`, or nothing."""
    known = schemes(paper)
    found = ((prefix, known[name].removeprefix("PMC")) for name, prefix in _PREFIXES.items() if name in known)
    return next((f"{prefix}:{value}" for prefix, value in found), "")
