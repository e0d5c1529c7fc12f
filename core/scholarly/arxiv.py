"""arXiv: its Atom feed, which also brings its errors; one request in three seconds."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence

from core.errors import FetchError
from core.http import HttpClient
from core.metadata import PaperMetadata
from core.scholarly.arxiv_feed import NAME, read_feed
from core.scholarly.cache import Cache
from core.scholarly.found import Found, Listing, Query
from core.scholarly.known import schemes
from core.scholarly.line import Ask, Line, Params, chunks, surely
from core.scholarly.prose import words
from core.settings import Settings

PAGE = 100
#: Ids of one request.
OR = 50
#: Words of a search that must all occur; a question has more than a title can have.
MOST_WORDS = 8
#: Pages without entries in the middle of a result happen; the same question is then answered the next time.
TRIES = 2

#: Words that do not tell one paper from another.
_STOP = re.compile(
    r"a|an|and|are|as|at|be|by|can|do|does|for|from|has|have|how|in|into|is|it|its|of|on|or|that|the|their|these|this|to"
    r"|was|were|what|when|which|who|why|will|with",
    re.I,
)


class ArXiv:
    """Knows its own e-prints; it tells no licence, no references and no citations."""

    name = NAME

    def __init__(self, settings: Settings, http: HttpClient, cache: Cache) -> None:
        self._line = Line(NAME, settings.arxiv_api_url, settings, http, cache)

    async def search(self, query: Query) -> Found:
        """Return the e-prints in which the words of the query occur, the most relevant first."""
        return await self._line.collect("search", self._pages(_search(query), query.limit), query.limit)

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        """Return the e-prints known by their arXiv id, fifty to a request."""
        ids = [name for paper in papers if (name := schemes(paper).get("arxiv"))]
        return await self._line.collect("by_id", self._by_id(list(dict.fromkeys(ids))))

    async def _pages(self, search: str, limit: int) -> AsyncGenerator[Listing]:
        for start in range(0, limit, PAGE):
            size = min(PAGE, limit - start)
            params: Params = {"search_query": search, "start": start, "max_results": size, "sortBy": "relevance"}
            listing = await self._ask(params)
            yield listing
            if len(listing.papers) < size or start + size >= (listing.total or 0):
                return

    async def _by_id(self, ids: list[str]) -> AsyncGenerator[Listing]:
        for some in chunks(ids, OR):
            yield await surely(self._some(some))

    async def _some(self, ids: Sequence[str]) -> Listing:
        listing = await self._ask({"id_list": ",".join(ids), "max_results": len(ids)})
        got = {paper["arxiv_id"] for paper in listing.papers}
        return Listing(listing.papers, missing=tuple(f"arxiv:{name}" for name in ids if name not in got))

    async def _ask(self, params: Params) -> Listing:
        for left in reversed(range(TRIES)):
            try:
                return await self._line.ask(Ask("/query", read_feed, params)) or Listing()
            except FetchError as error:
                if not left or error.reason != "bad_answer":
                    raise
        raise AssertionError("unreachable")


def _search(query: Query) -> str:
    given = words(query.text).split()
    telling = [word for word in given if not _STOP.fullmatch(word)] or given
    terms = [f"all:{word}" for word in telling[:MOST_WORDS]]
    if query.from_year or query.to_year:
        terms.append(f"submittedDate:[{query.from_year or 1991}01010000 TO {query.to_year or 2999}12312359]")
    return " AND ".join(terms)
