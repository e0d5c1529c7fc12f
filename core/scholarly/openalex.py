"""OpenAlex by its rules of 2026: an API key, credits, few lists and many free singletons."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from urllib.parse import quote

from core.errors import FetchError
from core.http import HttpClient
from core.identifiers import normalize_openalex
from core.metadata import PaperMetadata, Version
from core.scholarly.budget import LIST, SEARCH, SINGLETON, Budget, Purse
from core.scholarly.cache import Cache
from core.scholarly.found import Found, Listing, Query
from core.scholarly.known import bare, doi_of, first, scheme, schemes
from core.scholarly.line import Ask, Line, chunks, surely
from core.scholarly.openalex_works import NAME, SELECT, read_page, read_work
from core.scholarly.prose import expression
from core.settings import Settings

PAGE = 100
#: Pages end here, whatever is asked for (OpenAlex serves no more than 10 000 results by page number).
MOST = 10_000
#: Up to so many papers are asked for one by one, which costs nothing; more cost one credit for each `OR`.
FEW = 10
#: Values of one filter: at most 100 are allowed, and the address must stay below 4 kB.
OR = 50

_FILTERS = {"doi": "doi", "pmid": "ids.pmid", "pmcid": "ids.pmcid", "openalex": "ids.openalex"}


class OpenAlex:
    """The catalogue with the widest reach; `budget` tells what it has cost so far."""

    name = NAME

    def __init__(self, settings: Settings, http: HttpClient, cache: Cache) -> None:
        key = settings.openalex_api_key.get_secret_value()
        self._purse = Purse(settings.openalex_credits)
        self._line = Line(
            NAME, settings.openalex_url, settings, http, cache, secret={"api_key": key} if key else {}, gate=self._purse
        )
        # a client of their own for lists: when the day's credits are gone, singletons are still free
        self._lists = http.service(settings.openalex_url, timeout_s=settings.catalogue_timeout_s, concurrency=1)

    @property
    def budget(self) -> Budget:
        """Return the credits spent and left."""
        return self._purse.budget

    async def search(self, query: Query) -> Found:
        """Return the most relevant works; a page of 100 costs ten credits."""
        filters = [*_window(query.from_year, query.to_year), *_in(query.language), "is_paratext:false"]
        params = {"search": expression(query.text), "filter": ",".join(filters)}
        return await self._line.collect("search", self._pages(params, query.limit, SEARCH), query.limit)

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        """Return the works known by an identifier: a few one by one, which is free, more in lists of one credit."""
        return await self._line.collect("by_id", self._by_id(list(papers)))

    async def references(self, paper: PaperMetadata, *, limit: int = 200) -> Found:
        """Return the works that `paper` cites."""
        return await self._line.collect("references", self._references(paper, limit), limit)

    async def citations(
        self, paper: PaperMetadata, *, limit: int = 100, from_year: int | None = None, to_year: int | None = None
    ) -> Found:
        """Return the works that cite `paper`, the most cited first; a page of 100 costs a credit."""
        return await self._line.collect("citations", self._citations(paper, limit, _window(from_year, to_year)), limit)

    async def _pages(self, params: dict[str, str], limit: int, cost: int) -> AsyncGenerator[Listing]:
        size = max(1, min(PAGE, limit))
        for page in range(1, min(limit, MOST) // size + 2):
            listing = await self._list({**params, "per_page": size, "page": page}, cost)
            yield listing
            if len(listing.papers) + len(listing.unreadable) < size or page * size >= limit:
                return

    async def _list(self, params: dict[str, str | int], cost: int) -> Listing:
        ask = Ask("/works", read_page, {**params, "select": SELECT}, cost=cost, client=self._lists)
        return await self._line.ask(ask) or Listing()

    async def _by_id(self, papers: list[PaperMetadata]) -> AsyncGenerator[Listing]:
        alone, together = _split([paper for paper in papers if first(paper)])
        if len(alone) + sum(map(len, together.values())) <= FEW:
            alone, together = papers, {}
        for name, values in together.items():
            for some in chunks(list(dict.fromkeys(values)), OR):
                if self._purse.affords(LIST):
                    yield await surely(self._some(name, some))
                else:
                    alone += [bare(value if name == "doi" else f"{name}:{value}") for value in some]
        for paper in alone:
            yield await surely(self._one(paper))

    async def _some(self, name: str, values: Sequence[str]) -> Listing:
        wanted = f"{_FILTERS[name]}:{'|'.join(values)}"
        listing = await self._list({"filter": wanted, "per_page": PAGE}, LIST)
        got = {doi_of(paper) if name == "doi" else schemes(paper).get(name) for paper in listing.papers}
        missing = (value if name == "doi" else f"{name}:{value}" for value in values if value not in got)
        return Listing(listing.papers, None, unreadable=listing.unreadable, missing=tuple(missing))

    async def _one(self, paper: PaperMetadata) -> Listing:
        path = _path(paper)
        if not path:
            return Listing()
        ask = Ask(f"/works/{path}", read_work, {"select": SELECT}, absent=frozenset({404}), cost=SINGLETON)
        listing = await self._line.ask(ask)
        return _merged(listing, paper) if listing else Listing(missing=(first(paper),))

    async def _work(self, paper: PaperMetadata) -> PaperMetadata:
        listing = await self._one(paper)
        if not listing.papers:
            raise FetchError("http_404", f"it does not know {first(paper) or 'a paper without an identifier'}")
        return listing.papers[0]

    async def _references(self, paper: PaperMetadata, limit: int) -> AsyncGenerator[Listing]:
        cited = (await self._work(paper)).get("referenced_works") or []
        yield Listing(total=len(cited))
        async for part in self._by_id([bare(alias) for alias in cited[:limit]]):
            yield part

    async def _citations(self, paper: PaperMetadata, limit: int, window: list[str]) -> AsyncGenerator[Listing]:
        name = normalize_openalex(paper.get("openalex_id")) or (await self._work(paper))["openalex_id"]
        params = {"filter": ",".join([f"cites:{name}", *window]), "sort": "cited_by_count:desc"}
        async for part in self._pages(params, limit, LIST):
            yield part


def _window(from_year: int | None, to_year: int | None) -> list[str]:
    begin = [f"from_publication_date:{from_year}-01-01"] if from_year else []
    return begin + ([f"to_publication_date:{to_year}-12-31"] if to_year else [])


def _in(language: str) -> list[str]:
    return [f"language:{language.lower()}"] if language.isalpha() else []


def _split(papers: Iterable[PaperMetadata]) -> tuple[list[PaperMetadata], dict[str, list[str]]]:
    """Return who must be asked for alone, and the others by the filter that finds them: one cannot quote a comma."""
    alone: list[PaperMetadata] = []
    together: dict[str, list[str]] = {}
    for paper in papers:
        name, value = scheme(first(paper))
        if name == "arxiv":
            name, value = "doi", doi_of(paper)
        if name in _FILTERS and not set(value) & set(",|!&+\"'"):
            together.setdefault(name, []).append(value)
        else:
            alone.append(paper)
    return alone, together


def _path(paper: PaperMetadata) -> str:
    """Return how a singleton is addressed: the work's own id before others, for they may be shared."""
    known = schemes(paper)
    if "openalex" in known:
        return known["openalex"]
    if doi := doi_of(paper):
        return "doi:" + quote(doi, safe="")
    return next((f"{name}:{known[name]}" for name in ("pmid", "pmcid") if name in known), "")


def _merged(listing: Listing, asked: PaperMetadata) -> Listing:
    """Return the work with the id under which it was asked for, when it has been merged into another."""
    old = normalize_openalex(asked.get("openalex_id"))
    for paper in listing.papers:
        if old and old != paper.get("openalex_id"):
            paper.setdefault("versions", []).append(Version(openalex_id=old))
    return listing
