"""Bodies are counted and inflated in small steps; text is read in the encoding it is really in."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest

from core.errors import FetchError
from core.http import Page
from core.http.body import STEP_BYTES, Inflater, decoder, pieces

TEXT = b"full text " * 5000


class Chunks(httpx.AsyncByteStream):
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


async def read(*chunks: bytes, encoding: str = "", raw: int = 10**6, inflated: int = 10**6, **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"content-encoding": encoding}
    response = httpx.Response(200, headers=named, stream=Chunks(chunks))
    return b"".join([piece async for piece in pieces(response, raw_bytes=raw, inflated_bytes=inflated)])


async def fails(*chunks: bytes, **options: object) -> str:
    with pytest.raises(FetchError) as caught:
        await read(*chunks, **options)  # type: ignore[arg-type]
    return caught.value.reason


@pytest.mark.parametrize("encoding", ["", "identity", "utf-8", "binary", "none", "aws-chunked"])
async def test_what_is_not_compressed_passes_as_it_is(encoding: str) -> None:
    assert await read(TEXT[:9], TEXT[9:], encoding=encoding) == TEXT


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-GZIP", gzip.compress(TEXT)),
        ("identity, gzip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare(TEXT)),
        ("gzip", gzip.compress(TEXT[:9]) + gzip.compress(b"") + gzip.compress(TEXT[9:])),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10**6])
async def test_what_was_compressed_unasked_is_inflated(encoding: str, packed: bytes, size: int) -> None:
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]

    assert await read(*chunks, encoding=encoding) == TEXT


async def test_an_empty_body_needs_no_decoding() -> None:
    assert await read(encoding="gzip") == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br", "BR"])
async def test_other_and_nested_compressions_are_refused(encoding: str) -> None:
    assert await fails(TEXT, encoding=encoding) == "bad_encoding"


@pytest.mark.parametrize("body", [TEXT, gzip.compress(TEXT)[:-4] + b"oops", b"\x1f\x8b" + TEXT])
async def test_a_damaged_stream_is_refused(body: bytes) -> None:
    assert await fails(body, encoding="gzip") == "bad_encoding"


async def test_padding_after_the_last_member_is_ignored() -> None:
    assert await read(gzip.compress(TEXT) + b"\0" * 512, encoding="gzip") == TEXT


async def test_a_stream_that_stops_early_is_truncated() -> None:
    assert await fails(gzip.compress(TEXT)[:-9], encoding="gzip") == "truncated"


async def test_a_body_up_to_the_limit_is_read_and_beyond_it_refused() -> None:
    assert await read(b"12345", b"67890", raw=10) == b"1234567890"
    assert await fails(b"12345", b"678901", raw=10) == "too_large"


async def test_a_body_that_announces_too_much_is_not_read_at_all() -> None:
    def never() -> Iterable[bytes]:
        raise AssertionError("read")
        yield b""

    response = httpx.Response(200, headers={"content-length": "11"}, stream=Chunks(never()))
    with pytest.raises(FetchError, match="too_large"):
        await anext(pieces(response, raw_bytes=10, inflated_bytes=10))


async def test_inflated_bytes_have_a_limit_of_their_own() -> None:
    packed = gzip.compress(TEXT)

    assert await read(packed, encoding="gzip", inflated=len(TEXT)) == TEXT
    assert await fails(packed, encoding="gzip", inflated=len(TEXT) - 1) == "bad_encoding"


def test_no_step_of_inflating_gives_more_than_a_step() -> None:
    bomb = gzip.compress(bytes(10 * 2**20))

    assert max(len(piece) for piece in Inflater("gzip", 2**30).feed(bomb)) == STEP_BYTES


def test_a_bomb_is_left_at_the_limit() -> None:
    steps = decoder("gzip", 16 * STEP_BYTES).feed(gzip.compress(bytes(10 * 2**20)))
    within = [len(next(steps)) for _ in range(16)]

    with pytest.raises(FetchError, match="bad_encoding"):
        next(steps)
    assert sum(within) == 16 * STEP_BYTES


def page(body: bytes, content_type: str = "") -> Page:
    return Page(url="https://a.example/", status=200, headers={"content-type": content_type}, body=body)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("Müller, 5 €, naïve".encode(), "text/html"),
        ("Müller, 5 €, naïve".encode(), "text/html; charset=utf-8"),
        ("Müller, 5 €, naïve".encode("utf-8-sig"), "text/html; charset=latin-1"),
        ("Müller, 5 €, naïve".encode("utf-16"), ""),
        ("Müller, 5 €, naïve".encode("cp1252"), 'text/html; charset="Windows-1252"'),
        ("Müller, 5 €, naïve".encode("cp1252"), "text/html"),
        ("Müller, 5 €, naïve".encode("cp1252"), "text/html; charset=utf-8"),
        ("Müller, 5 €, naïve".encode(), "text/html; charset=nonsense"),
        ("Müller, 5 €, naïve".encode(), "text/html; charset=punycode"),
        ("Müller, 5 €, naïve".encode(), "text/html; charset=hex"),
    ],
)
def test_text_is_read_in_its_real_encoding(body: bytes, content_type: str) -> None:
    assert page(body, content_type).text == "Müller, 5 €, naïve"


def test_text_may_declare_its_encoding_itself() -> None:
    assert page('<meta charset="koi8-r"><p>да'.encode("koi8-r")).text.endswith("да")
    assert page("<?xml version='1.0' encoding='iso-8859-15'?><p>€".encode("iso-8859-15")).text.endswith("€")


def test_json_is_read_and_anything_else_is_a_bad_answer() -> None:
    assert page(b'{"a": 1}').json() == {"a": 1}
    for body in (b"<html>", b"", b"\xff", b"[" * 100_000):
        with pytest.raises(FetchError, match="bad_answer"):
            page(body).json()
