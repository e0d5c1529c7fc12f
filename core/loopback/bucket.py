"""The PMC open data bucket: a listing by prefix, metadata, and one folder for each version of a paper."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from core.loopback.call import World, send
from core.loopback.hosts import answer_file
from core.loopback.plan import Route, Served

XML = "application/xml"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

#: What a route's `style` changes: "versions" keeps three of them, "closed" says that the paper is not open access.
STYLES = ("", "versions", "closed")


def build(world: World) -> Starlette:
    """Build the bucket."""

    async def listing(request: Request) -> Response:
        prefix, delimiter = request.query_params.get("prefix", ""), request.query_params.get("delimiter")
        found = _find(world, prefix.split(".")[0])
        rows = _rows(prefix.split(".")[0], *found, bool(delimiter)) if found else []
        return Response(_listing(prefix, [row for row in rows if prefix in row]), media_type=XML)

    async def record(request: Request) -> Response:
        pmcid, _, version = request.path_params["name"].partition(".")
        found = _find(world, pmcid)
        return JSONResponse(_record(f"{pmcid}.{version}", *found)) if found else _no_key(request)

    async def item(request: Request) -> Response:
        match = re.fullmatch(r"(PMC\d+)\.(\d+)/\1\.\2\.(pdf|xml)", request.path_params["key"])
        found = _find(world, match[1]) if match else None
        if match is None or found is None or int(match[2]) not in _versions(found[1]):
            return _no_key(request)
        if match[3] == "xml":
            return await send(found[0], "jats") if found[0].jats else _no_key(request)
        return await answer_file(world, request, *found) if found[0].pdf else _no_key(request)

    return Starlette(routes=[Path("/", listing), Path("/metadata/{name}.json", record), Path("/{key:path}", item)])


def _find(world: World, pmcid: str) -> tuple[Served, Route] | None:
    return world.find(world.number(f"pmcid:{pmcid}"), "pmc")


def _versions(route: Route) -> tuple[int, ...]:
    return (1, 2, 10) if route.style == "versions" else (1,)


def _rows(pmcid: str, served: Served, route: Route, folders: bool) -> list[str]:
    names = [f"{pmcid}.{version}" for version in _versions(route)]
    if folders:
        return [f"<CommonPrefixes><Prefix>{name}/</Prefix></CommonPrefixes>" for name in names]
    kinds = [kind for kind, path in (("pdf", served.pdf), ("xml", served.jats)) if path]
    return [f"<Contents><Key>{name}/{name}.{kind}</Key></Contents>" for name in names for kind in kinds]


def _listing(prefix: str, rows: list[str]) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="{NAMESPACE}"><Name>pmc-oa-opendata</Name>'
        f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{len(rows)}</KeyCount><MaxKeys>1000</MaxKeys>"
        f"<IsTruncated>false</IsTruncated>{''.join(rows)}</ListBucketResult>"
    )


def _record(name: str, served: Served, route: Route) -> dict[str, object]:
    """Return the metadata of one version, with the keys that the real bucket has."""
    paper, address = served.metadata, f"s3://pmc-oa-opendata/{name}/{name}"
    return {
        "pmcid": paper.get("pmcid"),
        "doi": paper.get("doi"),
        "title": paper.get("title"),
        "is_pmc_openaccess": route.style != "closed",
        "is_retracted": bool(paper.get("is_retracted")),
        "license_code": (paper.get("license") or "cc-by").upper().replace("CC-", "CC "),
        "xml_url": f"{address}.xml?md5=" if served.jats else None,
        "text_url": None,
        "pdf_url": f"{address}.pdf?md5=" if served.pdf else None,
        "media_urls": [],
    }


def _no_key(request: Request) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not '
        f"exist.</Message><Key>{escape(request.url.path[1:])}</Key></Error>",
        404,
        media_type=XML,
    )
