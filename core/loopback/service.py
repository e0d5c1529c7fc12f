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


@dataclass(frozen=True)
class Service:
    """The handlers of the service's four addresses."""

    world: World
    jobs: Jobs

    async def health(self, request: Request) -> Response:
        """Answer `GET /health`."""
        vpn = self.world.plan.vpn
        return JSONResponse({"status": "healthy"} | ({} if vpn is None else {"vpn_connected": vpn}))

    async def retrieve(self, request: Request) -> Response:
        """Answer `POST /retrieve`."""
        body = await request.json()
        served, route = self.jobs.planned(body)
        await self._arrive(request, "submit", served)
        refusal = await _refusal(self.world, served, route, "submit")
        if refusal:
            return refusal
        job = self.jobs.open(body, request.headers.get("idempotency-key"))
        self.world.traffic.submitted(served.id)
        await self.world.traffic.enter(f"submitted:{served.id}")
        return JSONResponse({"job_id": job.id, "status": "pending"})

    async def status(self, request: Request) -> Response:
        """Answer `GET /jobs/{id}`."""
        job = self.jobs.by_id.get(request.path_params["id"])
        if job is None:
            return JSONResponse({"detail": "Job not found"}, 404)
        await self._arrive(request, "status", job.served)
        refusal = await _refusal(self.world, job.served, job.route, "status")
        return refusal or JSONResponse(await _state(job, self.jobs.phase(job)))

    async def file(self, request: Request) -> Response:
        """Answer `GET /jobs/{id}/file`."""
        job = self.jobs.by_id.get(request.path_params["id"])
        if job is None or self.jobs.phase(job) != "completed":
            return JSONResponse({"detail": "File not available"}, 404)
        await self._arrive(request, "", job.served)
        call = Call(self.world, request, job.served, job.route, lambda: send(job.served, "retrieve"))
        if faults.known(job.route.fault) and self.world.strikes(job.served, job.route):
            return await faults.named(job.route.fault)(call)
        return await call.ok()

    async def _arrive(self, request: Request, step: str, served: Served) -> None:
        """Log whose request this is and pass the gate before this step of it."""
        self.world.traffic.note(request.state.number, paper=served.id)
        await self.world.traffic.enter(f"{step}:{served.id}" if step else served.id)


def build(world: World, jobs: Jobs) -> Starlette:
    """Build the service."""
    service = Service(world, jobs)
    paths: tuple[tuple[str, Handler, str], ...] = (
        ("/health", service.health, "GET"),
        ("/retrieve", service.retrieve, "POST"),
        ("/jobs/{id}", service.status, "GET"),
        ("/jobs/{id}/file", service.file, "GET"),
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
