"""A key never appears in a log line, an error, a repr, or in a request to somebody else."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence

import httpcore
import pytest

from core.errors import FetchError, SettingsError
from core.http import HttpClient, redact
from core.http.redact import quiet
from core.settings import Settings
from tests.fakeweb import FakeWire

CANARY = "C4N4RY"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/p?q=1", "https://a.example/p?q=1"),
        ("https://a.example/p?api_key=x&q=1", "https://a.example/p?api_key=***&q=1"),
        ("https://a.example/p?q=1&API-KEY=x", "https://a.example/p?q=1&API-KEY=***"),
        ("https://a.example/p?apikey=x;token=y", "https://a.example/p?apikey=***;token=***"),
        ("https://a.example/p?api%5Fkey=x", "https://a.example/p?api%5Fkey=***"),
        ("https://a.example/p?access_token=x", "https://a.example/p?access_token=***"),
        ("https://a.example/p?mailto=me@x.org&email=me", "https://a.example/p?mailto=***&email=***"),
        ("https://a.example/p?X-Amz-Signature=x&X-Amz-Date=1", "https://a.example/p?X-Amz-Signature=***&X-Amz-Date=1"),
        ("https://a.example/p?keyword=x&author=y&key=", "https://a.example/p?keyword=x&author=y&key="),
        (
            "https://a.example/p?authorization=x&author_name=y&authors=z",
            "https://a.example/p?authorization=***&author_name=y&authors=z",
        ),
        ("https://a.example/p?q=1?token=x", "https://a.example/p?q=1?token=***"),
        ("https://user:word@a.example/p", "https://a.example/p"),
        ("https://a.example/p#token=x", "https://a.example/p"),
        ("//user@a.example/?sid=x", "//a.example/?sid=***"),
        ("http://[::1?token=x", "http://[::1?token=***"),
    ],
)
def test_keys_and_addresses_of_people_are_taken_out_of_what_is_shown(url: str, shown: str) -> None:
    assert redact(url) == shown


async def resolve(host: str) -> Sequence[str]:
    return ["93.184.216.34"]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext"
ECHO = (
    b"HTTP/1.1 302 Found\r\nLocation: /"
    + CANARY.encode()
    + b"/b?x="
    + CANARY.encode()
    + b"\r\nContent-Length: 0\r\n\r\n"
)
FAILURES = [
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n" + CANARY.encode(),
    ECHO,
    b"HTTP/1.1 302 Found\r\nLocation: http://me:" + CANARY.encode() + b"@b.example/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://b.example:" + CANARY.encode() + b"/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/?key=" + CANARY.encode() + b"\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ntext",
    b"",
]


def everything(error: BaseException) -> str:
    fields = {name: value for name, value in vars(error).items() if name != "head"}
    return f"{error} {error!r} {fields} {''.join(traceback.format_exception(error))}"


@pytest.mark.parametrize("answer", FAILURES)
async def test_no_error_and_no_log_line_shows_a_key(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(max_tries=1, acquisition_delay_s=0)
    wire = FakeWire(answer, b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
    async with HttpClient(settings, resolve=resolve, backend=wire) as http:
        with pytest.raises(FetchError) as caught:
            await http.fetch(
                "http://a.example/", params={"api_key": CANARY, "q": 1}, headers={"x-api-key": CANARY, "cookie": CANARY}
            )

    assert CANARY not in everything(caught.value)
    assert CANARY not in caplog.text
    assert "a.example/?api_key=***&q=1" in everything(caught.value)


async def test_no_result_shows_a_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with HttpClient(Settings(acquisition_delay_s=0), resolve=resolve, backend=FakeWire(ECHO, OK)) as http:
        page = await http.fetch(f"http://a.example/?token={CANARY}")

    assert CANARY not in f"{page!r} {page.url} {page.hops} {caplog.text}"
    assert "core.http" in caplog.text


@pytest.mark.parametrize(
    "url",
    [f"http://me:{CANARY}@a.example/", f"http://a.example:{CANARY}/", f"{CANARY}", f"http://a.example/\0?key={CANARY}"],
)
async def test_an_unusable_url_is_not_quoted(url: str) -> None:
    async with HttpClient(Settings(), resolve=resolve, backend=FakeWire()) as http:
        with pytest.raises(FetchError) as caught:
            await http.fetch(url)

    assert CANARY not in everything(caught.value)


@pytest.mark.parametrize("value", [f"{CANARY}\n", f"{CANARY}\r\nHost: b", f"{CANARY}\u00fc", f"{CANARY}\0"])
async def test_a_header_that_cannot_be_sent_is_a_setting_to_correct_and_is_not_quoted(value: str) -> None:
    async with HttpClient(Settings(), resolve=resolve, backend=FakeWire()) as http:
        with pytest.raises(SettingsError, match="x-api-key") as caught:
            await http.fetch("http://a.example/", headers={"x-api-key": value})

    assert CANARY not in everything(caught.value)


def test_silencing_httpcores_headers_twice_is_silencing_them_once() -> None:
    quiet()
    quiet()

    assert len(logging.getLogger("httpcore.http11").filters) == 1
    assert httpcore.__version__.startswith("1.")
