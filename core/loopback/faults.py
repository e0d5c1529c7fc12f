"""Every way a host of the loopback internet misbehaves: one function each, one table of names."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from core.loopback import pages
from core.loopback.call import PDF, Call, Stream, content, pieces

Fault = Callable[[Call], Awaitable[Response]]

#: Addresses no fetcher may follow: a private network, a cloud's metadata service, another scheme.
FORBIDDEN = ("http://10.0.0.1/paper.pdf", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd")


def page(html: str, status: int = 200, *, media_type: str = "text/html") -> Fault:
    """Return a fault that answers with this page."""

    async def answer(call: Call) -> Response:
        return HTMLResponse(html, status, media_type=media_type)

    return answer


def status(code: int, **headers: str) -> Fault:
    """Return a fault that answers with a bare status."""

    async def answer(call: Call) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return PlainTextResponse(f"{code}\n", code, named)

    return answer


def redirect(target: str) -> Fault:
    """Return a fault that sends the caller to `target`."""

    async def answer(call: Call) -> Response:
        return RedirectResponse(target, 302)

    return answer


def lying_type(media_type: str) -> Fault:
    """Return a fault that sends the right file under the wrong media type."""

    async def answer(call: Call) -> Response:
        return Response(await call.body(), media_type=media_type)

    return answer


async def truncated(call: Call) -> Response:
    """Promise the whole file, send half of it and close the connection."""
    whole = await call.body()
    half = pieces(whole[: len(whole) // 2])
    return Stream(half, headers={"content-length": str(len(whole))}, cut=True)


async def truncated_quietly(call: Call) -> Response:
    """Send half of the file as if it were all."""
    whole = await call.body()
    return Response(whole[: len(whole) // 2], media_type=PDF)


async def no_length(call: Call) -> Response:
    """Send the file in chunks, without saying how long it is."""
    return Stream(pieces(await call.body()))


async def slow(call: Call) -> Response:
    """Send the file in ten pieces, a tenth of a second apart."""
    whole = await call.body()
    return Stream(pieces(whole, size=len(whole) // 10 + 1, pause_s=0.1))


async def drip(call: Call) -> Response:
    """Send one byte every tenth of a second: never idle, never done."""
    return Stream(pieces(await call.body(), size=1, pause_s=0.1))


async def stalled(call: Call) -> Response:
    """Send the first kilobyte, then nothing more."""
    return Stream(_first(await call.body()))


async def _first(whole: bytes) -> AsyncIterator[bytes]:
    yield whole[:1024]
    await asyncio.Event().wait()


async def hung(call: Call) -> Response:
    """Accept the request and never answer."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def redirect_loop(call: Call) -> Response:
    """Send the caller round in circles."""
    turn = 1 - int(call.request.query_params.get("turn", "0"))
    return RedirectResponse(str(call.request.url.include_query_params(turn=turn)), 302)


async def gzip_bomb(call: Call) -> Response:
    """Send 64 kB that unpack to 64 MiB."""
    packed = await asyncio.to_thread(gzip.compress, b"%PDF-1.7\n" + bytes(64 * 1024 * 1024))
    return Response(packed, media_type=PDF, headers={"content-encoding": "gzip"})


async def gzipped(call: Call) -> Response:
    """Send the file compressed although nobody asked for it."""
    packed = await asyncio.to_thread(gzip.compress, await call.body())
    return Response(packed, media_type=PDF, headers={"content-encoding": "gzip"})


async def wrong_paper(call: Call) -> Response:
    """Send another paper of the plan."""
    other = call.world.plan.other(call.served)
    return Response(await content(other), media_type=PDF) if other else PlainTextResponse("no other paper\n", 404)


async def empty(call: Call) -> Response:
    """Send nothing, successfully."""
    return Response(b"", media_type=PDF)


async def accepted(call: Call) -> Response:
    """Send the file with a status that does not mean success."""
    return Response(await call.body(), 202, media_type=PDF)


async def partial(call: Call) -> Response:
    """Send the first half as a part nobody asked for."""
    whole = await call.body()
    half = len(whole) // 2
    return Response(whole[:half], 206, {"content-range": f"bytes 0-{half - 1}/{len(whole)}"}, media_type=PDF)


async def cookie_wall(call: Call) -> Response:
    """Send the caller to a page that wants cookies."""
    if call.request.query_params.get("error"):
        return HTMLResponse(pages.COOKIE_WALL)
    return RedirectResponse(str(call.request.url.include_query_params(error="cookies_not_supported")), 302)


#: What a route's `fault` can name, besides `http_<status>`.
FAULTS: dict[str, Fault] = {
    "accepted": accepted,
    "cookie_wall": cookie_wall,
    "drip": drip,
    "empty": empty,
    "gzip_bomb": gzip_bomb,
    "gzipped": gzipped,
    "html_as_pdf": page(pages.NOT_FOUND, media_type=PDF),
    "hung": hung,
    "no_length": no_length,
    "partial": partial,
    "paywall": page(pages.PAYWALL),
    "rate_limited": status(429, retry_after="1"),
    "rate_limited_for_a_day": status(429, retry_after="86400"),
    "redirect_loop": redirect_loop,
    "redirect_to_file": redirect(FORBIDDEN[2]),
    "redirect_to_metadata": redirect(FORBIDDEN[1]),
    "redirect_to_private": redirect(FORBIDDEN[0]),
    "slow": slow,
    "stalled": stalled,
    "truncated": truncated,
    "truncated_quietly": truncated_quietly,
    "typed_as_binary": lying_type("application/octet-stream"),
    "typed_as_html": lying_type("text/html"),
    "unavailable": status(503),
    "wall_anubis": page(pages.ANUBIS),
    "wall_awswaf": page(pages.AWSWAF, 202),
    "wall_challenge": page(pages.CLIENT_CHALLENGE),
    "wall_cloudflare": page(pages.CLOUDFLARE, 403),
    "wall_cloudflare_503": page(pages.CLOUDFLARE, 503),
    "wall_incapsula": page(pages.INCAPSULA),
    "wall_pow": page(pages.PROOF_OF_WORK),
    "wall_recaptcha": page(pages.RECAPTCHA),
    "wrong_paper": wrong_paper,
}

#: Faults after which a patient, careful client still has the right file.
HARMLESS = frozenset({"gzipped", "no_length", "slow", "typed_as_binary", "typed_as_html"})


def known(fault: str) -> bool:
    """Tell whether `fault` can be named by a route."""
    return fault in FAULTS or (fault.startswith("http_") and fault[5:].isdigit())


def named(fault: str) -> Fault:
    """Return the fault of this name; KeyError when there is none."""
    return FAULTS[fault] if fault in FAULTS else status(int(fault.removeprefix("http_")))
