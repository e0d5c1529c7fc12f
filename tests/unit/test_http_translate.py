"""No foreign error gets out: each becomes a `FetchError` whose reason is on the list."""

from __future__ import annotations

import httpcore
import httpx
import pytest

from core.errors import FetchError, known_reason
from core.http.translate import translated


def subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


def exceptions(module: object) -> set[type[Exception]]:
    return {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Exception)}


#: Raised only when a response is misused: a bug of ours, which must stop the run and not fail a paper.
BUGS = subclasses(httpx.StreamError) | {httpx.CookieConflict}
FOREIGN = (exceptions(httpx) | exceptions(httpcore)) - BUGS


def made(kind: type[Exception]) -> Exception:
    request = httpx.Request("GET", "https://a.example/?key=x")
    if issubclass(kind, httpx.HTTPStatusError):
        return kind("text", request=request, response=httpx.Response(500, request=request))
    return kind("text")


@pytest.mark.parametrize("answering", [False, True])
@pytest.mark.parametrize("kind", sorted(FOREIGN, key=str))
def test_every_foreign_error_is_translated(kind: type[Exception], *, answering: bool) -> None:
    foreign = made(kind)
    with pytest.raises(FetchError) as caught, translated(answering=answering):
        raise foreign

    assert known_reason(caught.value.reason)
    assert caught.value.__cause__ is foreign


@pytest.mark.parametrize("kind", [*sorted(BUGS, key=str), ValueError, KeyError])
def test_bugs_are_not(kind: type[Exception]) -> None:
    with pytest.raises(kind), translated(answering=True):
        raise (
            kind()
            if kind in (httpx.StreamConsumed, httpx.StreamClosed, httpx.ResponseNotRead, httpx.RequestNotRead)
            else kind("text")
        )


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (httpcore.ConnectError, "connect", "truncated"),
        (httpcore.ConnectTimeout, "timeout", "timeout"),
        (httpcore.PoolTimeout, "timeout", "timeout"),
        (httpcore.ReadError, "connect", "truncated"),
        (httpcore.ReadTimeout, "timeout", "timeout"),
        (httpx.ReadTimeout, "timeout", "timeout"),
        (httpcore.RemoteProtocolError, "connect", "truncated"),
        (httpx.RemoteProtocolError, "bad_answer", "truncated"),
        (httpx.DecodingError, "bad_encoding", "bad_encoding"),
        (httpx.TooManyRedirects, "redirect_loop", "redirect_loop"),
        (httpx.InvalidURL, "bad_url", "bad_url"),
        (httpx.UnsupportedProtocol, "bad_url", "bad_url"),
        (httpx.ConnectError, "connect", "truncated"),
    ],
)
def test_the_most_specific_rule_decides(kind: type[Exception], before: str, after: str) -> None:
    for answering, reason in ((False, before), (True, after)):
        with pytest.raises(FetchError) as caught, translated(answering=answering):
            raise made(kind)
        assert caught.value.reason == reason


def test_our_own_errors_pass_unchanged() -> None:
    own = FetchError("blocked_address", "private")
    with pytest.raises(FetchError) as caught, translated(answering=False):
        raise own

    assert caught.value is own
