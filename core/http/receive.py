"""What is made of an accepted answer: a page in memory or a file on disk."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

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
    await asyncio.to_thread(part.begin)
    await _fill(part, response, limits)
    if not part.size:
        raise FetchError("empty", "the answer has no content")
    path, sha256 = await asyncio.to_thread(part.keep)
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


async def _fill(part: Part, response: httpx.Response, limits: tuple[int, int]) -> None:
    """Write in steps of a MiB: one hop to a thread per step costs less than the bytes."""
    buffer = bytearray()
    async with aclosing(pieces(response, raw_bytes=limits[0], inflated_bytes=limits[1])) as stream:
        async for piece in stream:
            buffer += piece
            if len(buffer) >= MIB:
                await asyncio.to_thread(part.write, bytes(buffer))
                buffer.clear()
    await asyncio.to_thread(part.write, bytes(buffer))


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
