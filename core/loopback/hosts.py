"""The hosts that hold papers: arXiv, the PMC bucket, Europe PMC, a DOI resolver, a publisher and a repository."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route as Path

from core.identifiers import normalize_doi
from core.loopback import faults, pages
from core.loopback.call import Call, World, send_file
from core.loopback.plan import Kind, Route, Served, arxiv_id, pmcid

XML = "application/xml"


async def answer(call: Call) -> Response:
    """Answer one request for a paper as the plan wants it: gate, delay, fault or file."""
    traffic = call.world.traffic
    traffic.note(call.request.state.number, paper=call.served.id)
    await traffic.enter(call.served.id)
    await asyncio.sleep(call.route.delay_s)
    if call.world.strikes(call.served, call.route):
        return await faults.named(call.route.fault)(call)
    return await call.ok()


async def answer_file(world: World, request: Request, served: Served, route: Route) -> Response:
    """Answer with the file that `route` leads to."""
    return await answer(Call(world, request, served, route, lambda: send_file(served.file(route.kind))))


def missing(what: str = "Not found") -> Response:
    """Return an honest 404."""
    return PlainTextResponse(what + "\n", 404)


def _by_id(world: World, name: Callable[[int, Served], str | None], wanted: str, kind: Kind) -> int:
    """Return the number of the paper that has this identifier and a route of `kind`, else 0."""
    return next((n for n, served in world.plan.numbered() if name(n, served) == wanted and served.has(kind)), 0)


def arxiv(world: World) -> Starlette:
    """Build arXiv: `/pdf/<id>`, with or without a version; `/pdf/<id>.pdf` redirects."""

    async def pdf(request: Request) -> Response:
        wanted = request.path_params["id"]
        if wanted.endswith(".pdf"):
            return RedirectResponse(f"/pdf/{wanted.removesuffix('.pdf')}", 301)
        found = world.find(_by_id(world, arxiv_id, re.sub(r"v\d+$", "", wanted), "arxiv"), "arxiv")
        return await answer_file(world, request, *found) if found else missing("Paper not found")

    return Starlette(routes=[Path("/pdf/{id:path}", pdf)])


def pmc(world: World) -> Starlette:
    """Build the PMC open data bucket: a listing by prefix, metadata, and one folder a version."""

    def find(wanted: str) -> tuple[int, Served, Route] | None:
        number = _by_id(world, pmcid, wanted, "pmc")
        found = world.find(number, "pmc")
        return (number, *found) if found else None

    async def listing(request: Request) -> Response:
        prefix = request.query_params.get("prefix", "")
        found = find(prefix.split(".")[0])
        folders = [f"{prefix.split('.')[0]}.{v}/" for v in _versions(found[2])] if found else []
        folders = [folder for folder in folders if folder.startswith(prefix)]
        return Response(_listing(prefix, folders, request.query_params.get("delimiter")), media_type=XML)

    async def record(request: Request) -> Response:
        wanted, _, version = request.path_params["name"].partition(".")
        found = find(wanted)
        return JSONResponse(_record(wanted, version, found[1], found[2])) if found else _no_key(request)

    async def item(request: Request) -> Response:
        match = re.fullmatch(r"(PMC\d+)\.(\d+)/\1\.\2\.(pdf|xml)", request.path_params["key"])
        found = find(match[1]) if match else None
        if match is None or found is None or int(match[2]) not in _versions(found[2]):
            return _no_key(request)
        _, served, route = found
        if match[3] == "xml":
            return await send_file(served.jats) if served.jats else _no_key(request)
        return await answer_file(world, request, served, route) if served.pdf else _no_key(request)

    return Starlette(routes=[Path("/", listing), Path("/metadata/{name}.json", record), Path("/{key:path}", item)])


def _versions(route: Route) -> tuple[int, ...]:
    return (1, 2, 10) if route.style == "versions" else (1,)


def _listing(prefix: str, folders: list[str], delimiter: str | None) -> str:
    if delimiter:
        rows = [f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in folders]
    else:
        keys = [f"{folder}{folder[:-1]}.{suffix}" for folder in folders for suffix in ("pdf", "xml")]
        rows = [f"<Contents><Key>{key}</Key></Contents>" for key in keys]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>pmc-oa-opendata</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(rows)}</KeyCount>"
        f"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{''.join(rows)}</ListBucketResult>"
    )


def _record(wanted: str, version: str, served: Served, route: Route) -> dict[str, object]:
    key = f"s3://pmc-oa-opendata/{wanted}.{version}/{wanted}.{version}"
    return {
        "pmcid": wanted,
        "doi": served.metadata.get("doi"),
        "title": served.metadata.get("title"),
        "is_pmc_openaccess": route.style != "closed",
        "is_retracted": bool(served.metadata.get("is_retracted")),
        "license_code": (served.metadata.get("license") or "CC BY").upper().replace("CC-BY", "CC BY"),
        "xml_url": f"{key}.xml?md5=" if served.jats else None,
        "pdf_url": f"{key}.pdf?md5=" if served.pdf else None,
    }


def _no_key(request: Request) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not '
        f"exist.</Message><Key>{escape(request.url.path[1:])}</Key></Error>",
        404,
        media_type=XML,
    )


def europepmc(world: World) -> Starlette:
    """Build Europe PMC: rendered PDFs, and full texts as JATS under the REST address."""

    async def render(request: Request) -> Response:
        found = world.find(_by_id(world, pmcid, request.path_params["id"], "europepmc"), "europepmc")
        if found and request.query_params.get("pdf") == "render":
            return await answer_file(world, request, *found)
        return missing()

    async def jats(request: Request) -> Response:
        found = world.find(_by_id(world, pmcid, request.path_params["id"], "jats"), "jats")
        return await answer_file(world, request, *found) if found else missing()

    return Starlette(
        routes=[Path("/articles/{id}", render), Path("/europepmc/webservices/rest/{id}/fullTextXML", jats)]
    )


def doi(world: World) -> Starlette:
    """Build the DOI resolver: it redirects to the publisher's landing page."""

    async def resolve(request: Request) -> Response:
        wanted = normalize_doi(request.path_params["doi"])
        number = _by_id(world, lambda _, served: normalize_doi(served.metadata.get("doi")), wanted or "-", "landing")
        if not number:
            return HTMLResponse(pages.document("Error: DOI Not Found", "<h1>DOI Not Found</h1>"), 404)
        return RedirectResponse(f"{world.addresses['publisher']}/article/{number}/", 302)

    return Starlette(routes=[Path("/{doi:path}", resolve)])


