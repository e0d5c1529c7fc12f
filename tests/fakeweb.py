"""A web in memory: what each address answers is written down, what was asked is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import httpcore
import httpx


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"text"
    takes_s: float = 0.0


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status, {"location": to}, b"")


@dataclass(frozen=True)
class Asked:
    at: float
    method: str
    url: str
    headers: dict[str, str]


class FakeWeb(httpx.AsyncBaseTransport):
    """A transport; an address with several answers gives them in turn and then repeats the last."""

    def __init__(self, **answers: object) -> None:
        self._answers: dict[str, list[Answer | Exception]] = {}
        self.asked: list[Asked] = []
        self.open = 0

    def put(self, url: str, *answers: Answer | Exception) -> FakeWeb:
        self._answers[url] = list(answers)
        return self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        at = asyncio.get_running_loop().time()
        self.asked.append(Asked(at, request.method, str(request.url), dict(request.headers)))
        left = self._answers[str(request.url)]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        if answer.takes_s:
            await asyncio.sleep(answer.takes_s)
        self.open += 1
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(self, answer.body))


class _Stream(httpx.AsyncByteStream):
    def __init__(self, web: FakeWeb, body: bytes) -> None:
        self._web = web
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._body:
            yield self._body

    async def aclose(self) -> None:
        self._web.open -= 1


class FakeWire(httpcore.AsyncNetworkBackend):
    """A network that keeps the addresses connected to; each connection replays its bytes."""

    def __init__(self, *replies: bytes) -> None:
        self._replies = list(replies)
        self.connected: list[tuple[str, int]] = []
        self.dead: set[str] = set()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        if host in self.dead:
            raise httpcore.ConnectError("refused")
        return httpcore.AsyncMockStream([self._replies.pop(0)])
