"""What we send: who we are, and nothing HTTP cannot carry."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

import httpx

from core.errors import SettingsError
from core.http.address import parse
from core.http.policy import Policy
from core.http.upload import Upload

Params = Mapping[str, str | int | float | bool]


def build(
    policy: Policy,
    method: str,
    url: str,
    *,
    agent: str,
    params: Params | None = None,
    json: Any = None,
    upload: Upload | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Request:
    """Return the request, asking for an unencoded body; raise `bad_url` or, for a header, `SettingsError`."""
    given = {name.lower(): value for name, value in (headers or {}).items()}
    ours = {"user-agent": agent, "accept": "*/*"} | given | {"accept-encoding": "identity"}
    for name, value in ours.items():
        _refuse_unsendable(name, value)
    target = parse(url)
    if upload is not None:
        ours |= upload.headers | {"host": target.netloc.decode("ascii")}
    return httpx.Request(
        method.upper(),
        target.copy_merge_params(params) if params else target,
        headers=ours,
        json=json,
        stream=upload,
        extensions={"timeout": {"connect": policy.connect_s, "read": policy.idle_s, "write": policy.idle_s}},
    )


def _refuse_unsendable(name: str, value: str) -> None:
    """Refuse what HTTP cannot carry before h11 does: its error would quote the value, which may be a key."""
    if not (value.isascii() and value.isprintable() and name.isascii() and name.isprintable()):
        raise SettingsError(f"the header {name!r} holds characters that cannot be sent")


@cache
def _version() -> str:
    return version("academic-lit-review")


def user_agent(contact_email: str) -> str:
    """Return who we are and how to reach us, as the catalogues ask for."""
    contact = f" (+mailto:{quote(contact_email, safe='@+')})" if contact_email else ""
    return f"academic-lit-review/{_version()}{contact}"
