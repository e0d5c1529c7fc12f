"""What is made of an accepted answer: a page in memory or a file on disk."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import httpx

from core.errors import FetchError
from core.http.answer import Download, Page
from core.http.body import pieces
from core.http.exchange import Exchange
from core.http.part import Part
from core.settings import MIB


async def page(response: httpx.Response, exchange: Exchange, *, most: int) -> Page:
    """Read the body, at most `most` bytes of it before and after inflating."""
    body = b"" if exchange.method == "HEAD" else await _read(response, most)
    if not body and exchange.method == "GET":
        raise FetchError("empty", "the answer has no content")
    return Page(
        url=exchange.url,
        status=response.status_code,
        headers=dict(response.headers),
        body=body,
        hops=exchange.hops,
        media_type=_media_type(response),
        seconds=exchange.seconds,
    )


async def _read(response: httpx.Response, most: int) -> bytes:
    body = bytearray()
    async with aclosing(pieces(response, raw_bytes=most, inflated_bytes=most)) as stream:
        async for piece in stream:
            body += piece
    return bytes(body)


async def file(response: httpx.Response, exchange: Exchange, *, part: Part, limits: tuple[int, int]) -> Download:
    """Write the body to `part` and keep it; `limits` are the most raw and the most inflated bytes."""
    path, sha256 = await _received(part, response, limits)
    return Download(
        path=path,
        sha256=sha256,
        size=part.size,
        head=part.head,
        url=exchange.url,
        status=response.status_code,
        hops=exchange.hops,
        media_type=_media_type(response),
        seconds=exchange.seconds,
    )


async def _received(part: Part, response: httpx.Response, limits: tuple[int, int]) -> tuple[Path, str]:
    """Write in steps of a MiB, what is smaller in one: a hop to a thread costs more than a few bytes."""
    buffer, begun = bytearray(), False
    async with aclosing(pieces(response, raw_bytes=limits[0], inflated_bytes=limits[1])) as stream:
        async for piece in stream:
            buffer += piece
            if len(buffer) >= MIB:
                await asyncio.to_thread(part.write if begun else part.begin, bytes(buffer))
                begun = True
                buffer.clear()
    if not (begun or buffer):
        raise FetchError("empty", "the answer has no content")
    return await asyncio.to_thread(part.keep if begun else part.whole, bytes(buffer))


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
