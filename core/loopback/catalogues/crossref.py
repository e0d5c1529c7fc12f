"""Crossref: works by search, filter and DOI, with the notices about them."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route as Path

from core.identifiers import normalize_doi
from core.loopback.call import World
from core.loopback.catalogues.index import Entry, Index, within
from core.loopback.catalogues.trouble import Troubles

_POLITE = {
    "x-api-pool": "polite-array", "x-rate-limit-limit": "3", "x-rate-limit-interval": "1s", "x-concurrency-limit": "3",
}  # fmt: skip
_UPDATES = {"retraction": "retraction", "expression_of_concern": "expression_of_concern", "correction": "correction"}


class Works:
    """The handlers of `/works`."""

    def __init__(self, world: World) -> None:
        self._index = Index(world)

    @property
    def _entries(self) -> list[Entry]:
        return [entry for entry in self._index.entries if entry.name("doi")]

    async def listing(self, request: Request) -> Response:
        """Answer `GET /works`: by query and `filter`, in pages."""
        given = request.query_params
        filters = [text.partition(":")[::2] for text in given.get("filter", "").split(",") if text]
        dois = {normalize_doi(value) for key, value in filters if key == "doi"}
        years = {key: int(value[:4]) for key, value in filters if key.endswith("-pub-date")}
        first, last = years.get("from-pub-date", 0), years.get("until-pub-date", 9999)
        found = [entry for entry in self._entries if not dois or entry.name("doi") in dois]
        found = [entry for entry in found if not years or within(entry, first, last)]
        if query := given.get("query.bibliographic") or given.get("query"):
            found = self._index.search(query, found)
        begin, size = int(given.get("offset", 0)), int(given.get("rows", 20))
        message = {
            "facets": {},
            "total-results": len(found),
            "items": [work(self._index, entry) for entry in found[begin : begin + size]],
            "items-per-page": size,
            "query": {"start-index": begin, "search-terms": None},
        }
        return JSONResponse(_enveloped("work-list", message), headers=_POLITE)

    async def single(self, request: Request) -> Response:
        """Answer `GET /works/<doi>`."""
        entry = self._index.by_name.get(normalize_doi(request.path_params["doi"]) or "")
        if entry is None or not entry.name("doi"):
            return PlainTextResponse("Resource not found.", 404)
        return JSONResponse(_enveloped("work", work(self._index, entry)), headers=_POLITE)


def _enveloped(kind: str, message: dict[str, Any]) -> dict[str, Any]:
    return {"status": "ok", "message-type": kind, "message-version": "1.0.0", "message": message}


#: What nobody here asks about a work.
_UNUSED: dict[str, Any] = {
    "publisher": "Invented Press",
    "content-domain": {"domain": [], "crossmark-restriction": False},
    "short-container-title": [],
    "source": "Crossref",
    "member": "1",
    "original-title": [],
    "link": [],
    "score": 1,
    "subtitle": [],
    "short-title": [],
    "alternative-id": [],
    "ISSN": [],
    "issn-type": [],
    "subject": [],
    "assertion": [],
}


def work(index: Index, entry: Entry) -> dict[str, Any]:
    """Return a work with the keys that the real ones of journal articles have."""
    paper, doi = entry.paper, entry.name("doi")
    told = {
        **_UNUSED,
        "indexed": _moment(2026),
        "reference-count": len(paper.get("referenced_works") or []),
        "license": [_license(paper["license"])] if paper.get("license") else [],
        "DOI": doi,
        "type": "posted-content" if paper.get("version") == "preprint" else "journal-article",
        "created": _moment(paper.get("year", 2020)),
        "is-referenced-by-count": index.count(entry),
        "title": [paper["title"]] if paper.get("title") else [],
        "prefix": doi.partition("/")[0],
        "author": [_author(author, place) for place, author in enumerate(paper.get("authors") or [])],
        "reference": [_reference(doi, place, name) for place, name in enumerate(paper.get("referenced_works") or [])],
        "container-title": [paper["venue"]] if paper.get("venue") else [],
        "language": paper.get("language", "en"),
        "deposited": _moment(2026),
        "resource": {"primary": {"URL": f"https://doi.org/{doi}"}},
        "issued": _date(entry),
        "references-count": len(paper.get("referenced_works") or []),
        "URL": f"https://doi.org/{doi}",
        "relation": _relation(entry),
        "published": _date(entry),
    }
    if paper.get("abstract"):
        told["abstract"] = f"<jats:title>Abstract</jats:title><jats:p>{escape(paper['abstract'])}</jats:p>"
    if updates := [_update(notice) for notice in paper.get("notices") or []]:
        told["updated-by"] = updates
    if paper.get("notice_of"):
        told["update-to"] = [_update({"kind": "retraction", "doi": name}) for name in paper["notice_of"]]
    return told


def _moment(year: int) -> dict[str, Any]:
    return {"date-parts": [[year, 1, 1]], "date-time": f"{year}-01-01T00:00:00Z", "timestamp": 0}


def _date(entry: Entry) -> dict[str, Any]:
    date = entry.paper.get("publication_date") or str(entry.paper.get("year") or "")
    return {"date-parts": [[int(part) for part in date.split("-")] if re.fullmatch(r"[\d-]+", date) else [None]]}


def _license(name: str) -> dict[str, Any]:
    kind = name.lower().removeprefix("cc-")
    url = f"http://creativecommons.org/licenses/{kind}/4.0/"
    return {"start": _moment(2020), "content-version": "vor", "delay-in-days": 0, "URL": url}


def _author(author: Any, place: int) -> dict[str, Any]:
    given, _, family = (author.get("name") or "").rpartition(" ")
    at = author.get("institution")
    told = {
        "given": given, "family": family, "sequence": "additional" if place else "first",
        "affiliation": [{"name": at}] if at else [],
    }  # fmt: skip
    if author.get("orcid"):
        told |= {"ORCID": f"https://orcid.org/{author['orcid']}", "authenticated-orcid": False}
    return told


def _reference(doi: str, place: int, name: str) -> dict[str, Any]:
    told = {"key": f"{doi}_bib{place + 1}"}
    return told | ({"doi-asserted-by": "crossref", "DOI": name} if name.startswith("10.") else {"unstructured": name})


def _relation(entry: Entry) -> dict[str, Any]:
    versions = [version for version in entry.paper.get("versions") or [] if version.get("doi")]
    ways = {"preprint": "has-preprint", "published": "is-preprint-of"}
    return {
        ways[version["version"]]: [{"id-type": "doi", "id": version["doi"], "asserted-by": "subject"}]
        for version in versions
        if version.get("version") in ways
    }


def _update(notice: Any) -> dict[str, Any]:
    date = [int(part) for part in notice.get("date", "2024-03-26").split("-")]
    kind = _UPDATES[notice["kind"]]
    return {
        "updated": {"date-parts": [date], "date-time": "2024-03-26T00:00:00Z", "timestamp": 0},
        "DOI": notice.get("doi", ""), "type": kind, "source": "publisher", "label": kind.replace("_", " ").title(),
    }  # fmt: skip


def build(world: World) -> Starlette:
    """Build Crossref."""
    works, troubles = Works(world), Troubles(world, "crossref")
    hollow = {"facets": {}, "total-results": 99, "items": [], "items-per-page": 20, "query": {"start-index": 0}}
    failed = {"status": "failed", "message-type": "validation-failure", "message": [{"message": "planned error"}]}
    own = {
        "hollow": lambda: JSONResponse(_enveloped("work-list", hollow)),
        "error_in_200": lambda: JSONResponse(failed),
    }
    return Starlette(
        routes=[
            Path("/works", troubles.guarded(works.listing, own)),
            Path("/works/{doi:path}", troubles.guarded(works.single, own)),
        ]
    )
