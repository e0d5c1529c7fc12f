"""The line to one catalogue: what it said lately is not asked again, and after refusals it is left alone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from core.errors import FetchError
from core.http import HttpClient, Page
from core.identifiers import file_key
from core.scholarly.cache import Cache
from core.scholarly.found import CatalogueError, Found, Listing, Operation
from core.settings import MIB, Settings

T = TypeVar("T")
Read = Callable[[bytes], Listing]
Params = Mapping[str, str | int]

#: A page of a hundred works with their references is below a tenth of this.
MAX_BYTES = 16 * MIB
#: A catalogue that asks for rest without saying how long, or that fails so often in a row, is left alone for a minute.
REST_S, PATIENCE = 60.0, 3
_REFUSED = frozenset({"http_429", "http_403", "host_parked"})
_PASSING = frozenset({"connect", "dns", "timeout", "truncated", "http_500", "http_502", "http_503", "http_504"})
_ABSENT = b""


class Gate(Protocol):
    """Counts what requests cost, and refuses those that would cost too much."""

    def admit(self, cost: int) -> None:
        """Raise `FetchError("budget_spent")` when `cost` credits are too many; they count as spent from now on."""

    def answered(self, page: Page, cost: int) -> None:
        """Note what an answer says of its cost."""

    def refused(self, error: FetchError, cost: int) -> FetchError:
        """Note that a request failed, and return what that means."""


class OpenGate:
    """Lets everything through: most catalogues cost nothing."""

    def admit(self, cost: int) -> None:
        """Do nothing."""

    def answered(self, page: Page, cost: int) -> None:
        """Do nothing."""

    def refused(self, error: FetchError, cost: int) -> FetchError:
        """Return `error`."""
        return error


@dataclass(frozen=True)
class Ask:
    """One request: `read` makes a `Listing` of the answer; the statuses in `absent` mean that there is none.

    `cost` is what it will probably cost, in the catalogue's credits; `client` replaces the line's own.
    """

    path: str
    read: Read
    params: Params = field(default_factory=dict)
    json: Any = None
    absent: frozenset[int] = frozenset()
    cost: int = 0
    client: HttpClient | None = None


class Line:
    """Asks one catalogue; `secret` are parameters and `headers` headers that no key, log or error may show."""

    def __init__(
        self,
        name: str,
        url: str,
        settings: Settings,
        http: HttpClient,
        cache: Cache,
        *,
        secret: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        gate: Gate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._url = url.rstrip("/")
        self._settings = settings
        self._http = http
        self._cache = cache
        self._secret = dict(secret or {})
        self._headers = dict(headers or {})
        self._gate = gate or OpenGate()
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0

    async def ask(self, ask: Ask) -> Listing | None:
        """Return the answer, None when there is none; raise `FetchError`."""
        key = self._key(ask)
        kept = await self._kept(key, ask)
        if kept is not None:
            return kept[0]
        page = await self._fetch(ask)
        listing = await self._read(page.body, ask) if page else None
        await self._cache.put(key, page.body if page else _ABSENT)
        return listing

    async def collect(self, operation: Operation, parts: AsyncGenerator[Listing], limit: int | None = None) -> Found:
        """Return everything `parts` gives, `limit` papers at most; an error ends it and is told."""
        given: list[Listing] = []
        try:
            async with aclosing(parts):
                async for part in parts:
                    given.append(part)
        except FetchError as error:
            given.append(Listing(failed=(error,)))
        failed = {error.reason: error for part in reversed(given) for error in reversed(part.failed)}
        errors = [CatalogueError.of(self.name, operation, error) for error in reversed(failed.values())]
        errors += [CatalogueError(self.name, operation, "bad_answer", text) for text in _told(given)]
        return Found(
            papers=tuple(paper for part in given for paper in part.papers)[:limit],
            total=next((part.total for part in given if part.total is not None), None),
            missing=tuple(name for part in given for name in part.missing),
            errors=tuple(errors),
        )

    def _key(self, ask: Ask) -> str:
        asked = f"{self._url}{ask.path}?{urlencode(sorted(ask.params.items()))}\n{json.dumps(ask.json, sort_keys=True)}"
        return f"{self.name}:{file_key(asked)}"

    async def _kept(self, key: str, ask: Ask) -> tuple[Listing | None] | None:
        """Return what is known still; that there is nothing is believed for a shorter time."""
        body = await self._cache.get(key, self._settings.catalogue_ttl_s)
        if body is None:
            return None
        with suppress(FetchError):  # an earlier release could read it
            listing = await self._read(body, ask)
            full = listing is not None and bool(listing.papers)
            if full or await self._cache.get(key, self._settings.catalogue_empty_ttl_s) is not None:
                return (listing,)
        return None

    async def _read(self, body: bytes, ask: Ask) -> Listing | None:
        return await asyncio.to_thread(ask.read, body) if body != _ABSENT else None

    async def _fetch(self, ask: Ask) -> Page | None:
        self._refuse_resting()
        self._gate.admit(ask.cost)
        try:
            page = await (ask.client or self._http).fetch(
                self._url + ask.path,
                method="POST" if ask.json is not None else "GET",
                params={**ask.params, **self._secret},
                json=ask.json,
                headers=self._headers,
                timeout_s=self._settings.catalogue_timeout_s,
                max_bytes=MAX_BYTES,
            )
        except FetchError as error:
            self._refused(error, ask)
            return None
        self._failures = 0
        self._gate.answered(page, ask.cost)
        return page

    def _refused(self, error: FetchError, ask: Ask) -> None:
        told = self._gate.refused(error, ask.cost)
        self._note(told)
        if told.status in ask.absent:
            return
        told.detail = self._without_secrets(_said(told) or told.detail)
        raise told

    def _without_secrets(self, text: str) -> str:
        for value in (*self._secret.values(), *self._headers.values()):
            text = text.replace(value, "***") if value else text
        return text

    def _note(self, error: FetchError) -> None:
        self._failures = self._failures + 1 if error.reason in _PASSING else 0
        if error.reason in _REFUSED or self._failures >= PATIENCE:
            rest_s = error.retry_after_s or REST_S
            self._rests_until = self._clock() + rest_s
            error.retry_after_s = rest_s

    def _refuse_resting(self) -> None:
        left_s = self._rests_until - self._clock()
        if left_s > 0:
            raise FetchError("host_parked", "it refused or failed just now", retry_after_s=left_s)


async def surely(step: Awaitable[Listing]) -> Listing:
    """Return what `step` gives, or why it failed: of several requests that are independent the others go on."""
    try:
        return await step
    except FetchError as error:
        return Listing(failed=(error,))


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield `values` in order, at most `size` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _told(parts: list[Listing]) -> list[str]:
    """Return one sentence on all records that could not be read."""
    wrong = [text for part in parts for text in part.unreadable]
    right = sum(len(part.papers) for part in parts)
    return [f"{len(wrong)} of {len(wrong) + right} records cannot be read, the first for: {wrong[0]}"] if wrong else []


def _said(error: FetchError) -> str:
    """Return what the catalogue says of its refusal: `{"message": ...}` or `{"error": ...}`."""
    try:
        said = json.loads(error.head)
    except ValueError:
        return ""
    text = (said.get("message") or said.get("error")) if isinstance(said, dict) else None
    return " ".join(text.split())[:200] if isinstance(text, str) else ""
