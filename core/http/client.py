"""`HttpClient`: fetch, download, service; and the tries a request gets."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpcore
import httpx

from core.errors import FetchError
from core.http import receive
from core.http.answer import Download, Page
from core.http.connect import GuardedBackend, Names, Resolver, Transport
from core.http.exchange import Budget, Exchange
from core.http.hosts import Hosts
from core.http.part import receiving
from core.http.policy import PASSING, REPEATABLE, Policy
from core.http.redact import quiet
from core.http.request import Params, build, user_agent
from core.settings import Settings

T = TypeVar("T")


def full_jitter(most_s: float) -> float:
    """Return a random pause up to `most_s` seconds, so that clients that failed together do not return together."""
    return random.uniform(0.0, most_s)


class HttpClient:
    """An async context manager; everything it is asked either answers or raises `FetchError`."""

    def __init__(
        self,
        settings: Settings,
        *,
        policy: Policy | None = None,
        resolve: Resolver | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        jitter: Callable[[float], float] = full_jitter,
    ) -> None:
        self._settings = settings
        self._policy = policy or Policy.general(settings)
        self._hosts = Hosts(self._policy.pace_s, self._policy.concurrency)
        self._resolve = resolve
        self._backend = backend
        self._jitter = jitter
        self._stack = AsyncExitStack()
        self._transport: Transport | None = None
        self._tls: ssl.SSLContext | None = None
        self._agent = ""

    async def __aenter__(self) -> Self:
        if self._transport is None:
            quiet()
            self._tls = await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
            self._agent = await asyncio.to_thread(user_agent, self._settings.contact_email)
            self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection, also those of the services."""
        self._transport = None
        await self._stack.aclose()

    def _open(self) -> None:
        if self._resolve is None:
            names = Names()
            self._stack.callback(names.close)
            self._resolve = names
        guard = GuardedBackend(self._policy, self._resolve, self._backend or httpcore.AnyIOBackend())
        assert self._tls is not None
        self._transport = Transport(guard, self._tls)
        self._stack.push_async_callback(self._transport.aclose)

    def service(self, base_url: str, *, timeout_s: float = 30.0, concurrency: int = 16) -> HttpClient:
        """Return a client for exactly the origin of `base_url`, even a private one; it closes with this client."""
        if self._tls is None:
            raise RuntimeError("enter the client before asking it for a service")
        policy = Policy.service(self._settings, base_url, timeout_s=timeout_s, concurrency=concurrency)
        client = HttpClient(
            self._settings, policy=policy, resolve=self._resolve, backend=self._backend, jitter=self._jitter
        )
        client._tls, client._agent = self._tls, self._agent
        client._open()
        self._stack.push_async_callback(client.aclose)
        return client

    def parked(self, host: str) -> float | None:
        """Return the seconds until a parked host may be asked again, None if it may be asked now."""
        return self._hosts.parked(host)

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        params: Params | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        max_bytes: int | None = None,
        retry: bool = True,
    ) -> Page:
        """Return an answer in memory; `timeout_s` bounds all tries and redirects, but not the wait for the host."""
        request = build(self._policy, method, url, agent=self._agent, params=params, json=json, headers=headers)
        take = partial(receive.page, most=max_bytes or self._policy.page_bytes)
        return await self._tried(request, take, timeout_s, self._policy.tries if retry else 1)

    async def download(
        self,
        url: str,
        folder: Path,
        *,
        timeout_s: float | None = None,
        max_bytes: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Download:
        """Stream a file into `folder` under its sha256; on any error or cancellation nothing is left there."""
        request = build(self._policy, "GET", url, agent=self._agent, headers=headers)
        limits = max_bytes or self._policy.file_bytes, self._policy.inflated_bytes
        async with receiving(folder) as part:
            take = partial(receive.file, part=part, limits=limits)
            return await self._tried(request, take, timeout_s, self._policy.tries)

    async def _tried(
        self,
        request: httpx.Request,
        take: Callable[[httpx.Response, Exchange], Awaitable[T]],
        timeout_s: float | None,
        tries: int,
    ) -> T:
        budget = Budget(timeout_s or self._policy.total_s)
        repeatable = request.method in REPEATABLE or "idempotency-key" in request.headers
        tried = 0
        while True:
            tried += 1
            try:
                return await self._once(Exchange(self._policy, request, budget), take)
            except FetchError as error:
                last = tried == tries or not self._policy.again(error, tried, repeatable=repeatable)
                if last or budget.left_s <= 0:
                    raise
                pause_s = 0.0 if error.retry_after_s else self._jitter(self._policy.backoff_s * 2.0 ** (tried - 1))
            await asyncio.sleep(pause_s)

    async def _once(self, exchange: Exchange, take: Callable[[httpx.Response, Exchange], Awaitable[T]]) -> T:
        if self._transport is None:
            raise RuntimeError("use the client inside `async with`")
        try:
            return await exchange.run(self._transport, self._hosts, lambda response: take(response, exchange))
        except FetchError as error:
            if error.retry_after_s and error.reason in PASSING:
                rest = self._hosts.hold if error.retry_after_s <= self._policy.retry_after_cap_s else self._hosts.park
                rest(exchange.lane, error.retry_after_s)
            raise
