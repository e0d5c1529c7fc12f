"""One request through all its redirects: every hop waits its turn, is checked, timed and remembered."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from typing import TypeVar

import httpx

from core.errors import FetchError
from core.http.address import lane, origin, parse
from core.http.body import pieces
from core.http.hosts import Hosts
from core.http.part import HEAD_BYTES
from core.http.policy import Policy, accepted
from core.http.redact import SAFE_HEADERS, redact, secrets, without
from core.http.retry_after import retry_after
from core.http.translate import translated

T = TypeVar("T")
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_log = logging.getLogger("core.http")


class Budget:
    """The seconds a request may spend on the network; waiting for a host's turn is not spent."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._spent_s = 0.0
        self._since: float | None = None

    @property
    def spent_s(self) -> float:
        """Return what has been spent up to now."""
        running_s = 0.0 if self._since is None else asyncio.get_running_loop().time() - self._since
        return self._spent_s + running_s

    @property
    def left_s(self) -> float:
        """Return what may still be spent; negative when that was too much."""
        return self._total_s - self.spent_s

    @asynccontextmanager
    async def spend(self) -> AsyncGenerator[None]:
        """End what is inside when nothing is left: drips of bytes, of headers and of 1xx answers included."""
        self._since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self.left_s):
                yield
        except TimeoutError as error:
            raise FetchError("timeout", "the total time is spent") from error
        finally:
            self._spent_s, self._since = self.spent_s, None


class Exchange:
    """A request on its way, and where it has been."""

    def __init__(self, policy: Policy, request: httpx.Request, budget: Budget) -> None:
        self._policy = policy
        self._request = request
        self._budget = budget
        self._secrets = secrets(request.url, request.headers)
        self._visited: list[httpx.URL] = []
        self._status: int | None = None

    @property
    def method(self) -> str:
        """Return the method, in upper case."""
        return self._request.method

    @property
    def url(self) -> str:
        """Return where the request is now, redacted."""
        return redact(self._request.url, self._secrets)

    @property
    def hops(self) -> tuple[str, ...]:
        """Return the addresses that redirected, redacted."""
        return tuple(redact(url, self._secrets) for url in self._visited)

    @property
    def lane(self) -> str:
        """Return the host the request is at."""
        return lane(self._request.url)

    @property
    def seconds(self) -> float:
        """Return the time spent on the network, tries before this one included."""
        return self._budget.spent_s

    async def run(
        self, transport: httpx.AsyncBaseTransport, hosts: Hosts, take: Callable[[httpx.Response], Awaitable[T]]
    ) -> T:
        """Follow redirects to an accepted answer and return what `take` makes of it."""
        with self._told():
            return await self._follow(transport, hosts, take)

    async def _follow(
        self, transport: httpx.AsyncBaseTransport, hosts: Hosts, take: Callable[[httpx.Response], Awaitable[T]]
    ) -> T:
        while True:
            self._check()
            async with hosts.turn(self.lane), self._budget.spend(), self._sent(transport) as response:
                target = self._target(response)
                if target is None:
                    await self._accept(response)
                    return await take(response)
            self._move(target)

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except FetchError as error:
            error.url, error.hops, error.seconds = self.url, self.hops, self.seconds
            error.status = self._status
            raise

    def _check(self) -> None:
        only = self._policy.only
        if only and origin(self._request.url) != only:
            raise FetchError("blocked_address", "not the service this client is for")

    @asynccontextmanager
    async def _sent(self, transport: httpx.AsyncBaseTransport) -> AsyncGenerator[httpx.Response]:
        with translated(answering=False):
            response = await transport.handle_async_request(self._request)
        self._status = response.status_code
        async with aclosing(response):
            _log.debug("%s %s: %d", self._request.method, self.url, response.status_code)
            yield response

    def _target(self, response: httpx.Response) -> httpx.URL | None:
        location = response.headers.get("location", "")
        follows = self._policy.redirects > 0 and self._request.method in ("GET", "HEAD")
        redirected = response.status_code in REDIRECTS and location and follows
        return parse(location, base=self._request.url) if redirected else None

    async def _accept(self, response: httpx.Response) -> None:
        status = response.status_code
        if accepted(self._request.method, status):
            return
        reason = f"http_{status}" if status < 600 else "bad_answer"
        error = FetchError(reason, self.lane, retry_after_s=retry_after(response.headers))
        error.head = await _head(response)
        raise error

    def _move(self, target: httpx.URL) -> None:
        request = self._request
        if not _same_party(request.url, target):
            target = without(target, self._secrets)
            headers = {name: value for name, value in request.headers.items() if name in SAFE_HEADERS}
        else:
            headers = {name: value for name, value in request.headers.items() if name != "host"}
        self._visited.append(request.url)
        if target in self._visited or len(self._visited) > self._policy.redirects:
            raise FetchError("redirect_loop", f"after {len(self._visited)} redirects")
        self._status = None
        self._request = httpx.Request(request.method, target, headers=headers, extensions=request.extensions)


def _same_party(here: httpx.URL, there: httpx.URL) -> bool:
    """Tell whether keys may travel: same origin, or its own move from http to https."""
    upgraded = (here.scheme, there.scheme, here.port, there.port) == ("http", "https", None, None)
    return here.raw_host == there.raw_host and (origin(here) == origin(there) or upgraded)


async def _head(response: httpx.Response) -> bytes:
    """Return the beginning of a refusal: it tells a bot wall from a missing page."""
    head = bytearray()
    with suppress(FetchError):
        await _begin(head, response)
    return bytes(head[:HEAD_BYTES])


async def _begin(head: bytearray, response: httpx.Response) -> None:
    async with aclosing(pieces(response, raw_bytes=sys.maxsize, inflated_bytes=sys.maxsize)) as body:
        async for piece in body:
            head += piece
            if len(head) >= HEAD_BYTES:
                return
