"""Reading a body under caps: raw bytes are counted, compressed ones inflated by us in steps of bounded size."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import httpx

from core.errors import FetchError
from core.http.translate import translated

#: Most bytes one step of inflating may produce; also about what one read from the network gives.
STEP_BYTES = 64 * 1024

#: Pieces read before the loop gets a turn: a host that sends one-byte chunks must not keep it.
PIECES_PER_TURN = 64

GZIP = 0x1F
_REFUSED = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"})
_INFLATED = frozenset({"gzip", "x-gzip", "deflate"})


class Inflater:
    """Undoes gzip and deflate; raises `bad_encoding` beyond `most` bytes or for a damaged stream."""

    def __init__(self, encoding: str, most: int) -> None:
        self._bare = encoding == "deflate"
        self._left = most
        self._members = 0
        self._stream = zlib.decompressobj()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` adds, in pieces of at most STEP_BYTES, some of them empty."""
        while data:
            if not self._begun and self._members and data[0] != GZIP:
                return  # padding after the last member
            if not self._begun:
                self._stream, self._begun = zlib.decompressobj(self._window(data[0])), True
            yield self._inflate(data)
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data, self._begun = self._stream.unused_data, False
                self._members += 1

    def _inflate(self, data: bytes) -> bytes:
        try:
            piece = self._stream.decompress(data, STEP_BYTES)
        except zlib.error as error:
            raise FetchError("bad_encoding", str(error)) from error
        self._left -= len(piece)
        if self._left < 0:
            raise FetchError("bad_encoding", "inflates beyond the limit")
        return piece

    def finish(self) -> None:
        """Raise `truncated` if the stream is not at its end."""
        if self._begun:
            raise FetchError("truncated", "the compressed stream ends early")

    def _window(self, first: int) -> int:
        """Return zlib's window argument by the first byte; some servers send deflate bare, without zlib's header."""
        if first & 0x8F == 0x08:
            return zlib.MAX_WBITS
        return -zlib.MAX_WBITS if self._bare and first != GZIP else zlib.MAX_WBITS | 16


class Plain:
    """An `Inflater` for what was never compressed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield `data`."""
        yield data

    def finish(self) -> None:
        """Do nothing: how long it had to be is the transport's business."""


def decoder(encoding: str, most: int) -> Inflater | Plain:
    """Return what undoes a Content-Encoding; names that are no compression are ignored, as browsers do."""
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) in _REFUSED | _INFLATED]
    if len(names) > 1 or _REFUSED & set(names):
        raise FetchError("bad_encoding", f"encoded as {', '.join(names)} although unencoded was asked for")
    return Inflater(names[0], most) if names else Plain()


async def pieces(response: httpx.Response, *, raw_bytes: int, inflated_bytes: int) -> AsyncGenerator[bytes]:
    """Yield the decoded body; raise `too_large` beyond `raw_bytes` and `bad_encoding` beyond `inflated_bytes`."""
    decode = decoder(response.headers.get("content-encoding", ""), inflated_bytes)
    given = 0
    async with aclosing(_chunks(response, raw_bytes)) as chunks:
        async for chunk in chunks:
            for piece in decode.feed(chunk):
                yield piece
                given += 1
                await _share(given)
    decode.finish()


async def _share(given: int) -> None:
    if given % PIECES_PER_TURN == 0:
        await asyncio.sleep(0)


async def _chunks(response: httpx.Response, most: int) -> AsyncGenerator[bytes]:
    _refuse_announced(response, most)
    received = 0
    with translated(answering=True):
        async for chunk in response.aiter_raw():
            received += len(chunk)
            if received > most:
                raise FetchError("too_large", f"more than {most} bytes", size=received)
            yield chunk


def _refuse_announced(response: httpx.Response, most: int) -> None:
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise FetchError("too_large", f"announces {announced} bytes, more than {most}")
