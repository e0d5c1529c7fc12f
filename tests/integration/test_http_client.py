"""The client against ordinary servers: what is sent, what comes back, and who may be reached."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import socket
import ssl
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from core.errors import FetchError
from core.http import HttpClient
from core.settings import MIB, Settings
from tests.rawserver import raw_server, says_nothing, sends

BLOCK = bytes(range(256)) * 256


@dataclass
class Site:
    """A small web site that counts how many ask it at a time."""

    url: str = ""
    now: int = 0
    most: int = 0
    clients: set[object] = field(default_factory=set)
    full: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> Starlette:
        methods = ["GET", "POST"]
        paths = {"/echo": self.echo, "/busy": self.busy, "/big": self.big, "/gzip": self.gzip, "/away": self.away}
        return Starlette(routes=[Route(path, endpoint, methods=methods) for path, endpoint in paths.items()])

    async def echo(self, request: Request) -> Response:
        self.clients.add(request.client)
        said = {"method": request.method, "query": dict(request.query_params), "headers": dict(request.headers)}
        body = (await request.body()).decode()
        return JSONResponse(said | {"body": body}, status_code=int(request.query_params.get("status", 200)))

    async def busy(self, request: Request) -> Response:
        """Answer when sixteen ask at a time, or when nobody else has come in a while."""
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == 16:
            self.full.set()
        if "alone" not in request.query_params:
            await self.full.wait()
        self.now -= 1
        return Response("done")

    async def big(self, request: Request) -> Response:
        async def blocks() -> AsyncIterator[bytes]:
            for _ in range(int(request.query_params["blocks"])):
                yield BLOCK

        return StreamingResponse(blocks(), media_type="application/PDF; x=y")

    async def gzip(self, request: Request) -> Response:
        return Response(gzip.compress(b"full text"), headers={"content-encoding": "gzip"})

    async def away(self, request: Request) -> Response:
        return RedirectResponse(request.query_params["to"])


@asynccontextmanager
async def serving(site: Site, host: str = "127.0.0.1") -> AsyncGenerator[Site]:
    server = uvicorn.Server(uvicorn.Config(site.app(), log_config=None, lifespan="off", ws="none"))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    with socket.create_server((host, 0)) as listener:
        await server.startup(sockets=[listener])
        site.url = f"http://{host}:{listener.getsockname()[1]}"
        try:
            yield site
        finally:
            await server.shutdown(sockets=[listener])


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with serving(Site()) as running:
        yield running


def settings(**changes: Any) -> Settings:
    usual: dict[str, Any] = {"allow_networks": ("127.0.0.0/8",), "acquisition_delay_s": 0, "max_tries": 1}
    return Settings(**(usual | changes))


async def test_a_request_says_who_asks_and_asks_for_plain_bytes(site: Site) -> None:
    async with HttpClient(settings(contact_email="me@lab.example")) as http:
        page = await http.fetch(f"{site.url}/echo?a=1", params={"b": "x y", "c": 2}, headers={"Accept": "text/html"})

    said = page.json()
    assert said["query"] == {"a": "1", "b": "x y", "c": "2"}
    assert said["headers"]["user-agent"] == "academic-lit-review/0.1.0 (+mailto:me@lab.example)"
    assert said["headers"]["accept-encoding"] == "identity"
    assert said["headers"]["accept"] == "text/html"
    assert "cookie" not in said["headers"]
    assert (page.status, page.media_type, page.hops) == (200, "application/json", ())
    assert page.headers["content-type"] == "application/json"


async def test_a_post_carries_json(site: Site) -> None:
    async with HttpClient(settings()) as http:
        page = await http.fetch(f"{site.url}/echo?status=202", method="post", json={"doi": "10.1/x"})

    assert (page.status, page.json()["body"], page.json()["method"]) == (202, '{"doi":"10.1/x"}', "POST")


async def test_connections_are_used_again(site: Site) -> None:
    async with HttpClient(settings()) as http:
        for _ in range(3):
            await http.fetch(f"{site.url}/echo")

    assert len(site.clients) == 1


async def test_a_connection_the_host_has_closed_meanwhile_is_replaced() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext"
    async with raw_server(sends(answer)) as server, HttpClient(settings(max_tries=2, retry_base_s=0)) as http:
        for _ in range(3):
            assert (await http.fetch(server.url)).text == "text"


async def test_a_large_file_is_streamed_to_disk_and_named_by_its_hash(site: Site, tmp_path: Path) -> None:
    async with HttpClient(settings()) as http:
        got = await http.download(f"{site.url}/big?blocks=100", tmp_path)

    assert got.path == tmp_path / hashlib.sha256(BLOCK * 100).hexdigest()
    assert got.path.read_bytes() == BLOCK * 100
    assert (got.size, got.head, got.media_type) == (len(BLOCK) * 100, BLOCK[:4096], "application/pdf")
    assert [path.name for path in tmp_path.iterdir()] == [got.sha256]


async def test_a_smaller_limit_may_be_asked_for(site: Site, tmp_path: Path) -> None:
    async with HttpClient(settings()) as http:
        for asking in (
            http.download(f"{site.url}/big?blocks=100", tmp_path, max_bytes=MIB),
            http.fetch(f"{site.url}/big?blocks=100", max_bytes=MIB),
        ):
            with pytest.raises(FetchError, match="too_large"):
                await asking

    assert list(tmp_path.iterdir()) == []


async def test_the_same_bytes_downloaded_twice_at_once_are_two_files(site: Site, tmp_path: Path) -> None:
    async with HttpClient(settings(host_concurrency=4)) as http, asyncio.TaskGroup() as group:
        tasks = [group.create_task(http.download(f"{site.url}/big?blocks=1", tmp_path)) for _ in range(4)]

    assert len({task.result().path for task in tasks}) == 4
    assert {task.result().path.read_bytes() for task in tasks} == {BLOCK}


async def test_what_a_server_compresses_unasked_is_inflated(site: Site, tmp_path: Path) -> None:
    async with HttpClient(settings()) as http:
        assert (await http.fetch(f"{site.url}/gzip")).text == "full text"
        assert (await http.download(f"{site.url}/gzip", tmp_path)).head == b"full text"


async def test_strangers_are_asked_one_at_a_time(site: Site) -> None:
    async with HttpClient(settings()) as http, asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(http.fetch(f"{site.url}/busy?alone"))

    assert site.most == 1


async def test_a_service_is_asked_sixteen_times_at_a_time_without_pace(site: Site) -> None:
    async with HttpClient(settings(acquisition_delay_s=60)) as http, asyncio.timeout(10.0):
        service = http.service(site.url)
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(service.fetch(f"{site.url}/busy"))

    assert site.most == 16


async def test_a_service_on_loopback_needs_no_allowance_and_lends_none(site: Site) -> None:
    async with HttpClient(settings(allow_networks=())) as http:
        service = http.service(site.url)

        assert (await service.fetch(f"{site.url}/echo")).status == 200
        with pytest.raises(FetchError, match="blocked_address"):
            await http.fetch(f"{site.url}/echo")


async def test_a_page_cannot_send_the_general_client_to_the_service(site: Site) -> None:
    async with serving(Site(), "127.0.0.2") as page, HttpClient(settings(allow_networks=("127.0.0.2/32",))) as http:
        await http.service(site.url).fetch(f"{site.url}/echo")
        with pytest.raises(FetchError) as caught:
            await http.fetch(f"{page.url}/away", params={"to": f"{site.url}/echo"})

    assert caught.value.reason == "blocked_address"
    assert caught.value.hops[0].startswith(f"{page.url}/away")


async def test_a_service_does_not_send_its_client_anywhere(site: Site) -> None:
    async with HttpClient(settings()) as http:
        with pytest.raises(FetchError, match="http_307"):
            await http.service(site.url).fetch(f"{site.url}/away", params={"to": f"{site.url}/echo"})


async def test_a_service_has_short_timeouts_of_its_own() -> None:
    async with raw_server(says_nothing) as server, HttpClient(settings()) as http:
        service = http.service(server.url, timeout_s=0.2)
        async with asyncio.timeout(5.0):
            with pytest.raises(FetchError, match="timeout"):
                await service.fetch(server.url)


async def test_clients_work_inside_their_block_only(site: Site) -> None:
    http = HttpClient(settings())
    for early in (lambda: http.service(site.url), lambda: http.parked("a.example")):
        with pytest.raises(RuntimeError, match="client"):
            early()
    async with http:
        service = http.service(site.url)
    for late in (http, service):
        with pytest.raises(RuntimeError, match="client"):
            await late.fetch(f"{site.url}/echo")


async def test_a_service_client_may_be_closed_early(site: Site) -> None:
    async with HttpClient(settings()) as http:
        async with http.service(site.url) as service:
            await service.fetch(f"{site.url}/echo")
        assert (await http.fetch(f"{site.url}/echo")).status == 200


async def test_proxies_and_certificates_of_the_environment_are_ignored(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    async with HttpClient(settings()) as http:
        assert (await http.fetch(f"{site.url}/echo")).status == 200


async def test_names_are_resolved_by_the_system(site: Site) -> None:
    async with HttpClient(settings(allow_networks=("127.0.0.0/8", "::1/128"))) as http:
        assert (await http.fetch(site.url.replace("127.0.0.1", "localhost") + "/echo")).status == 200


async def test_a_name_that_does_not_exist_is_a_dns_failure() -> None:
    async def unknown(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def nowhere(host: str) -> Sequence[str]:
        return []

    for resolve in (unknown, nowhere):
        async with HttpClient(settings(), resolve=resolve) as http:
            with pytest.raises(FetchError, match="dns: a"):
                await http.fetch("http://a.example/")


async def test_a_resolver_that_hangs_is_left_after_the_connect_timeout() -> None:
    async def hangs(host: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with HttpClient(settings(connect_timeout_s=0.1), resolve=hangs) as http, asyncio.timeout(5.0):
        with pytest.raises(FetchError, match="timeout"):
            await http.fetch("http://a.example/")


@dataclass(frozen=True)
class Authority:
    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make a certificate for paper.example that only its own client trusts."""
    if which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=paper.example"
    names = f"-addext subjectAltName=DNS:paper.example -keyout {key} -out {cert}"
    subprocess.run(f"{command} {names}".split(), check=True, capture_output=True, timeout=30)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    return Authority(server, ssl.create_default_context(cafile=str(cert)))


async def to_loopback(host: str) -> Sequence[str]:
    return ["127.0.0.1"]


OK = sends(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext")


async def test_a_certificate_is_checked_against_the_name_although_the_address_is_connected_to(
    authority: Authority,
) -> None:
    asked: list[str | None] = []
    authority.server.sni_callback = lambda _, name, __: asked.append(name)
    http = HttpClient(settings(), resolve=to_loopback, tls=authority.client)
    async with raw_server(OK, tls=authority.server) as server, http:
        page = await http.fetch(f"https://paper.example:{server.port}/")
        with pytest.raises(FetchError, match="connect"):
            await http.fetch(f"https://other.example:{server.port}/")

    assert page.text == "text"
    assert asked == ["paper.example", "other.example"]


async def test_a_certificate_nobody_vouches_for_is_no_connection(authority: Authority) -> None:
    async with raw_server(OK, tls=authority.server) as server, HttpClient(settings(), resolve=to_loopback) as http:
        with pytest.raises(FetchError, match="connect"):
            await http.fetch(f"https://paper.example:{server.port}/")
