"""One request that is about to be answered, and the answers a well-behaved host gives."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.identifiers import aliases, fold
from core.loopback.plan import File, Kind, Plan, Route, Served
from core.loopback.traffic import Traffic

MEDIA_TYPES: dict[str, str] = {"jats": "application/xml", "html": "text/html; charset=utf-8"}
PDF = "application/pdf"
CHUNK = 65536


class World:
    """What every host knows: the plan, the traffic, and the address of each host."""

    def __init__(self, plan: Plan, traffic: Traffic) -> None:
        self.plan = plan
        self.traffic = traffic
        self.addresses: dict[str, str] = {}
        self._seen: Counter[tuple[str, Route]] = Counter()
        self._numbers: dict[str, int] = {}
        for number, served in plan.numbered():
            for name in (*aliases(served.metadata), f"title:{fold(served.metadata.get('title') or '')}"):
                self._numbers.setdefault(name, number)

    def number(self, alias: str) -> int:
        """Return the number of the paper with this alias (see `core.identifiers.aliases`; also `title:`), else 0."""
        return self._numbers.get(alias, 0)

    def find(self, number: int, kind: Kind) -> tuple[Served, Route] | None:
        """Return paper `number` with its route of `kind`."""
        if not 1 <= number <= len(self.plan.papers):
            return None
        served = self.plan.papers[number - 1]
        route = served.route(kind)
        return (served, route) if route else None

    def strikes(self, served: Served, route: Route) -> bool:
        """Tell whether the route's fault happens this time, and count the time."""
        self._seen[served.id, route] += 1
        return bool(route.fault) and (route.times is None or self._seen[served.id, route] <= route.times)


@dataclass(frozen=True)
class Call:
    """One request for a paper: faults turn it into an answer, `ok` answers it as it should be."""

    world: World
    request: Request
    served: Served
    route: Route
    ok: Callable[[], Awaitable[Response]]

    async def body(self) -> bytes:
        """Return the content that was asked for."""
        return await content(self.served.file(self.route.kind))


class Stream(Response):
    """An answer sent piece by piece; with `cut` the connection ends before the answer does."""

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        *,
        media_type: str = PDF,
        headers: Mapping[str, str] | None = None,
        cut: bool = False,
    ) -> None:
        super().__init__(None, 200, headers, media_type)
        self._chunks = chunks
        self._cut = cut
        if "content-length" not in (headers or {}):
            del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if not self._cut:
            await send({"type": "http.response.body", "body": b""})


async def pieces(whole: bytes, *, size: int = CHUNK, pause_s: float = 0.0) -> AsyncIterator[bytes]:
    """Yield `whole` in pieces of `size` bytes with a pause after each."""
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
        await asyncio.sleep(pause_s)


async def content(file: File) -> bytes:
    """Return what is in `file`."""
    return file if isinstance(file, bytes) else await asyncio.to_thread(file.read_bytes)


async def send(served: Served, kind: Kind) -> Response:
    """Return the file that a route of `kind` leads to, as an honest host would send it."""
    return Response(await content(served.file(kind)), media_type=MEDIA_TYPES.get(kind, PDF))
