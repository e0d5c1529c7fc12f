"""arXiv's API: an Atom feed of e-prints."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path

from core.identifiers import normalize_arxiv
from core.loopback.call import World
from core.loopback.catalogues.index import Entry, Index, within
from core.loopback.catalogues.trouble import Troubles

_HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns="http://www.w3.org/2005/Atom">\n'
)
_YEARS = re.compile(r"submittedDate:\[(\d{4})\d* TO (\d{4})\d*\]")


class Feed:
    """The handler of `/api/query`."""

    def __init__(self, world: World) -> None:
        self._index = Index(world)

    @property
    def _entries(self) -> list[Entry]:
        return [entry for entry in self._index.entries if entry.name("arxiv")]

    async def query(self, request: Request) -> Response:
        """Answer `GET /api/query`: by `search_query` or `id_list`, in pages."""
        given = request.query_params
        ids = [name for name in given.get("id_list", "").split(",") if name]
        wrong = next((name for name in ids if not normalize_arxiv(name)), "")
        if wrong:
            return _atom(_refused(f"incorrect id format for {wrong}"))
        found = self._found(given.get("search_query", ""), {normalize_arxiv(name) or "" for name in ids})
        start, size = int(given.get("start", 0)), int(given.get("max_results", 10))
        return _atom(feed([_entry(entry) for entry in found[start : start + size]], len(found), start, size))

    def _found(self, search: str, ids: set[str]) -> list[Entry]:
        if ids:
            return [entry for entry in self._entries if entry.name("arxiv") in ids]
        years = _YEARS.search(search)
        first, last = (int(years[1]), int(years[2])) if years else (0, 9999)
        found = self._index.search(re.sub(r"all:|\bAND\b", " ", _YEARS.sub(" ", search)), self._entries)
        return [entry for entry in found if within(entry, first, last)] if years else found


def feed(entries: list[str], total: int, start: int, size: int) -> str:
    """Return a feed as the one of 2026 is."""
    return (
        f"{_HEAD}  <id>https://arxiv.org/api/invented</id>\n  <title>arXiv Query: invented</title>\n"
        '  <updated>2026-10-05T12:59:17Z</updated>\n  <link href="https://arxiv.org/api/query" '
        'type="application/atom+xml"/>\n'
        f"  <opensearch:itemsPerPage>{size}</opensearch:itemsPerPage>\n"
        f"  <opensearch:totalResults>{total}</opensearch:totalResults>\n"
        f"  <opensearch:startIndex>{start}</opensearch:startIndex>\n{''.join(entries)}</feed>\n"
    )


def _entry(entry: Entry) -> str:
    paper, name = entry.paper, entry.name("arxiv")
    date = f"{paper.get('publication_date') or str(paper.get('year', 2020)) + '-01-01'}T00:00:00Z"
    authors = "".join(f"<author><name>{escape(a.get('name', ''))}</name></author>" for a in paper.get("authors") or [])
    doi = f"<arxiv:doi>{escape(paper['doi'])}</arxiv:doi>" if entry.name("doi") else ""
    return (
        f"  <entry><id>http://arxiv.org/abs/{name}v1</id><title>{escape(paper.get('title', ''))}</title>"
        f"<updated>{date}</updated>"
        f'<link href="https://arxiv.org/abs/{name}v1" rel="alternate" type="text/html"/>'
        f'<link href="https://arxiv.org/pdf/{name}v1" rel="related" type="application/pdf" title="pdf"/>'
        f"<summary>{escape(paper.get('abstract', ''))}</summary>"
        '<category term="cs.DL" scheme="http://arxiv.org/schemas/atom"/>'
        f'<published>{date}</published>{doi}<arxiv:primary_category term="cs.DL"/>{authors}</entry>\n'
    )


def _refused(said: str) -> str:
    place = "http://arxiv.org/api/errors#" + said.replace(" ", "_")
    return f"{_HEAD}<entry><id>{escape(place)}</id><title>Error</title><summary>{escape(said)}</summary></entry></feed>"


def _atom(text: str) -> Response:
    return Response(text, media_type="application/atom+xml")


def routes(world: World) -> list[BaseRoute]:
    """Return the routes of the API; it lives on the host that also has the PDFs."""
    query, troubles = Feed(world).query, Troubles(world, "arxiv")
    own = {
        "hollow": lambda: _atom(feed([], 580, 0, 10)),
        "error_in_200": lambda: _atom(_refused("planned error")),
        "malformed": lambda: _atom(feed([], 1, 0, 10)[:200]),
    }
    return [Path("/api/query", troubles.guarded(query, own))]
