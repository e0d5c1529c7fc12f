"""`HttpClient`: fetch, upload, download, service."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from core.http import receive
from core.http.answer import Download, Page
from core.http.connect import GuardedBackend, Names, Resolver, Transport
from core.http.part import receiving
from core.http.policy import Policy
from core.http.redact import quiet
from core.http.request import Params, build, user_agent
from core.http.tries import Asker, full_jitter
from core.http.upload import Upload
from core.settings import Settings


class HttpClient:
    """An async context manager; everything it is asked either answers or raises `FetchError`."""

    def __init__(
        self,
        settings: Settings,
        *,
        resolve: Resolver | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
        jitter: Callable[[float], float] = full_jitter,
        policy: Policy | None = None,
    ) -> None:
        self._settings = settings
        self._policy = policy or Policy.general(settings)
        self._resolve = resolve
        self._backend = backend
        self._tls = tls
        self._jitter = jitter
        self._agent = ""
        self._asker: Asker | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self._asker is None:
            quiet()
            self._agent = await asyncio.to_thread(user_agent, self._settings.contact_email)
            self._tls = self._tls or await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
            self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection, also those of the services."""
        self._asker = None
        await self._stack.aclose()

    def _open(self) -> None:
        if self._resolve is None:
            self._resolve = names = Names()
            self._stack.callback(names.close)
        guard = GuardedBackend(self._policy, self._resolve, self._backend or httpcore.AnyIOBackend())
        transport = Transport(guard, self._tls)
        self._stack.push_async_callback(transport.aclose)
        self._asker = Asker(self._policy, transport, jitter=self._jitter)

    def service(self, base_url: str, *, timeout_s: float = 30.0, concurrency: int = 16) -> HttpClient:
        """Return a client for exactly the origin of `base_url`, even a private one; it closes with this client."""
        self._opened()
        policy = Policy.service(self._settings, base_url, timeout_s=timeout_s, concurrency=concurrency)
        client = HttpClient(
            self._settings,
            resolve=self._resolve,
            backend=self._backend,
            tls=self._tls,
            jitter=self._jitter,
            policy=policy,
        )
        client._agent = self._agent
        client._open()
        self._stack.push_async_callback(client.aclose)
        return client

    def parked(self, host: str) -> float | None:
        """Return the seconds until a parked host may be asked again, None if it may be asked now."""
        return self._opened().hosts.parked(host)

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
        return await self._opened().ask(request, take, timeout_s=timeout_s, retry=retry)

    async def upload(
        self,
        url: str,
        path: Path,
        *,
        name: str,
        fields: Mapping[str, str],
        timeout_s: float | None = None,
    ) -> Page:
        """POST the file at `path` as a form and return the answer; it is sent again only if it cannot have arrived.

        `name` is what the other side is told the file is called, `fields` is the rest of the form.
        """
        form = await Upload.of(path, name=name, fields=fields, most=self._policy.file_bytes)
        request = build(self._policy, "POST", url, agent=self._agent, upload=form)
        take = partial(receive.page, most=self._policy.page_bytes)
        return await self._opened().ask(request, take, timeout_s=timeout_s)

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
            return await self._opened().ask(request, take, timeout_s=timeout_s)

    def _opened(self) -> Asker:
        if self._asker is None:
            raise RuntimeError("use the client inside `async with`")
        return self._asker
