"""The retrieve-academic job service, over the contract its client knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from core.identifiers import fold, normalize_doi
from core.loopback import faults
from core.loopback.call import Call, World, content, send
from core.loopback.plan import Route, Served

#: What a refusing fault does to which step: the status it answers with, or None for no answer at all.
_REFUSALS: dict[str, tuple[str, int | None]] = {
    "hung_status": ("status", None),
    "hung_submit": ("submit", None),
    "lost": ("status", 404),
    "status_503": ("status", 503),
    "submit_422": ("submit", 422),
    "submit_503": ("submit", 503),
}

#: Faults of a retrieval job; the names in capitals are the service's own error codes. Any other fault hits the file.
JOB_FAULTS = frozenset({"NOT_FOUND", "DOWNLOAD_FAILED", "VPN_ERROR", "TIMEOUT", "SOURCE_BLOCKED", "never", *_REFUSALS})

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Job:
    """One job, and the plan for it."""

    id: str
    doi: str
    at: float
    served: Served
    route: Route


class Jobs:
    """The jobs of the service, by id and by idempotency key; `down` switches the whole service off."""

    def __init__(self, world: World) -> None:
        self.down = False
        self.by_id: dict[str, Job] = {}
        self.by_key: dict[str, Job] = {}
        self._world = world

    @property
    def is_down(self) -> bool:
        """Tell whether the service answers nothing but 503 now."""
        now = self._world.traffic.now
        return self.down or any(start <= now < end for start, end in self._world.plan.down)

    def planned(self, body: dict[str, object]) -> tuple[Served, Route]:
        """Return the paper that a submission means, by DOI or title, and its route; nobody has an unknown one."""
        doi, title = str(body.get("doi") or ""), str(body.get("title") or "")
        number = self._world.number(normalize_doi(doi) or f"title:{fold(title)}")
        served = self._world.plan.papers[number - 1] if number else Served({"doi": doi, "title": title})
        return served, served.route("retrieve") or Route("retrieve", fault="NOT_FOUND")

    def open(self, body: dict[str, object], key: str | None) -> Job:
        """Return the job for this submission: the one of its idempotency key, else a new one."""
        if key and key in self.by_key:
            return self.by_key[key]
        name = f"job-{len(self.by_id) + 1}"
        job = Job(name, str(body.get("doi") or ""), self._world.traffic.now, *self.planned(body))
        self.by_id[name] = job
        if key:
            self.by_key[key] = job
        return job

    def phase(self, job: Job) -> str:
        """Return the status of a job."""
        elapsed = self._world.traffic.now - job.at
        held = self._world.traffic.held(f"job:{job.served.id}")
        if held or job.route.fault == "never" or elapsed < job.route.delay_s:
            return "searching" if elapsed < job.route.delay_s / 2 else "downloading"
        return "failed" if job.route.fault.isupper() else "completed"


def build(world: World, jobs: Jobs) -> Starlette:
    """Build the service."""

    async def health(request: Request) -> Response:
        vpn = world.plan.vpn
        return JSONResponse({"status": "healthy"} | ({} if vpn is None else {"vpn_connected": vpn}))

    async def retrieve(request: Request) -> Response:
        body = await request.json()
        served, route = jobs.planned(body)
        world.traffic.note(request.state.number, paper=served.id)
        await world.traffic.enter(f"submit:{served.id}")
        refusal = await _refusal(world, served, route, "submit")
        if refusal:
            return refusal
        job = jobs.open(body, request.headers.get("idempotency-key"))
        world.traffic.submitted(served.id)
        return JSONResponse({"job_id": job.id, "status": "pending"})

    async def status(request: Request) -> Response:
        job = jobs.by_id.get(request.path_params["id"])
        if job is None:
            return JSONResponse({"detail": "Job not found"}, 404)
        world.traffic.note(request.state.number, paper=job.served.id)
        await world.traffic.enter(f"status:{job.served.id}")
        refusal = await _refusal(world, job.served, job.route, "status")
        return refusal or JSONResponse(await _state(job, jobs.phase(job)))

    async def file(request: Request) -> Response:
        job = jobs.by_id.get(request.path_params["id"])
        if job is None or jobs.phase(job) != "completed":
            return JSONResponse({"detail": "File not available"}, 404)
        world.traffic.note(request.state.number, paper=job.served.id)
        await world.traffic.enter(job.served.id)
        call = Call(world, request, job.served, job.route, lambda: send(job.served, "retrieve"))
        if faults.known(job.route.fault) and world.strikes(job.served, job.route):
            return await faults.named(job.route.fault)(call)
        return await call.ok()

    paths: tuple[tuple[str, Handler, str], ...] = (
        ("/health", health, "GET"),
        ("/retrieve", retrieve, "POST"),
        ("/jobs/{id}", status, "GET"),
        ("/jobs/{id}/file", file, "GET"),
    )
    return Starlette(routes=[Path(path, _unless_down(jobs, handler), methods=[verb]) for path, handler, verb in paths])


async def _state(job: Job, phase: str) -> dict[str, object]:
    """Return the answer to a status call."""
    said: dict[str, object] = {"job_id": job.id, "doi": job.doi, "status": phase}
    if phase == "completed":
        size = len(await content(job.served.file("retrieve")))
        said |= {"file_path": f"/data/{job.id}.pdf", "file_size": size, "file_format": "pdf", "source_id": "invented"}
    if phase == "failed":
        said |= {"error": f"planned failure {job.route.fault}", "error_code": job.route.fault}
    return said


async def _refusal(world: World, served: Served, route: Route, step: str) -> Response | None:
    """Return the planned refusal of this step, if it is its turn; a hung step never returns."""
    where, code = _REFUSALS.get(route.fault, ("", None))
    if where != step or not world.strikes(served, route):
        return None
    if code is None:
        await asyncio.Event().wait()
    return JSONResponse({"detail": f"planned {route.fault}"}, code or 500)


def _unless_down(jobs: Jobs, handler: Handler) -> Handler:
    async def guarded(request: Request) -> Response:
        return JSONResponse({"detail": "Service Unavailable"}, 503) if jobs.is_down else await handler(request)

    return guarded
