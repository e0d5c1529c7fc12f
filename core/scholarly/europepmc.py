"""Europe PMC: the life sciences with full-text links, licences, references and citations; no key, no budget."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Literal

from core.errors import FetchError
from core.http import HttpClient
from core.identifiers import aliases
from core.metadata import PaperMetadata
from core.scholarly.cache import Cache
from core.scholarly.europepmc_works import LANGUAGES, NAME, read_links, read_place, read_search
from core.scholarly.found import Found, Listing, Query
from core.scholarly.known import first, schemes
from core.scholarly.line import Ask, Line, Params, Read, chunks, surely
from core.scholarly.prose import expression
from core.settings import Settings

#: Results of one page (the service allows 1000, which is 10 MB with abstracts), and of one list of links.
PAGE, LINKS = 100, 1000
#: Identifiers of one question; its address must stay below 8 kB.
OR = 40

_FIELDS = {"doi": "DOI", "pmcid": "PMCID", "pmid": "EXT_ID"}


class EuropePMC:
    """Knows PubMed, PubMed Central and the preprint servers of the life sciences."""

    name = NAME

    def __init__(self, settings: Settings, http: HttpClient, cache: Cache) -> None:
        self._line = Line(NAME, settings.europepmc_rest_url, settings, http, cache)

    async def search(self, query: Query) -> Found:
        """Return the most relevant papers."""
        terms = [f"({expression(query.text)})"]
        if query.from_year or query.to_year:
            terms.append(f"FIRST_PDATE:[{query.from_year or 1500}-01-01 TO {query.to_year or 2999}-12-31]")
        if language := LANGUAGES.get(query.language.lower()):
            terms.append(f"LANG:{language}")
        return await self._line.collect("search", self._pages(" AND ".join(terms), query.limit), query.limit)

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        """Return the papers known by a DOI, a PMID or a PMCID, forty to a request."""
        return await self._line.collect("by_id", self._by_id(list(papers)))

    async def references(self, paper: PaperMetadata, *, limit: int = 200) -> Found:
        """Return what `paper` cites, as far as the reference list is open."""
        return await self._line.collect("references", self._links(paper, "references", limit), limit)

    async def citations(
        self, paper: PaperMetadata, *, limit: int = 100, from_year: int | None = None, to_year: int | None = None
    ) -> Found:
        """Return what cites `paper`; years are compared here, for the service has no filter."""
        found = await self._line.collect("citations", self._links(paper, "citations", LINKS), LINKS)
        begin, end = from_year or 0, to_year or 9999
        within = [each for each in found.papers if begin <= (each.get("year") or begin) <= end]
        within.sort(key=lambda each: -(each.get("cited_by_count") or 0))
        return Found(tuple(within[:limit]), found.total, found.missing, found.errors)

    async def _pages(self, query: str, limit: int) -> AsyncGenerator[Listing]:
        cursor, left = "*", limit
        while left > 0:
            size = min(PAGE, left)
            listing = await self._search(query, size, cursor)
            yield listing
            left -= size
            if not listing.papers or listing.next in ("", cursor):
                return
            cursor = listing.next

    async def _search(self, query: str, size: int, cursor: str = "*", read: Read = read_search) -> Listing:
        how: Params = {"resultType": "core", "format": "json", "pageSize": size, "cursorMark": cursor}
        params = {"query": query, **how}
        return await self._line.ask(Ask("/search", read, params)) or Listing()

    async def _by_id(self, papers: list[PaperMetadata]) -> AsyncGenerator[Listing]:
        wanted = {first(paper): term for paper in papers if (term := _term(paper))}
        for some in chunks(list(wanted), OR):
            yield await surely(self._some({name: wanted[name] for name in some}))

    async def _some(self, wanted: Mapping[str, str]) -> Listing:
        listing = await self._search(" OR ".join(wanted.values()), 2 * len(wanted))
        got = {alias for paper in listing.papers for alias in aliases(paper)}
        missing = tuple(name for name in wanted if name not in got)
        return Listing(listing.papers, None, unreadable=listing.unreadable, missing=missing)

    async def _links(
        self, paper: PaperMetadata, what: Literal["references", "citations"], limit: int
    ) -> AsyncGenerator[Listing]:
        place = await self._place(paper)
        for page in range(1, max(1, limit) // LINKS + 2):
            params: Params = {"format": "json", "page": page, "pageSize": min(LINKS, limit)}
            listing = await self._line.ask(Ask(f"/{place}/{what}", read_links, params)) or Listing()
            yield listing
            if len(listing.papers) + len(listing.unreadable) < LINKS or page * LINKS >= limit:
                return

    async def _place(self, paper: PaperMetadata) -> str:
        """Return where the service keeps `paper`, as `<source>/<id>`."""
        if pmid := schemes(paper).get("pmid"):
            return f"MED/{pmid}"
        term = _term(paper)
        listing = await self._search(term, 1, read=read_place) if term else Listing()
        if not listing.next:
            raise FetchError("http_404", f"it does not know {first(paper) or 'a paper without an identifier'}")
        return listing.next


def _term(paper: PaperMetadata) -> str:
    """Return the search for exactly this paper."""
    known = schemes(paper)
    for name, field in _FIELDS.items():
        if name in known and not set(known[name]) & set('"\\'):
            term = f'{field}:"{known[name]}"'
            return f"({term} AND SRC:MED)" if name == "pmid" else term
    return ""
