"""Europe PMC's REST service: search with cursors, references and citations."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path

from core.identifiers import normalize_doi
from core.loopback.call import World
from core.loopback.catalogues.index import Entry, Index, within
from core.loopback.catalogues.trouble import Troubles

REST = "/europepmc/webservices/rest"

_EXACT = re.compile(r'(DOI|PMCID|EXT_ID):"([^"]*)"')
_YEARS = re.compile(r"FIRST_PDATE:\[(\d{4})-\d\d-\d\d TO (\d{4})-\d\d-\d\d\]")
_LANGUAGES = {"en": "eng", "de": "ger", "fr": "fre", "es": "spa"}
_COMMENTS = {
    "retraction": "Retraction in", "expression_of_concern": "Expression of concern in", "correction": "Erratum in",
}  # fmt: skip


class Records:
    """The handlers of the service."""

    def __init__(self, world: World) -> None:
        self._index = Index(world)

    @property
    def _entries(self) -> list[Entry]:
        return [entry for entry in self._index.entries if entry.name("pmid") or entry.name("pmcid")]

    async def search(self, request: Request) -> Response:
        """Answer `GET /search`; the cursor of a page is where it begins, and the last one leads to itself."""
        given = request.query_params
        size, cursor = int(given.get("pageSize", 25)), given.get("cursorMark", "*")
        if not 1 <= size <= 1000:
            said = "Invalid page size provided. Valid size is between 1 and 1000"
            return JSONResponse({"errCode": 404, "errMsg": said})
        found = self._found(given.get("query", ""))
        begin = 0 if cursor == "*" else int(cursor)
        page = found[begin : begin + size]
        return JSONResponse(
            {
                "version": "6.9",
                "hitCount": len(found),
                "nextCursorMark": str(begin + len(page)) if page else cursor,
                "nextPageUrl": "",
                "request": {
                    "queryString": given.get("query", ""),
                    "resultType": given.get("resultType", "lite"),
                    "cursorMark": cursor,
                    "pageSize": size,
                    "sort": "",
                    "synonym": False,
                },
                "resultList": {"result": [result(self._index, entry) for entry in page]},
            }
        )

    def _found(self, query: str) -> list[Entry]:
        exact = [_alias(field, value) for field, value in _EXACT.findall(query)]
        if exact:
            named = {e.work for name in exact if (e := self._index.by_name.get(name))}
            return [entry for entry in self._entries if entry.work in named]
        years = _YEARS.search(query)
        among = self._entries
        if years:
            among = [entry for entry in among if within(entry, int(years[1]), int(years[2]))]
        return self._index.search(re.sub(r"\b(?:FIRST_PDATE:\[[^\]]*\]|LANG:\w+)", " ", query), among)

    async def links(self, request: Request) -> Response:
        """Answer `GET /<source>/<id>/references` and `/citations`."""
        source, name, what = (request.path_params[key] for key in ("source", "id", "what"))
        entry = self._index.by_name.get(f"pmid:{name}" if source == "MED" else f"pmcid:{name}")
        found = []
        if entry:
            found = self._index.cited(entry) if what == "references" else self._index.citing.get(entry.work, [])
        size, page = int(request.query_params.get("pageSize", 25)), int(request.query_params.get("page", 1))
        rows = [_link(self._index, other) for other in found[(page - 1) * size : page * size]]
        one = what.removesuffix("s")
        return JSONResponse(
            {
                "version": "6.9",
                "hitCount": len(found),
                "request": {"id": name, "source": source, "offset": (page - 1) * size, "pageSize": size},
                f"{one}List": {one: rows},
            }
        )


def _alias(field: str, value: str) -> str:
    if field == "DOI":
        return normalize_doi(value) or ""
    return f"{ {'PMCID': 'pmcid', 'EXT_ID': 'pmid'}[field] }:{value}"


def _place(entry: Entry) -> tuple[str, str]:
    pmid = entry.name("pmid")
    return ("MED", pmid) if pmid else ("PMC", entry.name("pmcid"))


def _initialled(name: str) -> str:
    given, _, family = name.rpartition(" ")
    return f"{family} {''.join(part[0] for part in given.split())}".strip()


#: What nobody here asks about a record.
_UNUSED: dict[str, Any] = {
    "pubModel": "Electronic",
    "hasBook": "N",
    "hasSuppl": "N",
    "hasTextMinedTerms": "N",
    "hasDbCrossReferences": "N",
    "hasLabsLinks": "N",
    "authMan": "N",
    "epmcAuthMan": "N",
    "nihAuthMan": "N",
}


def result(index: Index, entry: Entry) -> dict[str, Any]:
    """Return a record of the `core` kind; what is not known has no key."""
    paper, (source, name) = entry.paper, _place(entry)
    names = [author.get("name", "") for author in paper.get("authors") or []]
    pmcid = entry.name("pmcid")
    told = {
        **_UNUSED,
        "id": name,
        "source": source,
        "pmid": entry.name("pmid"),
        "pmcid": pmcid,
        "fullTextIdList": {"fullTextId": [pmcid]} if pmcid else None,
        "doi": entry.name("doi"),
        "title": f"{paper.get('title', '')}.",
        "authorString": ", ".join(map(_initialled, names)) + ".",
        "authorList": {"author": [_author(author) for author in paper.get("authors") or []]},
        "journalInfo": {"yearOfPublication": paper.get("year"), "journal": {"title": paper.get("venue", "")}},
        "pubYear": str(paper["year"]) if paper.get("year") else None,
        "abstractText": paper.get("abstract"),
        "language": _LANGUAGES.get(paper.get("language", "en"), "eng"),
        "pubTypeList": {"pubType": _types(entry)},
        "fullTextUrlList": {"fullTextUrl": _urls(pmcid)} if pmcid and entry.number else None,
        "commentCorrectionList": {"commentCorrection": _comments(entry)} if paper.get("notices") else None,
        "isOpenAccess": "Y" if pmcid and paper.get("license") else "N",
        "inEPMC": "Y" if pmcid else "N",
        "inPMC": "Y" if pmcid else "N",
        "hasPDF": "Y" if pmcid else "N",
        "citedByCount": index.count(entry),
        "hasReferences": "Y" if paper.get("referenced_works") else "N",
        "license": paper["license"].lower().replace("-", " ", 1) if paper.get("license") else None,
        "firstPublicationDate": paper.get("publication_date"),
    }
    return {key: value for key, value in told.items() if value not in (None, "")}


def _author(author: Any) -> dict[str, Any]:
    given, _, family = (author.get("name") or "").rpartition(" ")
    initials = "".join(part[0] for part in given.split())
    told = {"fullName": f"{family} {initials}".strip(), "firstName": given, "lastName": family, "initials": initials}
    if author.get("orcid"):
        told |= {"authorId": {"type": "ORCID", "value": author["orcid"]}}
    if author.get("institution"):
        told["authorAffiliationDetailsList"] = {"authorAffiliation": [{"affiliation": author["institution"]}]}
    return told


def _types(entry: Entry) -> list[str]:
    retracted = ["Retracted Publication"] if entry.paper.get("is_retracted") else []
    return ["research-article", "Journal Article", *retracted]


def _urls(pmcid: str) -> list[dict[str, str]]:
    page = f"https://europepmc.org/articles/{pmcid}"
    open_ = {"availability": "Open access", "availabilityCode": "OA", "site": "Europe_PMC"}
    styles = (("html", page), ("pdf", f"{page}?pdf=render"))
    return [{**open_, "documentStyle": style, "url": url} for style, url in styles]


def _comments(entry: Entry) -> list[dict[str, Any]]:
    notices = [notice for notice in entry.paper.get("notices") or [] if notice["kind"] in _COMMENTS]
    return [
        {"id": notice.get("pmid", ""), "source": "MED", "type": _COMMENTS[notice["kind"]], "orderIn": place}
        for place, notice in enumerate(notices, 1)
    ]


def _link(index: Index, entry: Entry) -> dict[str, Any]:
    paper = entry.paper
    known = entry.name("pmid") or entry.name("pmcid")
    source, name = _place(entry) if known else ("", "")
    told = {
        "id": name,
        "source": source,
        "citationType": "JOURNAL ARTICLE",
        "title": paper.get("title"),
        "authorString": ", ".join(_initialled(author.get("name", "")) for author in paper.get("authors") or []),
        "journalAbbreviation": paper.get("venue"),
        "pubYear": paper.get("year"),
        "doi": entry.name("doi"),
        "citedByCount": index.count(entry),
        "match": "Y" if known else "N",
    }
    return {key: value for key, value in told.items() if value not in (None, "")}


def routes(world: World) -> list[BaseRoute]:
    """Return the routes of the service; it lives on the host that also has the full texts."""
    records, troubles = Records(world), Troubles(world, "europepmc")
    hollow = {"hitCount": 7, "request": {"cursorMark": "*"}, "resultList": {"result": []}}
    own = {
        "hollow": lambda: JSONResponse(hollow),
        "error_in_200": lambda: JSONResponse({"errCode": 500, "errMsg": "planned error"}),
    }
    return [
        Path(f"{REST}/search", troubles.guarded(records.search, own)),
        Path(REST + "/{source}/{id}/{what}", troubles.guarded(records.links, own)),
    ]
