"""Foreign errors become `FetchError`, most specific first."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import httpcore
import httpx

from core.errors import FetchError

#: Reason of each foreign error before and after the head of the answer has arrived. A broken connection is "connect"
#: before and "truncated" after. httpx's StreamError and CookieConflict are not here: they would be bugs of ours.
_RULES: tuple[tuple[type[Exception], str, str], ...] = (
    (httpx.InvalidURL, "bad_url", "bad_url"),
    (httpx.UnsupportedProtocol, "bad_url", "bad_url"),
    (httpcore.UnsupportedProtocol, "bad_url", "bad_url"),
    (httpx.TooManyRedirects, "redirect_loop", "redirect_loop"),
    (httpx.DecodingError, "bad_encoding", "bad_encoding"),
    (httpx.TimeoutException, "timeout", "timeout"),
    (httpcore.TimeoutException, "timeout", "timeout"),
    (httpx.LocalProtocolError, "bad_url", "bad_url"),
    (httpcore.LocalProtocolError, "bad_url", "bad_url"),
    (httpx.ProtocolError, "bad_answer", "truncated"),
    (httpcore.ProtocolError, "bad_answer", "truncated"),
    (httpx.HTTPStatusError, "bad_answer", "bad_answer"),
    (httpx.HTTPError, "connect", "truncated"),
    (httpcore.NetworkError, "connect", "truncated"),
    (httpcore.ProxyError, "connect", "connect"),
    (httpcore.ConnectionNotAvailable, "connect", "connect"),
)
FOREIGN = tuple(rule[0] for rule in _RULES)


def reason(error: Exception, *, answering: bool) -> str:
    """Return the reason out of `core.errors.REASONS` that a foreign `error` stands for."""
    before, after = next(rule[1:] for rule in _RULES if isinstance(error, rule[0]))
    if before == "bad_answer" and not answering and isinstance(error, httpcore.RemoteProtocolError):
        return _protocol_reason(error)
    return after if answering else before


def _protocol_reason(error: httpcore.RemoteProtocolError) -> str:
    """Tell a host that hung up from one that talks nonsense or too much: h11 says which, httpcore says the first."""
    hint = getattr(error.__cause__ or error.__context__, "error_status_hint", None)
    return {None: "connect", 431: "too_large"}.get(hint, "bad_answer")


@contextmanager
def translated(*, answering: bool) -> Generator[None]:
    """Raise `FetchError` for every foreign error inside."""
    try:
        yield
    except FOREIGN as error:
        detail = f"{type(error).__name__}: {error}"[:200]
        raise FetchError(reason(error, answering=answering), detail) from error
