"""Semantic Scholar's graph: search, batches, references and citations, with the fields that were asked for."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from core.identifiers import normalize_doi
from core.loopback.call import World
from core.loopback.catalogues.index import Entry, Index, within
from core.loopback.catalogues.trouble import Troubles

GRAPH = "/graph/v1/paper"

_SCHEMES = {"DOI": "", "ARXIV": "arxiv:", "PMID": "pmid:", "PMCID": "pmcid:PMC"}


class Graph:
    """The handlers of `/graph/v1/paper`."""

    def __init__(self, world: World) -> None:
        self._index = Index(world)

    def _named(self, name: str) -> Entry | None:
        scheme, _, value = name.partition(":")
        alias = normalize_doi(value) or "" if scheme == "DOI" else _SCHEMES.get(scheme, "") + value
        return self._index.by_name.get(alias)

    async def search(self, request: Request) -> Response:
        """Answer `GET /search`."""
        given = request.query_params
        found = self._index.search(given.get("query", ""))
        if years := given.get("year"):
            first, _, last = years.partition("-")
            found = [entry for entry in found if within(entry, int(first or 0), int(last or 9999))]
        papers = [self._paper(entry, given.get("fields", "title")) for entry in found]
        return JSONResponse({"total": len(found), **_page(request, papers)} if found else {"total": 0, "offset": 0})

    async def batch(self, request: Request) -> Response:
        """Answer `POST /batch`: in the order of the ids, null for the unknown."""
        ids = (await request.json())["ids"]
        entries = [self._named(name) for name in ids]
        fields = request.query_params.get("fields", "title")
        return JSONResponse([self._paper(entry, fields) if entry else None for entry in entries])

    async def links(self, request: Request) -> Response:
        """Answer `GET /<id>/references` and `/citations`."""
        name, what = request.path_params["id"], request.path_params["what"]
        entry = self._named(name)
        if entry is None:
            return JSONResponse({"error": f"Paper with id {name} not found"}, 404)
        found = self._index.cited(entry) if what == "references" else self._index.citing.get(entry.work, [])
        key = "citedPaper" if what == "references" else "citingPaper"
        fields = request.query_params.get("fields", "title")
        return JSONResponse(_page(request, [{key: self._paper(other, fields)} for other in found]))

    async def single(self, request: Request) -> Response:
        """Answer `GET /<id>`."""
        name = request.path_params["id"]
        entry = self._named(name)
        if entry is None:
            return JSONResponse({"error": f"Paper with id {name} not found"}, 404)
        return JSONResponse(self._paper(entry, request.query_params.get("fields", "title")))

    def _paper(self, entry: Entry, fields: str) -> dict[str, Any]:
        full = paper(self._index, entry)
        return {key: value for key, value in full.items() if key == "paperId" or key in fields.split(",")}


def _page(request: Request, items: list[Any]) -> dict[str, Any]:
    """Return one page; the last one has no `next`."""
    begin, size = int(request.query_params.get("offset", 0)), int(request.query_params.get("limit", 100))
    more = {"next": begin + size} if begin + size < len(items) else {}
    return {"offset": begin, **more, "data": items[begin : begin + size]}


def paper(index: Index, entry: Entry) -> dict[str, Any]:
    """Return a paper with every field that can be asked for."""
    known, urls = entry.paper, index.addresses(entry)
    names = {
        "DOI": entry.name("doi"), "ArXiv": entry.name("arxiv"), "PubMed": entry.name("pmid"),
        "PubMedCentral": entry.name("pmcid").removeprefix("PMC"),
    }  # fmt: skip
    return {
        "paperId": entry.key,
        "externalIds": {**{key: name for key, name in names.items() if name}, "CorpusId": int(entry.work[1:])},
        "url": f"https://www.semanticscholar.org/paper/{entry.key}",
        "title": known.get("title"),
        "abstract": known.get("abstract"),
        "venue": known.get("venue", ""),
        "year": known.get("year"),
        "citationCount": index.count(entry),
        "influentialCitationCount": 0,
        "isOpenAccess": bool(urls),
        "openAccessPdf": {
            "url": urls[0] if urls else "",
            "status": "GREEN" if urls else "CLOSED",
            "license": None,
        },
        "publicationTypes": ["JournalArticle"],
        "publicationDate": known.get("publication_date"),
        "journal": {"name": known["venue"]} if known.get("venue") else None,
        "authors": [
            {"authorId": str(place), "name": author.get("name")}
            for place, author in enumerate(known.get("authors") or [])
        ],
    }


def build(world: World) -> Starlette:
    """Build Semantic Scholar."""
    graph, troubles = Graph(world), Troubles(world, "semanticscholar")
    own = {
        "hollow": lambda: JSONResponse({"total": 70499, "offset": 0, "next": 100, "data": []}),
        "error_in_200": lambda: JSONResponse({"message": "Internal server error"}),
    }
    return Starlette(
        routes=[
            Path(f"{GRAPH}/search", troubles.guarded(graph.search, own)),
            Path(f"{GRAPH}/batch", troubles.guarded(graph.batch, own), methods=["POST"]),
            Path(GRAPH + "/{id:path}/{what}", troubles.guarded(_either(graph), own)),
        ]
    )


def _either(graph: Graph) -> Any:
    """Return what answers for `/<id>/references` and for `/<id>`, whose id may hold slashes."""

    async def answer(request: Request) -> Response:
        if request.path_params["what"] in ("references", "citations"):
            return await graph.links(request)
        request.path_params["id"] = "/".join((request.path_params["id"], request.path_params["what"]))
        return await graph.single(request)

    return answer
