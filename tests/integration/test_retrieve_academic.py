"""The retrieve-academic client over real HTTP: its own connections, real files, nothing left behind."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.errors import FetchError, RetrievalError
from core.http import HttpClient
from core.metadata import PaperMetadata
from core.settings import Settings
from core.stores.retrieve_academic import JobOutcome, RetrievalJob, RetrieveAcademicClient, idempotency_key
from core.streaming import WorkQueue

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4096
PAPER: PaperMetadata = {"doi": "10.1234/abc", "title": "A title", "authors": [{"name": "A"}], "year": 2020}


class Service:
    """The service by its contract. `states` says how a job is, `hung` what never answers, `missing` whose file is gone."""

    def __init__(self) -> None:
        self.url = ""
        self.down = False
        self.bodies: list[dict[str, Any]] = []
        self.keys: dict[str, str] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self.errors: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.hung: set[str] = set()
        self.missing: set[str] = set()
        self.transfers = 0
        self.many = asyncio.Event()
        self.wanted = 0

    def complete(self, *job_ids: str, **more: Any) -> None:
        self.states |= {job_id: {"status": "completed"} | more for job_id in job_ids}

    def app(self) -> Starlette:
        paths = {"/health": self.health, "/jobs/{id}": self.status, "/jobs/{id}/file": self.file}
        submit = Route("/retrieve", self.submit, methods=["POST"])
        return Starlette(routes=[submit, *(Route(path, endpoint) for path, endpoint in paths.items())])

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "healthy"}, 503 if self.down else 200)

    async def submit(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        job_id = self.keys.setdefault(request.headers["idempotency-key"], f"job-{len(self.keys)}")
        return JSONResponse({"job_id": job_id, "status": "pending"})

    async def status(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        self.calls[job_id] += 1
        if job_id in self.hung:
            await asyncio.Event().wait()
        if self.errors[job_id] > 0:
            self.errors[job_id] -= 1
            return JSONResponse({"detail": "rotating"}, 503)
        if job_id not in self.states:
            return JSONResponse({"detail": "Job not found"}, 404)
        return JSONResponse({"job_id": job_id} | self.states[job_id])

    async def file(self, request: Request) -> Response:
        """Send a file once `wanted` transfers are under way side by side."""
        if request.path_params["id"] in self.missing:
            return JSONResponse({"detail": "File not available"}, 404)
        self.transfers += 1
        if self.transfers >= self.wanted:
            self.many.set()

        async def pieces() -> AsyncIterator[bytes]:
            yield PDF[:1000]
            await self.many.wait()
            yield PDF[1000:]

        return StreamingResponse(pieces(), media_type="application/pdf")


@asynccontextmanager
async def serving(service: Service) -> AsyncGenerator[Service]:
    config = uvicorn.Config(service.app(), log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup(sockets=[listener])
        service.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield service
        finally:
            await server.shutdown(sockets=[listener])


@pytest.fixture
async def service() -> AsyncGenerator[Service]:
    async with serving(Service()) as running:
        yield running


@pytest.fixture
async def client(service: Service) -> AsyncGenerator[RetrieveAcademicClient]:
    """A client whose general HTTP client may not reach loopback: only the service view may."""
    async with HttpClient(Settings(max_tries=1)) as http:
        yield RetrieveAcademicClient(service.url, http.service(service.url))


def jobs(*job_ids: str, destination: Path | None = None) -> list[RetrievalJob]:
    return [RetrievalJob(f"paper {job_id}", job_id, time.time(), destination) for job_id in job_ids]


async def outcomes(stream: AsyncGenerator[JobOutcome]) -> dict[str, JobOutcome]:
    async with aclosing(stream) as ended:
        return {outcome.job.job_id: outcome async for outcome in ended}


async def test_a_paper_is_submitted_watched_and_fetched(
    service: Service, client: RetrieveAcademicClient, tmp_path: Path
) -> None:
    assert await client.health_check()
    job = await client.retrieve(PAPER, timeout_s=60)
    service.complete(job.job_id, file_size=len(PDF), file_format="pdf")
    status = await client.wait_for_completion(job.job_id)
    file = await client.download_file(job.job_id, tmp_path)

    assert service.bodies == [
        {
            "doi": "10.1234/abc",
            "timeout_seconds": 60,
            "title": "A title",
            "authors": ["A"],
            "preferred_formats": ["pdf"],
            "year": 2020,
        }
    ]
    assert list(service.keys) == [idempotency_key("10.1234/abc")]
    assert (status.state, status.file_size, status.doi) == ("completed", len(PDF), None)
    assert (file.sha256, file.path.read_bytes()) == (hashlib.sha256(PDF).hexdigest(), PDF)


async def test_a_paper_submitted_twice_is_one_job(service: Service, client: RetrieveAcademicClient) -> None:
    """f14: a crash between submit and poll submitted 5 of 5 jobs again."""
    first, second = await client.retrieve(PAPER), await client.retrieve({**PAPER, "doi": "10.1234/ABC"})

    assert first.job_id == second.job_id


async def test_files_are_fetched_side_by_side_while_others_are_polled(
    service: Service, client: RetrieveAcademicClient, tmp_path: Path
) -> None:
    """f06: no file is finished before five are under way, so fetching them in turn would never end."""
    service.wanted = 5
    service.complete(*"abcdef")
    polled = jobs(*"abcde", destination=tmp_path) + jobs("f")

    ended = await outcomes(client.poll_jobs_until_complete(polled, poll_interval=0.01))

    assert next(iter(ended)) == "f"
    assert [outcome.error for outcome in ended.values()] == [None] * 6
    assert {o.download.sha256 for o in ended.values() if o.download} == {hashlib.sha256(PDF).hexdigest()}
    assert len(list(tmp_path.iterdir())) == 5


async def test_any_number_of_slow_files_leaves_the_status_calls_their_connections(
    service: Service, client: RetrieveAcademicClient, tmp_path: Path
) -> None:
    """f06: files the caller fetches himself hold up nobody either."""
    service.wanted = 21
    service.complete("late")
    async with asyncio.TaskGroup() as group:
        files = [group.create_task(client.download_file("file", tmp_path)) for _ in range(20)]
        while service.transfers < 16:  # noqa: ASYNC110 - all that the client lets run at a time
            await asyncio.sleep(0)

        ended = await outcomes(client.poll_jobs_until_complete(jobs("late")))
        assert not any(file.done() for file in files)
        service.many.set()

    assert ended["late"].error is None


async def test_two_hundred_jobs_end_beside_one_that_hangs(service: Service, client: RetrieveAcademicClient) -> None:
    """f04 and f05."""
    service.hung = {"hung"}
    service.complete(*map(str, range(200)))
    ended = []
    stream = client.poll_jobs_until_complete(jobs("hung", *service.states), poll_interval=0.05)
    async with aclosing(stream):
        async for outcome in stream:
            ended.append(outcome.job.job_id)
            if len(ended) == 200:
                break

    assert sorted(ended) == sorted(service.states)
    assert service.calls["hung"] == 1


async def test_bursts_of_503_cost_nothing_and_an_outage_ends_its_job(
    service: Service, client: RetrieveAcademicClient
) -> None:
    """f08."""
    service.complete("burst", "outage")
    service.errors.update(burst=9, outage=99)

    ended = await outcomes(client.poll_jobs_until_complete(jobs("burst", "outage"), poll_interval=0.01))

    assert ended["burst"].error is None
    assert ended["outage"].error is not None
    assert ended["outage"].error.reason == "service_unavailable"
    assert service.calls == {"burst": 10, "outage": 10}


async def test_an_unknown_job_and_a_failed_one_are_told_apart(service: Service, client: RetrieveAcademicClient) -> None:
    service.states = {"failed": {"status": "failed", "error_code": "NOT_FOUND", "error": "no copy"}}

    ended = await outcomes(client.poll_jobs_until_complete(jobs("lost", "failed")))

    assert ended["lost"].unknown
    assert not ended["failed"].unknown
    assert str(ended["failed"].error) == "not_found: NOT_FOUND: no copy"


async def test_jobs_join_while_others_are_watched(service: Service, client: RetrieveAcademicClient) -> None:
    """f02 and f03: the second job is submitted only after the first has ended."""
    queue: WorkQueue[RetrievalJob] = WorkQueue()
    service.complete("first", "second")
    queue.join()
    queue.put_nowait(*jobs("first"))
    ended = []
    async for outcome in client.poll_jobs_until_complete(queue, poll_interval=0.01):
        ended.append(outcome.job.job_id)
        if outcome.job.job_id == "first":
            queue.put_nowait(*jobs("second"))
            queue.leave()

    assert ended == ["first", "second"]


async def test_closing_midway_leaves_neither_tasks_nor_files(
    service: Service, client: RetrieveAcademicClient, tmp_path: Path
) -> None:
    """f12: while a status call hangs and a file is half there."""
    tasks = asyncio.all_tasks()
    service.wanted, service.hung = 99, {"hung"}
    service.complete("half", "quick")
    polled = jobs("half", destination=tmp_path) + jobs("hung", "quick")
    async with aclosing(client.poll_jobs_until_complete(polled, poll_interval=0.01)) as stream:
        await anext(stream)
        while not list(tmp_path.iterdir()):  # noqa: ASYNC110 - a file cannot set an event
            await asyncio.sleep(0)

    assert list(tmp_path.iterdir()) == []
    assert {task for task in asyncio.all_tasks() - tasks if "core" in str(task.get_coro())} == set()


async def test_a_file_that_is_not_there_fails_its_job_only(
    service: Service, client: RetrieveAcademicClient, tmp_path: Path
) -> None:
    service.complete("gone", "here")
    service.missing = {"gone"}

    ended = await outcomes(client.poll_jobs_until_complete(jobs("gone", "here", destination=tmp_path)))

    assert str(ended["gone"].error).startswith("download_failed: http_404")
    assert ended["here"].error is None


async def test_a_job_id_stays_one_segment_of_the_path(service: Service, client: RetrieveAcademicClient) -> None:
    """f18."""
    with pytest.raises(RetrievalError, match="unknown_job"):
        await client.get_job_status("../health")
    with pytest.raises(RetrievalError, match="unknown_job"):
        await client.get_job_status("job?x#y")

    assert service.calls == {"job?x#y": 1}


async def test_a_service_that_is_down_is_unavailable(service: Service, client: RetrieveAcademicClient) -> None:
    service.down = True

    assert not await client.health_check()


async def test_a_service_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with HttpClient(Settings(max_tries=1)) as http:
        client = RetrieveAcademicClient(url, http.service(url))

        assert not await client.health_check()
        with pytest.raises(RetrievalError, match="service_unavailable"):
            await client.retrieve(PAPER)
        with pytest.raises(FetchError):
            await client.get_job_status("job")
