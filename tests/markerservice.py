"""A stand-in for a Marker job service: its contract over real HTTP, with uploads, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.conversion.layout import extract
from core.loopback.traffic import Traffic
from tests.fakes import PDFIUM

PRESETS = {
    "fast": {"batch_multiplier": 4, "force_ocr": False, "use_llm": False},
    "balanced": {"batch_multiplier": 2, "force_ocr": False, "use_llm": False},
    "quality": {"batch_multiplier": 1, "force_ocr": True, "use_llm": True},
}

Reply = Callable[["Job"], dict[str, Any] | Response]


@dataclass
class Job:
    """One upload and what became of it; `number` counts from 1 over all restarts of the service."""

    id: str
    number: int
    name: str
    content: bytes = field(repr=False)
    fields: dict[str, str]
    status: str = "pending"
    result: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class MarkerDesk:
    """The service. Its texts are those of the text layer.

    `hold("work:<number>")` keeps a job from being finished, `hold("take")` every job from being taken up; `replies`
    says what is answered about a job instead of its state, `refusals` what uploads are answered with at first.
    `celery`: every unknown job is pending, and the list shows only what workers hold.
    """

    def __init__(self, folder: Path, *, workers: int = 2, celery: bool = False, version: str = "1.4") -> None:
        self.url = ""
        self.health: dict[str, Any] = {"status": "healthy", "active_workers": workers, "queue_depth": 0}
        self.health |= {"version": version} if version else {}
        self.presets: dict[str, Any] = PRESETS
        self.uploads: list[Job] = []
        self.jobs: dict[str, Job] = {}
        self.cancelled: list[str] = []
        self.replies: dict[int, Reply] = {}
        self.refusals: list[Response] = []
        self.routes = {"jobs", "presets", "delete"}
        self.statuses: Counter[int] = Counter()
        self.greetings = self.lists = 0
        self.hangs = False  # whatever is to be cancelled
        self.traffic = Traffic()
        self._celery = celery
        self._folder = folder
        self._room = asyncio.Semaphore(workers)
        self._work: set[asyncio.Task[None]] = set()

    def restart(self) -> None:
        """Forget every job."""
        for task in self._work:
            task.cancel()
        self.jobs.clear()

    async def stop(self) -> None:
        """End the work that is still going on."""
        self.restart()
        if self._work:
            await asyncio.wait(self._work)

    def app(self) -> Starlette:
        paths: list[tuple[str, Callable[[Request], Awaitable[Response]], str]] = [
            ("/health", self._health, "GET"),
            ("/presets", self._presets, "GET"),
            ("/convert", self._convert, "POST"),
            ("/jobs", self._list, "GET"),
            ("/jobs/{id}", self._status, "GET"),
            ("/jobs/{id}", self._delete, "DELETE"),
        ]
        return Starlette(routes=[Route(path, handler, methods=[verb]) for path, handler, verb in paths])

    async def _health(self, request: Request) -> Response:
        self.greetings += 1
        self.traffic.changed()
        return JSONResponse(self.health) if self.health else JSONResponse({"detail": "starting"}, 503)

    async def _presets(self, request: Request) -> Response:
        return JSONResponse(self.presets) if "presets" in self.routes else JSONResponse({}, 404)

    async def _convert(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            content = await file.read()
            fields = {name: str(value) for name, value in form.items() if name != "file"}
        if self.refusals:
            return self.refusals.pop(0)
        number = len(self.uploads) + 1
        job = Job(f"job-{number}", number, file.filename or "", content, fields)
        self.uploads.append(job)
        self.jobs[job.id] = job
        task = asyncio.create_task(self._process(job))
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        self.traffic.changed()
        return JSONResponse({"job_id": job.id, "status": "pending"})

    async def _process(self, job: Job) -> None:
        async with self._room:
            await self.traffic.enter("take")
            job.status = "processing"
            self.traffic.changed()
            path = self._folder / job.id
            path.write_bytes(job.content)
            made = await asyncio.to_thread(read, path)
            await self.traffic.enter(f"work:{job.number}")
            job.result = result(*made, job)
            job.status = "completed"
            self.traffic.changed()

    async def _status(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        job = self.jobs.get(job_id)
        if job is None:
            lost = JSONResponse({"job_id": job_id, "status": "pending"})
            return lost if self._celery else JSONResponse({"detail": "Job not found"}, 404)
        self.statuses[job.number] += 1
        self.traffic.changed()
        said = self.replies.get(job.number, state)(job)
        return said if isinstance(said, Response) else JSONResponse({"job_id": job_id} | said)

    async def _list(self, request: Request) -> Response:
        if "jobs" not in self.routes:
            return JSONResponse({}, 404)
        self.lists += 1
        self.traffic.changed()
        held = [job for job in self.jobs.values() if not self._celery or job.status == "processing"]
        listed = [{"job_id": job.id, "status": job.status} for job in held]
        most = int(request.query_params.get("limit", 100))
        return JSONResponse({"jobs": listed[:most], "total": len(listed)})

    async def _delete(self, request: Request) -> Response:
        self.cancelled.append(request.path_params["id"])
        self.traffic.changed()
        if self.hangs:
            await asyncio.Event().wait()
        if "delete" not in self.routes:
            return JSONResponse({}, 405)
        self.jobs.pop(request.path_params["id"], None)
        return Response(None, 204)


def state(job: Job) -> dict[str, Any]:
    """Return what an honest service says of a job."""
    return {"status": job.status} | ({"result": job.result} if job.status == "completed" else {})


def read(path: Path) -> tuple[str, list[int]]:
    """Return the text of a PDF and the ends of its pages in it."""
    with PDFIUM:
        made = extract(str(path))
    return made["markdown"], made["pages"]


def result(markdown: str, ends: list[int], job: Job) -> dict[str, Any]:
    """Return a text as Marker's three formats."""
    blocks = [
        {"id": f"/page/{page}/Text/{number}", "block_type": "Text", "html": html, "page": page}
        for page, (start, end) in enumerate(pairwise([0, *ends]))
        for number, html in enumerate(_paragraphs(markdown[start:end]))
    ]
    told = {"input_file": job.name, "quality_preset": job.fields["quality"], "pages": len(ends)}
    stats = [{"page_id": page, "text_extraction_method": "pdftext", "block_counts": []} for page in range(len(ends))]
    contents = [{"title": "On rivers", "heading_level": 1, "page_id": 0, "polygon": []}]
    tree = {"blocks": blocks, "page_info": {}, "metadata": {"page_stats": stats, "table_of_contents": contents}}
    return {"markdown": markdown, "json": tree, "chunks": blocks, "metadata": told | {"ocr_method": "native"}}


def _paragraphs(markdown: str) -> list[str]:
    return [f"<p>{escape(part.strip())}</p>" for part in markdown.split("\n\n") if part.strip()]


@asynccontextmanager
async def serving(desk: MarkerDesk) -> AsyncGenerator[MarkerDesk]:
    """Serve the contract on 127.0.0.1 until the block ends."""
    config = uvicorn.Config(desk.app(), log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup(sockets=[listener])
        desk.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield desk
        finally:
            await desk.stop()
            await server.shutdown(sockets=[listener])
