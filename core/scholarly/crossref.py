"""Crossref: what publishers deposit, and the notices that retract or correct it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from urllib.parse import quote

from core.http import HttpClient
from core.metadata import PaperMetadata
from core.scholarly.cache import Cache
from core.scholarly.crossref_works import NAME, read_cited, read_page, read_work
from core.scholarly.found import Found, Listing, Query
from core.scholarly.known import schemes
from core.scholarly.line import Ask, Line, Read, chunks, surely
from core.scholarly.prose import words
from core.settings import Settings

PAGE = 100
#: Pages by offset end here (Crossref asks for cursors beyond).
MOST = 10_000
#: Up to so many papers are asked for one by one; more by lists of `OR` DOIs.
FEW, OR = 3, 40

#: The kinds of works that are papers; a search without them also finds peer reviews, figures and whole journals.
_TYPES = (
    "journal-article", "proceedings-article", "posted-content", "book-chapter", "monograph", "book", "report",
    "dissertation",
)  # fmt: skip


class Crossref:
    """Knows every DOI of most publishers; it does not tell who cites a paper, only how many do."""

    name = NAME

    def __init__(self, settings: Settings, http: HttpClient, cache: Cache) -> None:
        mail = settings.contact_email
        secret = {"mailto": mail} if mail else {}
        self._line = Line(NAME, settings.crossref_url, settings, http, cache, secret=secret)

    async def search(self, query: Query) -> Found:
        """Return the works that match best by title, authors and venue; there is no filter for the language."""
        filters = [f"type:{name}" for name in _TYPES]
        filters += [f"from-pub-date:{query.from_year}"] if query.from_year else []
        filters += [f"until-pub-date:{query.to_year}"] if query.to_year else []
        params = {"query.bibliographic": words(query.text), "filter": ",".join(filters)}
        return await self._line.collect("search", self._pages(params, query.limit), query.limit)

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        """Return the works known by a DOI; those of arXiv and Zenodo are not here but at DataCite."""
        dois = [doi for paper in papers if (doi := schemes(paper).get("doi"))]
        return await self._line.collect("by_id", self._by_id(list(dict.fromkeys(dois))))

    async def references(self, paper: PaperMetadata, *, limit: int = 200) -> Found:
        """Return what the publisher deposited of the works that `paper` cites: DOIs, or some words on each."""
        doi = schemes(paper).get("doi", "")
        return await self._line.collect("references", self._references(doi), limit)

    async def _pages(self, params: dict[str, str], limit: int) -> AsyncGenerator[Listing]:
        size = max(1, min(PAGE, limit))
        for offset in range(0, min(limit, MOST), size):
            # no `select`: an answer without a field that one release dropped is worth more than a refusal
            ask = Ask("/works", read_page, {**params, "rows": size, "offset": offset})
            listing = await self._line.ask(ask) or Listing()
            yield listing
            if len(listing.papers) + len(listing.unreadable) < size:
                return

    async def _by_id(self, dois: list[str]) -> AsyncGenerator[Listing]:
        alone = [doi for doi in dois if "," in doi] if len(dois) > FEW else dois
        for some in chunks([doi for doi in dois if doi not in alone], OR):
            yield await surely(self._some(some))
        for doi in alone:
            yield await surely(self._one(doi, read_work))

    async def _some(self, dois: Sequence[str]) -> Listing:
        wanted = ",".join(f"doi:{doi}" for doi in dois)
        listing = await self._line.ask(Ask("/works", read_page, {"filter": wanted, "rows": len(dois)})) or Listing()
        got = {schemes(paper).get("doi") for paper in listing.papers}
        missing = tuple(doi for doi in dois if doi not in got)
        return Listing(listing.papers, None, unreadable=listing.unreadable, missing=missing)

    async def _one(self, doi: str, read: Read) -> Listing:
        ask = Ask(f"/works/{quote(doi, safe='')}", read, absent=frozenset({404}))
        return await self._line.ask(ask) or Listing(missing=(doi,))

    async def _references(self, doi: str) -> AsyncGenerator[Listing]:
        if doi:
            yield await self._one(doi, read_cited)
