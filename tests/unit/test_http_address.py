"""Only http(s), only the public internet: whatever the spelling, and also after a redirect."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FetchError
from core.http import HttpClient
from core.http.address import is_public, lane, parse
from core.settings import Settings
from tests.fakeweb import FakeWire

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

NAMES = {
    "public.example": ["93.184.216.34"],
    "six.example": ["2606:2800:220:1::1"],
    "localhost": ["127.0.0.1", "::1"],
    "internal.example": ["10.0.0.5"],
    "metadata.example": ["169.254.169.254"],
    "azure.example": ["168.63.129.16"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "sixtofour.example": ["2002:7f00:1::"],
    "carrier.example": ["100.64.0.1"],
    "zero.example": ["0.0.0.0"],
    "scoped.example": ["fe80::1%eth0"],
    "private.example": ["192.168.0.1", "10.0.0.1", "fd00::1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
}

BAD_URLS = [
    "",
    "paper.pdf",
    "//public.example/",
    "http://",
    "http:///paper.pdf",
    "ftp://public.example/",
    "file:///etc/passwd",
    "gopher://public.example:70/_x",
    "data:text/plain,x",
    "javascript:alert(1)",
    "http://user@public.example/",
    "http://user:word@public.example/",
    "http://public.example@127.0.0.1/",
    "http://public.example:80@127.0.0.1/",
    "http://public.example\\@127.0.0.1/",
    "http://public.example\\.internal.example/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.0.0.1.2/",
    "http://127.0.0.256/",
    "http://public.example.0x7f/",
    "http://%31%32%37.0.0.1/",
    "http://\u2460\u2461\u2466.0.0.1/",
    "http://public..example/",
    "http://-.example/",
    "http://pub lic.example/",
    "http://public.example\r\nHost: internal/",
    "http://public.example:0/",
    "http://public.example:99999/",
    "http://public.example:http/",
    "http://[::1/",
    "http://[fe80::1%25eth0]/",
    "http://xn--zz.example/" + "a" * 70_000,
    "http://" + "a" * 300 + ".example/",
]

BLOCKED = [
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "http://127.8.9.10/",
    "http://127.0.0.1./",
    "http://127.0.0.1#@public.example/",
    "http://127\u30020\u30020\u30021/",
    "http://127\uff0e0\uff0e0\uff0e1/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.31.255.254/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://203.0.113.7/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:93.184.216.34]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:1::1]/",
    "http://[2001:db8::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    *(f"http://{name}/" for name in NAMES if name not in ("public.example", "six.example", "localhost")),
    "http://public.example:22/",
    "http://public.example:25/",
    "http://public.example:6379/",
    "https://93.184.216.34:8002/",
]

CASES = [("bad_url", url) for url in BAD_URLS] + [("blocked_address", url) for url in BLOCKED]


async def resolve(host: str) -> Sequence[str]:
    return NAMES[host]


def client(wire: FakeWire, **settings: Any) -> HttpClient:
    return HttpClient(Settings(acquisition_delay_s=0, **settings), resolve=resolve, backend=wire, tls=TLS)


def reply(status: str, *headers: str, body: str = "") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", body]).encode()


@pytest.mark.parametrize(("reason", "url"), CASES)
async def test_nothing_but_public_web_servers_is_connected_to(reason: str, url: str) -> None:
    wire = FakeWire()
    async with client(wire) as http:
        with pytest.raises(FetchError) as caught:
            await http.fetch(url)

    assert caught.value.reason == reason
    assert wire.connected == []


#: In a Location these mean something else: the same host, the next header.
RELATIVE = (
    "",
    "paper.pdf",
    "//public.example/",
    "http://",
    "http:///paper.pdf",
    next(url for url in BAD_URLS if "\r\n" in url),
)


@pytest.mark.parametrize(("reason", "url"), [case for case in CASES if case[1] not in RELATIVE])
async def test_a_redirect_leads_no_further_than_a_first_request(reason: str, url: str) -> None:
    wire = FakeWire(b"HTTP/1.1 302 Found\r\nLocation: " + url.encode() + b"\r\nContent-Length: 0\r\n\r\n")
    async with client(wire) as http:
        with pytest.raises(FetchError) as caught:
            await http.fetch("http://public.example/")

    assert caught.value.reason in (reason, "bad_answer")  # an oversized header is refused before it is a URL
    assert wire.connected == [("93.184.216.34", 80)]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://public.example/", ("93.184.216.34", 80)),
        ("http://93.184.216.34/", ("93.184.216.34", 80)),
        ("http://public.example:8080/", ("93.184.216.34", 8080)),
        ("http://public.example:8443/", ("93.184.216.34", 8443)),
        ("http://six.example/", ("2606:2800:220:1::1", 80)),
        ("http://PUBLIC.example./", ("93.184.216.34", 80)),
    ],
)
async def test_public_web_servers_are_connected_to_by_the_address_that_was_judged(
    url: str, address: tuple[str, int]
) -> None:
    wire = FakeWire(reply("200 OK", body="text"))
    async with client(wire) as http:
        page = await http.fetch(url)

    assert (page.text, wire.connected) == ("text", [address])


async def test_a_name_with_public_and_private_addresses_is_asked_at_the_public_ones() -> None:
    async def mixed(host: str) -> Sequence[str]:
        return ["127.0.0.1", "93.184.216.34", "10.0.0.1"]

    wire = FakeWire(reply("200 OK", body="text"))
    async with HttpClient(Settings(), resolve=mixed, backend=wire, tls=TLS) as http:
        await http.fetch("http://mixed.example/")

    assert wire.connected == [("93.184.216.34", 80)]


async def test_a_name_that_changes_its_address_between_two_look_ups_gains_nothing() -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"]]

    async def rebinding(host: str) -> Sequence[str]:
        return answers.pop(0)

    wire = FakeWire(reply("302 Found", "Connection: close", "Location: /again"))
    async with HttpClient(Settings(acquisition_delay_s=0), resolve=rebinding, backend=wire, tls=TLS) as http:
        with pytest.raises(FetchError, match="blocked_address"):
            await http.fetch("http://rebinding.example/")

    assert wire.connected == [("93.184.216.34", 80)]


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def two(host: str) -> Sequence[str]:
        return ["2606:2800:220:1::1", "93.184.216.34"]

    wire = FakeWire(reply("200 OK", body="text"))
    wire.dead.add("2606:2800:220:1::1")
    async with HttpClient(Settings(), resolve=two, backend=wire, tls=TLS) as http:
        await http.fetch("http://two.example/")

    assert wire.connected == [("2606:2800:220:1::1", 80), ("93.184.216.34", 80)]


async def test_allowed_networks_are_reachable_on_any_port_and_nothing_else_is() -> None:
    wire = FakeWire(reply("200 OK", body="text"))
    async with client(wire, allow_networks=("127.0.0.0/8",)) as http:
        await http.fetch("http://127.0.0.1:8123/")
        for url in ("http://10.0.0.1:8123/", "http://[::ffff:127.0.0.1]:8123/", "http://public.example:8123/"):
            with pytest.raises(FetchError, match="blocked_address"):
                await http.fetch(url)

    assert wire.connected == [("127.0.0.1", 8123)]


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "2620:4f::1"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "canonical", "key"),
    [
        ("HTTP://Example.ORG:80/a#part", "http://example.org/a", "example.org"),
        ("https://example.org:443/?q=1", "https://example.org/?q=1", "example.org"),
        (" https://example.org:8443/ ", "https://example.org:8443/", "example.org:8443"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://example.org/a b/\u00fc", "https://example.org/a%20b/%C3%BC", "example.org"),
    ],
)
def test_a_url_has_one_canonical_form_and_one_line_to_wait_in(url: str, canonical: str, key: str) -> None:
    parsed = parse(url)

    assert parsed.raw_host.decode() in canonical
    assert str(parsed) in (canonical, canonical.replace("xn--bcher-kva", "b\u00fccher"))
    assert lane(parsed) == key


HOSTS = st.text("abc019.-_:[]%@\\/ xX\u3002\uff0e\u00fc\u2460", max_size=20)
REST = st.text("ab/.?#&=%@\\ \u00fc", max_size=20)


def parsed_or_none(text: str, base: httpx.URL | None) -> httpx.URL | None:
    try:
        return parse(text, base=base)
    except FetchError:
        return None


@pytest.mark.parametrize("base", [None, httpx.URL("https://a.example/b/c?d")])
@given(
    text=st.text(max_size=40) | st.builds("http://{}{}".format, HOSTS, REST) | st.builds("//{}{}".format, HOSTS, REST)
)
def test_any_text_is_a_url_in_canonical_form_or_a_bad_one(base: httpx.URL | None, text: str) -> None:
    parsed = parsed_or_none(text, base)

    if parsed is not None:
        assert parse(str(parsed)) == parsed
        assert parsed.scheme in ("http", "https")
        assert parsed.host


async def test_a_service_client_reaches_its_own_origin_and_no_other() -> None:
    wire = FakeWire(reply("200 OK", body="text"))
    async with client(wire) as http:
        service = http.service("http://127.0.0.1:8002/base")
        await service.fetch("http://127.0.0.1:8002/health")
        for url in (
            "http://127.0.0.1:8003/",
            "http://127.0.0.2:8002/",
            "https://127.0.0.1:8002/",
            "http://localhost:8002/",
            "http://public.example/",
        ):
            with pytest.raises(FetchError, match="blocked_address"):
                await service.fetch(url)
        with pytest.raises(FetchError, match="blocked_address"):
            await http.fetch("http://127.0.0.1:8002/health")

    assert wire.connected == [("127.0.0.1", 8002)]
