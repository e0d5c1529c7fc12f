"""The retrieve-academic job service, over the contract its client knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from core.identifiers import fold, normalize_doi
from core.loopback import faults
from core.loopback.call import Call, World, send_file
from core.loopback.plan import Route, Served

#: Faults of a retrieval job; the names in capitals are the service's own error codes. Any other fault hits the file.
JOB_FAULTS = frozenset(
    {"NOT_FOUND", "DOWNLOAD_FAILED", "VPN_ERROR", "TIMEOUT", "SOURCE_BLOCKED"}
    | {"hung_status", "hung_submit", "lost", "never", "status_503", "submit_422", "submit_503"}
)

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Job:
    """One job, and the plan for it; a job for an unknown paper ends as NOT_FOUND."""

    id: str
    doi: str
    at: float
    served: Served | None
    route: Route


@dataclass
class Jobs:
    """The jobs of the service, by id and by idempotency key; `down` switches the whole service off."""

    world: World
    down: bool = False
    by_id: dict[str, Job] = field(default_factory=dict)
    by_key: dict[str, Job] = field(default_factory=dict)

    def open(self, body: dict[str, object], key: str | None) -> Job:
        """Return the job for this request: the one of its idempotency key, else a new one."""
        if key in self.by_key:
            return self.by_key[key]
        served, route = self._planned(body)
        job = Job(f"job-{len(self.by_id) + 1}", str(body.get("doi") or ""), self.world.traffic.now, served, route)
        self.by_id[job.id] = job
        if key:
            self.by_key[key] = job
        return job

    def planned(self, body: dict[str, object]) -> tuple[Served | None, Route]:
        """Return the paper a request means, and its route."""
        return self._planned(body)

    def _planned(self, body: dict[str, object]) -> tuple[Served | None, Route]:
        doi, title = normalize_doi(str(body.get("doi") or "")), fold(str(body.get("title") or ""))
        for served in self.world.plan.papers:
            known = served.metadata
            same = normalize_doi(known.get("doi")) == doi if doi else fold(known.get("title") or "") == title
            route = next((route for route in served.routes if route.kind == "retrieve"), None)
            if same:
                return served, route or Route("retrieve", fault="NOT_FOUND")
        return None, Route("retrieve", fault="NOT_FOUND")

    def state(self, job: Job) -> dict[str, object]:
        """Return the answer to a status call."""
        said: dict[str, object] = {"job_id": job.id, "doi": job.doi, "status": self._phase(job)}
        if said["status"] == "completed" and job.served:
            size = job.served.file("retrieve").stat().st_size
            return said | {"file_path": f"/data/{job.id}.pdf", "file_size": size, "file_format": "pdf"}
        if said["status"] == "failed":
            return said | {"error": f"planned failure {job.route.fault}", "error_code": job.route.fault}
        return said

    def _phase(self, job: Job) -> str:
        held = job.served is not None and self.world.traffic.held(f"job:{job.served.id}")
        elapsed = self.world.traffic.now - job.at
        if held or job.route.fault == "never" or elapsed < job.route.delay_s:
            return "searching" if elapsed < job.route.delay_s / 2 else "downloading"
        return "failed" if job.route.fault.isupper() else "completed"

    @property
    def is_down(self) -> bool:
        """Tell whether the service answers nothing but 503 now."""
        now = self.world.traffic.now
        return self.down or any(start <= now < end for start, end in self.world.plan.down)


def build(world: World, jobs: Jobs) -> Starlette:
    """Build the service."""

    async def health(request: Request) -> Response:
        vpn = world.plan.vpn
        return JSONResponse({"status": "healthy"} | ({} if vpn is None else {"vpn_connected": vpn}))

    async def retrieve(request: Request) -> Response:
        body = await request.json()
        served, route = jobs.planned(body)
        name = served.id if served else str(body.get("doi") or body.get("title"))
        world.traffic.note(request.state.number, paper=name)
        await world.traffic.enter(f"submit:{name}")
        refusal = await _refusal(world, served, route, "submit")
        if refusal:
            return refusal
        job = jobs.open(body, request.headers.get("idempotency-key"))
        world.traffic.submitted(name)
        return JSONResponse({"job_id": job.id, "status": "pending"})

    async def status(request: Request) -> Response:
        job = jobs.by_id.get(request.path_params["id"])
        if job is None or job.route.fault == "lost":
            return JSONResponse({"detail": "Job not found"}, 404)
        if job.served:
            world.traffic.note(request.state.number, paper=job.served.id)
            await world.traffic.enter(f"status:{job.served.id}")
        refusal = await _refusal(world, job.served, job.route, "status")
        return refusal or JSONResponse(await asyncio.to_thread(jobs.state, job))

    async def file(request: Request) -> Response:
        job = jobs.by_id.get(request.path_params["id"])
        if job is None or job.served is None or (await asyncio.to_thread(jobs.state, job))["status"] != "completed":
            return JSONResponse({"detail": "File not available"}, 404)
        served, path = job.served, job.served.file("retrieve")
        world.traffic.note(request.state.number, paper=served.id)
        await world.traffic.enter(served.id)
        if faults.known(job.route.fault) and world.strikes(served, job.route):
            call = Call(world, request, served, job.route, lambda: send_file(path))
            return await faults.named(job.route.fault)(call)
        return await send_file(path)

    paths: tuple[tuple[str, Handler, str], ...] = (
        ("/health", health, "GET"),
        ("/retrieve", retrieve, "POST"),
        ("/jobs/{id}", status, "GET"),
        ("/jobs/{id}/file", file, "GET"),
    )
    return Starlette(routes=[Path(path, _unless_down(jobs, handler), methods=[verb]) for path, handler, verb in paths])


def _unless_down(jobs: Jobs, handler: Handler) -> Handler:
    async def guarded(request: Request) -> Response:
        return JSONResponse({"detail": "Service Unavailable"}, 503) if jobs.is_down else await handler(request)

    return guarded


async def _refusal(world: World, served: Served | None, route: Route, step: str) -> Response | None:
    """Return the planned refusal of this step, if it is its turn; a hung step never returns."""
    kind, _, what = route.fault.partition("_") if not route.fault.isupper() else ("", "", "")
    mine = {f"{step}_503": 503, f"{step}_422": 422, f"hung_{step}": 0}
    if served is None or route.fault not in mine or not world.strikes(served, route):
        return None
    if kind == "hung":
        await asyncio.Event().wait()
    return JSONResponse({"detail": f"planned {what}"}, mine[route.fault])
