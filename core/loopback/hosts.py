"""The hosts that hold papers: arXiv, Europe PMC, a DOI resolver, a publisher and a repository."""

from __future__ import annotations

import asyncio
import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route as Path

from core.identifiers import normalize_doi
from core.loopback import faults, pages
from core.loopback.call import Call, World, send
from core.loopback.plan import Kind, Route, Served


async def answer(call: Call, *, faulty: bool = True) -> Response:
    """Answer one request for a paper as the plan wants it: gate, delay, fault or file."""
    traffic = call.world.traffic
    traffic.note(call.request.state.number, paper=call.served.id)
    await traffic.enter(call.served.id)
    if not faulty:
        return await call.ok()
    await asyncio.sleep(call.route.delay_s)
    if call.world.strikes(call.served, call.route):
        return await faults.named(call.route.fault)(call)
    return await call.ok()


async def answer_file(world: World, request: Request, served: Served, route: Route, **how: bool) -> Response:
    """Answer with the file that `route` leads to."""
    return await answer(Call(world, request, served, route, lambda: send(served, route.kind)), **how)


async def answer_alias(world: World, request: Request, alias: str, kind: Kind) -> Response:
    """Answer with the file of the paper that is called `alias`, or with 404."""
    found = world.find(world.number(alias), kind)
    return await answer_file(world, request, *found) if found else missing()


def missing() -> Response:
    """Return an honest 404."""
    return PlainTextResponse("Not found\n", 404)


def arxiv(world: World) -> Starlette:
    """Build arXiv: `/pdf/<id>`, with or without a version; `/pdf/<id>.pdf` redirects."""

    async def pdf(request: Request) -> Response:
        wanted = request.path_params["id"]
        if wanted.endswith(".pdf"):
            return RedirectResponse(f"/pdf/{wanted.removesuffix('.pdf')}", 301)
        return await answer_alias(world, request, "arxiv:" + re.sub(r"v\d+$", "", wanted), "arxiv")

    return Starlette(routes=[Path("/pdf/{id:path}", pdf)])


def europepmc(world: World) -> Starlette:
    """Build Europe PMC: rendered PDFs, and full texts as JATS under the REST address."""

    async def render(request: Request) -> Response:
        if request.query_params.get("pdf") != "render":
            return missing()
        return await answer_alias(world, request, "pmcid:" + request.path_params["id"], "europepmc")

    async def jats(request: Request) -> Response:
        return await answer_alias(world, request, "pmcid:" + request.path_params["id"], "jats")

    rest = "/europepmc/webservices/rest/{id}/fullTextXML"
    return Starlette(routes=[Path("/articles/{id}", render), Path(rest, jats)])


def doi(world: World) -> Starlette:
    """Build the DOI resolver: it redirects to the publisher's landing page."""

    async def resolve(request: Request) -> Response:
        number = world.number(normalize_doi(request.path_params["doi"]) or "")
        if not world.find(number, "landing"):
            return HTMLResponse(pages.document("Error: DOI Not Found", "<h1>DOI Not Found</h1>"), 404)
        return RedirectResponse(article(world, number), 302)

    return Starlette(routes=[Path("/{doi:path}", resolve)])


def article(world: World, number: int) -> str:
    """Return the address of a landing page."""
    return f"{world.addresses['publisher']}/article/{number}/"


def publisher(world: World) -> Starlette:
    """Build the publisher: a landing page for each paper in the style of its route, and the file behind it."""

    async def landing(request: Request) -> Response:
        number = request.path_params["number"]
        found = world.find(number, "landing")
        if found is None:
            return missing()
        served, route = found

        async def ok() -> Response:
            write = pages.LANDINGS[route.style or "meta"]
            return HTMLResponse(write(served.metadata, article(world, number) + "fulltext.pdf"))

        return await answer(Call(world, request, served, route, ok), faulty=route.at == "page")

    async def pdf(request: Request) -> Response:
        found = world.find(request.path_params["number"], "landing")
        if found is None:
            return missing()
        if request.query_params.get("view"):
            return HTMLResponse(pages.viewer(request.url.path))
        return await answer_file(world, request, *found, faulty=found[1].at == "file")

    page = "/article/{number:int}/"
    return Starlette(routes=[Path(page, landing), Path(page + "fulltext.pdf", pdf), _files(world)])


def repository(world: World) -> Starlette:
    """Build a repository, which is files only."""
    return Starlette(routes=[_files(world)])


def _files(world: World) -> Path:
    """Return what serves `/<paper>/<route>/paper.pdf` and `/<paper>/<route>/text.html`."""

    async def file(request: Request) -> Response:
        paper, route = request.path_params["paper"], request.path_params["route"]
        if not (1 <= paper <= len(world.plan.papers) and route < len(world.plan.papers[paper - 1].routes)):
            return missing()
        served = world.plan.papers[paper - 1]
        return await answer_file(world, request, served, served.routes[route])

    return Path("/{paper:int}/{route:int}/{name}", file)


def locations(world: World, number: int) -> list[str]:
    """Return the addresses that a catalogue would know for a paper, in the order of its routes."""
    served = world.plan.papers[number - 1]
    found = []
    for index, route in enumerate(served.routes):
        name = {"oa_url": "paper.pdf", "html": "text.html"}.get(route.kind)
        if name:
            found.append(f"{world.addresses[route.host]}/{number}/{index}/{name}")
        if route.kind == "landing" and not served.metadata.get("doi"):
            found.append(article(world, number))
    return found
