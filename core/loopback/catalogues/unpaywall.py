"""Unpaywall: where open copies of a DOI are."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from core.identifiers import normalize_doi
from core.loopback.call import World
from core.loopback.catalogues.index import Entry, Index
from core.loopback.catalogues.trouble import Troubles

_SEE = "See https://support.unpaywall.org/a/solutions/articles/44001900286"
_EMAIL = "see http://unpaywall.org/products/api"


class Copies:
    """The handler of `/v2/<doi>`."""

    def __init__(self, world: World) -> None:
        self._index = Index(world)

    async def single(self, request: Request) -> Response:
        """Answer `GET /v2/<doi>`; it wants an e-mail address, and a real one."""
        email = request.query_params.get("email", "")
        if not email:
            return _error(422, f"Email address required in API call, {_EMAIL}")
        if email.endswith("@example.com"):
            return _error(422, f"Please use your own email address in API calls. {_EMAIL.capitalize()}")
        doi = request.path_params["doi"]
        entry = self._index.by_name.get(normalize_doi(doi) or "")
        if entry is None or not entry.name("doi"):
            return _error(404, f"'{doi}' isn't in Unpaywall. {_SEE}")
        return JSONResponse(answer(self._index, entry))


def _error(code: int, said: str) -> Response:
    return JSONResponse({"HTTP_status_code": code, "error": True, "message": said}, code)


def answer(index: Index, entry: Entry) -> dict[str, Any]:
    """Return what is known of a DOI, with every key that real answers have."""
    paper, doi = entry.paper, entry.name("doi")
    places = [_location(url, entry, best=place == 0) for place, url in enumerate(index.addresses(entry))]
    if (name := entry.name("pmcid")) and entry.number:
        page = _location(f"https://www.ncbi.nlm.nih.gov/pmc/articles/{name}", entry, best=not places)
        places.append(page | {"url_for_pdf": None, "pmh_id": f"oai:pubmedcentral.nih.gov:{name.removeprefix('PMC')}"})
    first = places[0] if places else None
    return {
        "doi": doi,
        "doi_url": f"https://doi.org/{doi}",
        "title": paper.get("title"),
        "genre": "journal-article",
        "is_paratext": False,
        "published_date": paper.get("publication_date"),
        "year": paper.get("year"),
        "journal_name": paper.get("venue"),
        "journal_issns": "0000-0019,0000-0027",
        "journal_issn_l": "0000-0019",
        "journal_is_oa": False,
        "journal_is_in_doaj": False,
        "publisher": "Invented Press",
        "is_oa": first is not None,
        "oa_status": "green" if first else "closed",
        "has_repository_copy": first is not None,
        "best_oa_location": first,
        "first_oa_location": first,
        "oa_locations": places,
        "oa_locations_embargoed": [],
        "data_standard": 2,
        "z_authors": [_author(author, place) for place, author in enumerate(paper.get("authors") or [])] or None,
        "updated": "2026-05-24T02:33:38Z",
    }


def _location(url: str, entry: Entry, *, best: bool) -> dict[str, Any]:
    license_ = entry.paper.get("license")
    return {
        "url": url,
        "url_for_pdf": url,
        "url_for_landing_page": url,
        "evidence": "deprecated",
        "license": license_.lower() if license_ else None,
        "version": "publishedVersion",
        "host_type": "repository",
        "is_best": best,
        "pmh_id": None,
        "endpoint_id": None,
        "repository_institution": None,
        "oa_date": entry.paper.get("publication_date"),
        "updated": "deprecated",
    }


def _author(author: Any, place: int) -> dict[str, Any]:
    at = author.get("institution")
    return {
        "author_position": "additional" if place else "first",
        "raw_author_name": author.get("name"),
        "is_corresponding": place == 0,
        "raw_affiliation_strings": [at] if at else [],
    }


def build(world: World) -> Starlette:
    """Build Unpaywall."""
    copies, troubles = Copies(world), Troubles(world, "unpaywall")
    own = {
        "hollow": lambda: JSONResponse({}),
        "error_in_200": lambda: _error(200, "planned error"),
    }
    return Starlette(routes=[Path("/v2/{doi:path}", troubles.guarded(copies.single, own))])
