"""`Internet`: the hosts of a plan on loopback addresses, from `async with` to its end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from core.loopback import bucket, corpus, faults, hosts, pages, service
from core.loopback.call import World
from core.loopback.catalogues import arxiv, crossref, europepmc, openalex, semanticscholar, trouble, unpaywall
from core.loopback.plan import Plan, identified
from core.loopback.traffic import Gate, Request, Traffic
from core.loopback.wire import listen, server, while_connected
from core.metadata import PaperMetadata
from core.settings import Settings

#: Each host has an address of its own, so that whatever is counted or paced by host is so here as well.
ADDRESSES = {
    "arxiv": "127.0.0.2",
    "pmc": "127.0.0.3",
    "europepmc": "127.0.0.4",
    "doi": "127.0.0.5",
    "publisher": "127.0.0.5",
    "repository": "127.0.0.6",
    "rogue": "127.0.0.7",
    "service": "127.0.0.8",
    "openalex": "127.0.0.10",
    "crossref": "127.0.0.11",
    "semanticscholar": "127.0.0.12",
    "unpaywall": "127.0.0.13",
}

_BUILDERS: dict[str, Callable[[World], Starlette]] = {
    "arxiv": lambda world: Starlette(routes=[*arxiv.routes(world), *hosts.arxiv(world).routes]),
    "pmc": bucket.build,
    "europepmc": lambda world: Starlette(routes=[*europepmc.routes(world), *hosts.europepmc(world).routes]),
    "doi": hosts.doi,
    "publisher": hosts.publisher,
    "repository": hosts.repository,
    "rogue": hosts.repository,
    "openalex": openalex.build,
    "crossref": crossref.build,
    "semanticscholar": semanticscholar.build,
    "unpaywall": unpaywall.build,
}


class Internet:
    """A small scholarly internet; it lives as long as its `async with` block.

    `plan` may also be a function that reads one, off the event loop. Raises ValueError, on entering, for a plan
    that names an unknown fault or style.
    """

    jobs: service.Jobs

    def __init__(self, plan: Plan | Callable[[], Plan]) -> None:
        self.traffic = Traffic()
        self._given = plan
        self._server = server(self)
        self._apps: dict[tuple[str, int], tuple[str, Starlette]] = {}
        self._bugs: list[Exception] = []

    @classmethod
    def samples(cls) -> Self:
        """Return an internet with the invented sample library."""
        return cls(corpus.samples)

    @classmethod
    def from_corpus(cls, folder: Path, *, faulty: bool = False) -> Self:
        """Return an internet with the papers of a corpus folder; `faulty` adds faults that some papers fail for."""
        return cls(lambda: corpus.read(folder, faulty=faulty))

    async def __aenter__(self) -> Self:
        _check(await asyncio.to_thread(lambda: self.plan))
        self._world = World(self.plan, self.traffic)
        self.jobs = service.Jobs(self._world)
        await self._open()
        return self

    async def _open(self) -> None:
        names = [name for name in ADDRESSES if name != "service" or self.plan.service]
        sockets = {name: listen(ADDRESSES[name]) for name in names}
        for name, listener in sockets.items():
            address: tuple[str, int] = listener.getsockname()
            self._world.addresses[name] = f"http://{address[0]}:{address[1]}"
            self._apps[address] = (name, self._build(name))
        self._server.config.load()
        self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=list(sockets.values()))
        self.traffic.begin()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        for listener in self._server.servers:
            listener.close()
        await asyncio.sleep(0)  # whoever is just being accepted becomes a connection
        for connection in list(self._server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        tasks = list(self._server.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await asyncio.sleep(0)  # the aborted transports close their sockets
        if self._bugs and error is None:
            raise ExceptionGroup("the loopback internet is broken", self._bugs)

    @cached_property
    def plan(self) -> Plan:
        """Return the plan, reading it if need be, with the identifiers that its routes need."""
        return identified(self._given() if callable(self._given) else self._given)

    def _build(self, name: str) -> Starlette:
        if name == "service":
            return service.build(self._world, self.jobs)
        return _BUILDERS[name](self._world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI): log it, pass the gates before its host and path, let its host answer."""
        name, app = self._apps[tuple(scope["server"])]
        path = scope["path"] + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
        with self.traffic.record(name, scope["method"], path) as number:
            scope["state"] = {"number": number}

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.traffic.note(number, status=message["status"])
                await send(message)

            async def work(receive: Receive) -> None:
                await self.traffic.enter(name, scope["path"])
                await app(scope, receive, noted)

            try:
                await while_connected(receive, work)
            except ExceptionGroup as bugs:
                self._bugs.extend(bugs.exceptions)

    @property
    def requests(self) -> list[Request]:
        """Return the log of every request so far."""
        return self.traffic.requests

    def asked(self, **what: object) -> list[Request]:
        """Return the requests whose fields have these values, e.g. `asked(host="arxiv", status=200)`."""
        return [each for each in self.requests if all(getattr(each, name) == value for name, value in what.items())]

    @property
    def submits(self) -> Counter[str]:
        """Return how often each paper was submitted to the retrieval service."""
        return self.traffic.submits

    def url(self, host: str) -> str:
        """Return the address of a host by its name in `ADDRESSES`."""
        return self._world.addresses[host]

    def hold(self, name: str) -> Gate:
        """Close a gate before a host, a path or a paper.

        `submit:<paper>` and `status:<paper>` hold those calls, `submitted:<paper>` the answer to a submission that has
        made its job; `job:<paper>` keeps a retrieval job from being done.
        """
        return self.traffic.hold(name)

    def release(self, name: str) -> None:
        """Open the gate before `name`."""
        self.traffic.release(name)

    async def until(self, state: Callable[[], bool]) -> None:
        """Wait until `state` is true; it is looked at whenever a request begins, is answered or ends."""
        await self.traffic.until(state)

    @property
    def papers(self) -> list[PaperMetadata]:
        """Return the papers as a discovery phase would give them."""
        return [self._found(number) for number in range(1, len(self.plan.papers) + 1)]

    def _found(self, number: int) -> PaperMetadata:
        served = self.plan.papers[number - 1]
        return {
            "is_oa": any(route.kind != "retrieve" for route in served.routes),
            "relevance_score": round(1 - (number - 1) / len(self.plan.papers), 4),
            "discovery_method": "keyword",
            **served.metadata,
            "oa_urls": hosts.locations(self._world, number),
        }

    def options(self) -> dict[str, Any]:
        """Return the settings that lead to this internet, as plain values."""
        return {
            "allow_networks": ("127.0.0.0/8",),
            "acquisition_delay_s": 0.0,
            "host_pace_s": {},
            "connect_timeout_s": 2.0,
            "idle_timeout_s": 2.0,
            "total_timeout_s": 20.0,
            "retry_base_s": 0.01,
            "poll_interval_s": 0.05,
            "service_recheck_s": 0.2,
            "arxiv_url": self.url("arxiv"),
            "pmc_url": self.url("pmc"),
            "europepmc_url": self.url("europepmc"),
            "europepmc_rest_url": self.url("europepmc") + "/europepmc/webservices/rest",
            "doi_url": self.url("doi"),
            "openalex_url": self.url("openalex"),
            "crossref_url": self.url("crossref"),
            "arxiv_api_url": self.url("arxiv") + "/api",
            "semanticscholar_url": self.url("semanticscholar") + "/graph/v1",
            "unpaywall_url": self.url("unpaywall") + "/v2",
            "retrieve_academic_url": self.url("service") if self.plan.service else "",
            "converter": "text-layer",  # on a machine with a GPU `auto` would start a server for twelve samples
        }

    def settings(self, home: Path, **overrides: Any) -> Settings:
        """Return settings for a run against this internet, keeping its papers under `home`."""
        return Settings(**{"_env_file": None, **self.options(), "home": home, **overrides})


def _check(plan: Plan) -> None:
    for route in (route for served in plan.papers for route in served.routes):
        jobs = service.JOB_FAULTS if route.kind == "retrieve" else frozenset()
        if route.fault and not faults.known(route.fault) and route.fault not in jobs:
            raise ValueError(f"unknown fault {route.fault!r} of a {route.kind} route")
        styles = {"landing": ("", *pages.LANDINGS), "pmc": bucket.STYLES}.get(route.kind, ("",))
        if route.style not in styles:
            raise ValueError(f"unknown style {route.style!r} of a {route.kind} route")
    for planned in plan.troubles:
        if not trouble.known(planned.fault):
            raise ValueError(f"unknown fault {planned.fault!r} of the catalogue {planned.catalogue}")