def publisher(world: World) -> Starlette:
    """Build the publisher: a landing page for each paper in the style of its route, and the file behind it."""

    async def landing(request: Request) -> Response:
        number = request.path_params["number"]
        found = world.find(number, "landing")
        if found is None:
            return missing()
        served, route = found
        pdf = f"{world.addresses['publisher']}/article/{number}/fulltext.pdf"

        async def ok() -> Response:
            return HTMLResponse(pages.LANDINGS[route.style or "meta"](served.metadata, pdf))

        call = Call(world, request, served, route, ok)
        return await answer(call) if route.at == "page" else await ok()

    async def pdf(request: Request) -> Response:
        found = world.find(request.path_params["number"], "landing")
        if found is None:
            return missing()
        if request.query_params.get("view"):
            return HTMLResponse(pages.viewer(request.url.path))
        served, route = found
        return (
            await answer_file(world, request, *found) if route.at == "file" else await send_file(served.file("landing"))
        )

    return Starlette(routes=[Path("/article/{number:int}/", landing), Path("/article/{number:int}/fulltext.pdf", pdf)])


def repository(world: World) -> Starlette:
    """Build a repository: `/<paper>/<route>/paper.pdf` and `/<paper>/<route>/text.html`."""

    async def file(request: Request) -> Response:
        paper, route = request.path_params["paper"], request.path_params["route"]
        if not (1 <= paper <= len(world.plan.papers) and route < len(world.plan.papers[paper - 1].routes)):
            return missing()
        served = world.plan.papers[paper - 1]
        return await answer_file(world, request, served, served.routes[route])

    return Starlette(routes=[Path("/{paper:int}/{route:int}/{name}", file)])


def location(world: World, number: int, index: int, route: Route) -> str | None:
    """Return the address a catalogue would know for this route, or None when it is found by an identifier."""
    served = world.plan.papers[number - 1]
    if route.kind == "landing" and not served.metadata.get("doi"):
        return f"{world.addresses['publisher']}/article/{number}/"
    name = {"oa_url": "paper.pdf", "html": "text.html"}.get(route.kind)
    return f"{world.addresses[route.host]}/{number}/{index}/{name}" if name else None
