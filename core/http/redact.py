"""What must never reach a log, an error or another host: keys, passwords and addresses of people."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from urllib.parse import unquote_plus

import httpx

#: Names of query parameters whose values are secrets, or the user's mail address. `keyword` and `author` are not.
_SECRET = re.compile(
    r"key(?!w)|token|secret|passw|pwd|signature|credential|session|mail|jwt|auth(?!ors?(_|\b))|^(sig|sid)$", re.I
)
_PARAMETER = re.compile(r"([?&;])([^?=&;#]*)=([^?&;#]*)")
_USERINFO = re.compile(r"//[^/?#]*@")

#: Headers that may follow a redirect to another host; everything else a caller gives stays with the host it is for.
SAFE_HEADERS = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})
_COMMON_HEADERS = SAFE_HEADERS | {"connection", "content-length", "content-type", "host"}


def redact(url: str | httpx.URL, values: frozenset[str] = frozenset()) -> str:
    """Return `url` without user name, fragment, `values` and the values of parameters that look like keys."""
    bare = _USERINFO.sub("//", str(url).partition("#")[0])
    for value in values:
        bare = bare.replace(value, "***")
    return _PARAMETER.sub(lambda match: _hidden(*match.groups()), bare)


def _hidden(separator: str, name: str, value: str) -> str:
    return f"{separator}{name}={'***' if _is_secret(name) and value else value}"


def _is_secret(name: str) -> bool:
    return _SECRET.search(unquote_plus(name)) is not None


def secrets(url: httpx.URL, headers: Mapping[str, str]) -> frozenset[str]:
    """Return the values in a request that only its own host may see; what is shorter than six letters is no key."""
    queried = [value for name, value in url.params.multi_items() if _is_secret(name)]
    headed = [word for name, value in headers.items() if name not in _COMMON_HEADERS for word in value.split()[-1:]]
    return frozenset(value for value in queried + headed if len(value) >= 6)


def without(url: httpx.URL, values: frozenset[str]) -> httpx.URL:
    """Return `url` without the parameters that carry one of `values`: a host may echo our key into its redirect."""
    kept = [(name, text) for name, text in url.params.multi_items() if not any(value in text for value in values)]
    return url if len(kept) == len(url.params.multi_items()) else url.copy_with(params=kept)


def quiet() -> None:
    """Keep httpcore's debug log from printing answer headers, in which a host may echo a key."""
    for name in ("httpcore.http11", "httpcore.connection"):
        logging.getLogger(name).addFilter(_no_headers)


def _no_headers(record: logging.LogRecord) -> bool:
    return "receive_response_headers" not in record.getMessage()
