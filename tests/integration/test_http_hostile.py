"""Hosts that lie, drip, flood, hang or hang up: each ends in time, in little memory and with its reason."""

from __future__ import annotations

import asyncio
import gc
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.errors import FetchError
from core.http import HttpClient
from core.settings import MIB, Settings
from tests.rawserver import Script, drips, raw_server, says_nothing, sends

OK = b"HTTP/1.1 200 OK\r\n"
LIMITS: dict[str, Any] = {
    "allow_networks": ("127.0.0.0/8",),
    "acquisition_delay_s": 0,
    "retry_base_s": 0,
    "max_tries": 1,
    "connect_timeout_s": 5.0,
    "idle_timeout_s": 0.2,
    "total_timeout_s": 0.4,
    "max_page_bytes": MIB,
    "max_download_bytes": MIB,
    "max_inflated_bytes": 2 * MIB,
}


@pytest.fixture
async def http() -> AsyncGenerator[HttpClient]:
    async with HttpClient(Settings(**LIMITS)) as client:
        yield client


def client(**settings: Any) -> HttpClient:
    return HttpClient(Settings(**(LIMITS | settings)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


HOSTILE: dict[str, tuple[str, Script]] = {
    "says nothing": ("timeout", says_nothing),
    "drips a status line": ("timeout", drips(b"HTTP/1.1 ", b"2")),
    "drips headers": ("timeout", drips(OK, b"X-A: b\r\n")),
    "drips one endless header": ("timeout", drips(OK + b"X-A: ", b"b")),
    "drips bodies": ("timeout", drips(OK + b"Content-Length: 1000000\r\n\r\n", b"x")),
    "drips chunks": ("timeout", drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")),
    "drips endless 1xx": ("timeout", drips(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")),
    "floods 1xx": ("timeout", drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000, every_s=0.0)),
    "stops in the body": ("timeout", lambda writer: stops(writer, OK + b"Content-Length: 99\r\n\r\nhalf")),
    "hangs up at once": ("connect", sends(b"")),
    "hangs up in the headers": ("connect", sends(OK + b"Content-Le")),
    "hangs up in the body": ("truncated", sends(OK + b"Content-Length: 99\r\n\r\nhalf")),
    "hangs up in a chunk": ("truncated", sends(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf")),
    "hangs up between chunks": ("truncated", sends(OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")),
    "garbles a chunk": ("truncated", sends(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n")),
    "sends too large a header": ("too_large", sends(OK + b"X-A: " + b"b" * 200_000 + b"\r\n\r\n")),
    "sends too many headers": ("too_large", sends(OK + b"X-A: b\r\n" * 50_000 + b"\r\n")),
    "announces too much": ("too_large", sends(OK + b"Content-Length: 9999999999\r\n\r\n")),
    "floods": ("too_large", drips(OK + b"\r\n", b"x" * 65536, every_s=0.0)),
    "floods in one-byte chunks": (
        "timeout",
        drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9000, every_s=0.0),
    ),
    "speaks another protocol": ("bad_answer", sends(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")),
    "speaks HTTP/0.9": ("bad_answer", sends(b"<html>hello</html>\r\n\r\n")),
    "sends a control character": ("bad_answer", sends(OK + b"X-A: \x00\r\nContent-Length: 0\r\n\r\n")),
    "contradicts its length": ("bad_answer", sends(OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\ntext")),
    "gives a negative length": ("bad_answer", sends(OK + b"Content-Length: -4\r\n\r\ntext")),
    "switches protocols": ("bad_answer", sends(b"HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")),
    "sends brotli": ("bad_encoding", sends(OK + b"Content-Encoding: br\r\nContent-Length: 4\r\n\r\ntext")),
    "sends text as gzip": ("bad_encoding", sends(OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\ntext")),
    "sends half a gzip": ("truncated", sends(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"text")[:-4])),
    "sends nothing": ("empty", sends(OK + b"Content-Length: 0\r\n\r\n")),
    "refuses at length": ("http_403", drips(b"HTTP/1.1 403 No\r\n\r\n", b"no " * 5000, every_s=0.0)),
    "refuses in brotli": ("http_403", sends(b"HTTP/1.1 403 No\r\nContent-Encoding: br\r\n\r\nxx")),
}


async def stops(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await says_nothing(writer)


@pytest.mark.parametrize("case", HOSTILE)
async def test_each_ends_in_time_with_its_reason(case: str, http: HttpClient) -> None:
    reason, script = HOSTILE[case]
    async with raw_server(script) as server, asyncio.timeout(10.0):
        with pytest.raises(FetchError) as caught:
            await http.fetch(server.url)

    assert caught.value.reason == reason
    assert caught.value.url == server.url
    assert caught.value.seconds < 4.0


@pytest.mark.parametrize("case", HOSTILE)
async def test_none_leaves_a_file_behind(case: str, http: HttpClient, tmp_path: Path) -> None:
    reason, script = HOSTILE[case]
    async with raw_server(script) as server, asyncio.timeout(10.0):
        with pytest.raises(FetchError) as caught:
            await http.download(server.url, tmp_path)

    assert (caught.value.reason, names(tmp_path)) == (reason, [])


@pytest.mark.parametrize("case", [case for case, (reason, _) in HOSTILE.items() if reason in ("connect", "truncated")])
async def test_a_host_that_fails_once_is_asked_again_and_then_believed(case: str, tmp_path: Path) -> None:
    good = sends(OK + b"Content-Length: 4\r\n\r\ntext")
    async with raw_server(HOSTILE[case][1], good) as server, client(max_tries=3) as http:
        download = await http.download(server.url, tmp_path)

    assert (download.path.read_bytes(), names(tmp_path)) == (b"text", [download.sha256])
    assert server.connections == 2


async def test_nobody_there_is_no_connection(http: HttpClient) -> None:
    async with raw_server(sends(b"")) as server:
        pass
    with pytest.raises(FetchError, match="connect"):
        await http.fetch(server.url)


@asynccontextmanager
async def greeter(greeting: bytes) -> AsyncGenerator[str]:
    """Serve a port that says one thing to everyone and then nothing."""
    transports: list[asyncio.Transport] = []

    class Greeter(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            transports.append(transport)
            transport.write(greeting)

    listener = await asyncio.get_running_loop().create_server(Greeter, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    finally:
        listener.close()
        for transport in transports:
            transport.close()
        await listener.wait_closed()


async def test_a_host_that_speaks_plain_text_where_tls_was_asked_is_no_connection(http: HttpClient) -> None:
    async with greeter(b"220 mail.example ESMTP\r\n") as url:
        with pytest.raises(FetchError, match="connect"):
            await http.fetch(url)


@pytest.mark.parametrize("limit", ["connect_timeout_s", "total_timeout_s"])
async def test_a_handshake_that_never_ends_does(limit: str) -> None:
    async with greeter(b"") as url, client(**{limit: 0.2}) as http:
        with pytest.raises(FetchError, match="timeout"):
            await http.fetch(url)


async def test_a_cancelled_handshake_leaves_no_connection_open() -> None:
    async with greeter(b"") as url, client(total_timeout_s=60.0) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await http.fetch(url)
        gc.collect()


async def test_a_host_that_floods_tiny_chunks_does_not_keep_the_loop(http: HttpClient) -> None:
    clock = asyncio.get_running_loop().time
    lags: list[float] = []

    async def watch() -> None:
        while True:
            before = clock()
            await asyncio.sleep(0.005)
            lags.append(clock() - before)

    async with raw_server(HOSTILE["floods in one-byte chunks"][1]) as server, asyncio.TaskGroup() as group:
        watcher = group.create_task(watch())
        with pytest.raises(FetchError):
            await http.fetch(server.url)
        watcher.cancel()

    assert sorted(lags)[len(lags) // 2] < 0.1


def bare_bomb(mebibytes: int) -> bytes:
    """Return deflated zeros: one mebibyte, compressed once and repeated."""
    packer = zlib.compressobj(9, wbits=-15)
    return (packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)) * mebibytes


BOMBS = {"deflate": bare_bomb(1024), "gzip": b"\x1f\x8b\x08" + bytes(7) + bare_bomb(1024)}


@pytest.mark.parametrize("encoding", BOMBS)
async def test_a_gibibyte_in_a_mebibyte_is_refused_in_little_memory(encoding: str, tmp_path: Path) -> None:
    data = BOMBS[encoding]
    assert len(data) < 2 * MIB
    answer = sends(OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
    limits = {"max_download_bytes": 8 * MIB, "max_inflated_bytes": 64 * MIB, "max_page_bytes": 8 * MIB}
    async with raw_server(answer) as server, client(total_timeout_s=60.0, idle_timeout_s=30.0, **limits) as http:
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for asking in (http.fetch(server.url), http.download(server.url, tmp_path)):
            with pytest.raises(FetchError, match="bad_encoding"):
                await asking
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak - before < 24 * MIB
    assert names(tmp_path) == []


@pytest.mark.parametrize("data", [b"x" * 5_000_000, b"x"])
async def test_a_download_may_be_cancelled_at_any_moment(data: bytes, tmp_path: Path) -> None:
    answer = sends(OK + b"Content-Length: %d\r\n\r\n" % len(data) + data)
    kept = 0
    async with raw_server(answer) as server, client(max_download_bytes=8 * MIB, total_timeout_s=30.0) as http:
        for step in range(40):
            task = asyncio.ensure_future(http.download(server.url, tmp_path))
            for _ in range(step):
                await asyncio.sleep(0)
            await asyncio.sleep(step / 2000)
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result().path.unlink()
                kept += 1
            assert names(tmp_path) == [], step

        assert (await http.download(server.url, tmp_path)).size == len(data)
    assert kept < 40


async def test_a_client_that_closes_ends_what_is_under_way(tmp_path: Path) -> None:
    async with raw_server(HOSTILE["drips bodies"][1]) as server:
        async with client(total_timeout_s=30.0) as http:
            task = asyncio.ensure_future(http.download(server.url, tmp_path))
            await server.asked.wait()
        await asyncio.wait([task])

    assert isinstance(task.exception(), FetchError)
    assert names(tmp_path) == []
