"""Connections: names are resolved, every address is judged, and the judged address is the one connected to.

Because the check and the connection use the same address, a name that resolves differently the second time (DNS
rebinding) gains nothing. TLS still verifies the certificate against the name.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from ipaddress import ip_address

import httpcore
import httpx

from core.errors import FetchError
from core.http.address import WEB_PORTS, Address, is_public, literal
from core.http.policy import Policy

Resolver = Callable[[str], Awaitable[Sequence[str]]]

#: A host with more addresses than this is tried at the first ones only; each gets its share of the connect timeout.
MOST_ADDRESSES = 4


class Names:
    """The system's resolver in threads of its own, so that hung look-ups never hold up work on files."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="dns")

    async def __call__(self, host: str) -> Sequence[str]:
        """Return the addresses of `host`, IPv4 and IPv6, in the order the system prefers."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host)

    def close(self) -> None:
        """Let the threads end; a look-up that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses the policy admits, and to nothing else."""

    def __init__(self, policy: Policy, resolve: Resolver, inner: httpcore.AsyncNetworkBackend) -> None:
        self._policy = policy
        self._resolve = resolve
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first admitted address of `host` that answers."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._admitted(host, port)
                share = None if timeout is None else timeout / len(addresses)
                return _Line(await self._first(addresses, port, share))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no connection to {host} within {timeout} s") from error

    async def _first(self, addresses: Sequence[str], port: int, share: float | None) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(addresses[-1], port, share)

    async def _admitted(self, host: str, port: int) -> Sequence[str]:
        found = [host] if literal(host) else await self._resolved(host)
        admitted = [address for address in found if self._admits(ip_address(address), port)]
        if not admitted:
            raise FetchError("blocked_address", f"{host}, port {port}, is not a public web server")
        return admitted[:MOST_ADDRESSES]

    async def _resolved(self, host: str) -> Sequence[str]:
        try:
            found = await self._resolve(host)
        except UnicodeError as error:
            raise FetchError("bad_url", f"{host} is not a host name") from error
        except OSError as error:
            raise FetchError("dns", f"{host}: {error.strerror or error}") from error
        if not found:
            raise FetchError("dns", f"{host} has no address")
        return found

    def _admits(self, address: Address, port: int) -> bool:
        if self._policy.only or any(address in network for network in self._policy.networks):
            return True
        return port in WEB_PORTS and is_public(address)


class _Line(httpcore.AsyncNetworkStream):
    """A connection that is closed when its TLS handshake is cancelled; httpcore forgets it then."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._inner.aclose)
            secured = await self._inner.start_tls(ssl_context, server_hostname, timeout)
            stack.pop_all()
        return secured


class Transport(httpx.AsyncBaseTransport):
    """httpx's requests over httpcore's pool with our guard under it; no proxies, no cookies, no log lines."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, tls: ssl.SSLContext | None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            tls, max_connections=None, max_keepalive_connections=20, keepalive_expiry=30.0, network_backend=backend
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; the body of the answer is read later, raw."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), request=request)

    async def aclose(self) -> None:
        """Close every connection, also when cancelled meanwhile: httpcore forgets those that it has not come to."""
        async with AsyncExitStack() as stack:
            for connection in self._pool.connections:
                stack.push_async_callback(connection.aclose)
            stack.push_async_callback(self._pool.aclose)


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()
