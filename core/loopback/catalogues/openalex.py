"""OpenAlex: works by search, filter and id, and the credits that they cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route as Path

from core.identifiers import normalize_doi
from core.loopback.call import World
from core.loopback.catalogues.index import Entry, Index, merged
from core.loopback.catalogues.openalex_work import work
from core.loopback.catalogues.trouble import ANSWERS, Troubles

#: Credits of a day without and with a key, and of each kind of request; a credit is a hundredth of a US cent.
KEYLESS, KEYED = 1000, 10_000
SEARCH, LIST, SINGLETON = 10, 1, 0

_MISSING = """<!doctype html>
<html lang=en>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try \
again.</p>
"""
_IDS = {"doi": "", "ids.pmid": "pmid:", "ids.pmcid": "pmcid:", "ids.openalex": "openalex:"}


class Works:
    """The handlers of `/works`."""

    def __init__(self, world: World) -> None:
        self._index = Index(world)
        self._spent = 0

    async def listing(self, request: Request) -> Response:
        """Answer `GET /works`: by `search` and `filter`, in pages."""
        given = request.query_params
        cost = SEARCH if "search" in given else LIST
        if self._spent + cost > _limit(request):
            return ANSWERS["budget"]()
        size, page = int(given.get("per_page", 25)), int(given.get("page", 1))
        try:
            found = self._filtered(given.get("filter", ""))
        except KeyError as error:
            wrong = f"Unknown filter field: {error.args[0]}."
            return JSONResponse({"error": "Invalid filter", "message": wrong}, 400)
        if "search" in given:
            found = self._index.search(given["search"], found)
        if given.get("sort") == "cited_by_count:desc":
            found = sorted(found, key=lambda entry: -self._index.count(entry))
        self._spent += cost
        works = [self._work(entry, given.get("select", "")) for entry in found[(page - 1) * size : page * size]]
        meta = {
            "count": len(found), "db_response_time_ms": 5, "page": page, "per_page": size, "groups_count": None,
            "x_query": {"oql": "", "oqo": {}, "url": request.url.path}, "cost_usd": cost / 10_000,
        }  # fmt: skip
        return JSONResponse({"meta": meta, "results": works}, headers=self._told(request, cost))

    async def single(self, request: Request) -> Response:
        """Answer `GET /works/<id>`; it costs nothing."""
        name = request.path_params["id"]
        entry = self._index.by_name.get(_alias(name))
        if entry is None:
            return HTMLResponse(_MISSING, 404)
        if merged(entry, name):
            return RedirectResponse(f"/works/{entry.work}", 301)
        return JSONResponse(
            self._work(entry, request.query_params.get("select", "")), headers=self._told(request, SINGLETON)
        )

    def _filtered(self, filters: str) -> list[Entry]:
        found = self._index.entries
        for text in filter(None, filters.split(",")):
            key, _, value = text.partition(":")
            found = _FILTERS[key](self._index, found, value) if key in _FILTERS else self._named(key, found, value)
        return found

    def _named(self, key: str, found: list[Entry], value: str) -> list[Entry]:
        wanted = {_IDS[key] + (name.lower() if key == "doi" else name) for name in value.split("|")}
        named = {entry.work for name in wanted if (entry := self._index.by_name.get(_alias(name)))}
        return [entry for entry in found if entry.work in named]

    def _told(self, request: Request, cost: int) -> dict[str, str]:
        limit = _limit(request)
        left = limit - self._spent
        return {
            "x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(left), "x-ratelimit-reset": "11987",
            "x-ratelimit-limit-usd": str(limit / 10_000), "x-ratelimit-remaining-usd": str(left / 10_000),
            "x-ratelimit-credits-used": str(cost), "x-ratelimit-cost-usd": str(cost / 10_000),
            "x-ratelimit-onetime-remaining": "0",
        }  # fmt: skip

    def _work(self, entry: Entry, select: str) -> dict[str, Any]:
        full = work(self._index, entry)
        return {key: full[key] for key in select.split(",") if key in full} if select else full


def _limit(request: Request) -> int:
    return KEYED if request.query_params.get("api_key") else KEYLESS


def _alias(name: str) -> str:
    if re.fullmatch(r"W\d+", name):
        return f"openalex:{name}"
    if doi := normalize_doi(name):
        return re.sub(r"^10\.48550/arxiv\.", "arxiv:", doi)
    return name


def _year(text: str) -> int:
    return int(text[:4])


_FILTERS: dict[str, Callable[[Index, list[Entry], str], list[Entry]]] = {
    "cites": lambda index, found, value: [e for e in index.citing.get(value, []) if e in found],
    "from_publication_date": lambda _, found, value: [e for e in found if e.paper.get("year", 0) >= _year(value)],
    "to_publication_date": lambda _, found, value: [e for e in found if 0 < e.paper.get("year", 0) <= _year(value)],
    "language": lambda _, found, value: [e for e in found if e.paper.get("language", "en") == value],
    "is_paratext": lambda _, found, value: found if value == "false" else [],
}


def build(world: World) -> Starlette:
    """Build OpenAlex."""
    works, troubles = Works(world), Troubles(world, "openalex")
    hollow = {"meta": {"count": 48210, "page": 1, "per_page": 25}, "results": []}
    own = {
        "hollow": lambda: JSONResponse(hollow),
        "error_in_200": lambda: JSONResponse({"error": "Invalid query", "message": "planned error"}),
    }
    return Starlette(
        routes=[
            Path("/works", troubles.guarded(works.listing, own)),
            Path("/works/{id:path}", troubles.guarded(works.single, own)),
        ]
    )
