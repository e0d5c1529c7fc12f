"""One planned world for two pipelines: the real one and the seeds' sketch meet the same papers, hosts and faults.

Everything runs on a virtual clock, so that a plan may speak of minutes and a time is exact. Real are the whole paper
processor and its store; the network, the converter and the look into a file are played by `World`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

import async_solipsism  # type: ignore[import-untyped]

from core.conversion.converter import Converted, Converter
from core.conversion.inspect import Inspection, Inspector
from core.errors import FetchError
from core.http import Download, HttpClient, Page
from core.metadata import PaperMetadata
from core.progress import ProgressEvent
from core.settings import Settings
from core.stores.papers import PaperStore
from core.stores.retrieve_academic import RetrieveAcademicClient
from tests.engine import Engine
from tests.sketch import Sketch
from tests.unit.virtual import now
from workflows.research.academic_lit_review.paper_processor.acquisition.core import read_papers
from workflows.research.academic_lit_review.paper_processor.services import Services

SERVICE = "http://service"
#: Longer than any run that ends, in seconds of the virtual clock.
LONG_S = 10_000.0


class Clock(async_solipsism.EventLoop):  # type: ignore[misc]
    """A loop whose clock jumps to the next timer; work for a thread is done at once, in no time."""

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Return a future that is done already."""
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(executor.submit(func, *args).result() if executor else func(*args))
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to whoever awaits it
            done.set_exception(error)
        return done


class Step(NamedTuple):
    """Something that began or happened: `open`, `submit`, `status`, `file`, `convert`; `acquired` and `read`."""

    at: float
    what: str
    number: int


def paper(number: int, *, openly: bool = False, doi: str | None = "") -> PaperMetadata:
    """Return the record of a planned paper: with an open copy, or else one for the retrieval service."""
    record: PaperMetadata = {"title": f"The planned paper of number {number} and what became of it"}
    if doi is not None:
        record["doi"] = doi or f"10.5555/planned.{number}"
    if openly:
        record["oa_urls"] = [f"http://open/{number}"]
    return record


def number_of(text: str) -> int:
    """Return the number of the paper that `text` speaks of."""
    found = re.search(r"of number (\d+)|http://open/(\d+)|job-(\d+)", text)
    assert found, text
    return int(next(filter(None, found.groups())))


@dataclass
class World:
    """What is there, how long each step takes by paper number (`job`: until it is done), and which steps fail."""

    papers: list[PaperMetadata]
    takes: Mapping[str, Callable[[int], float]] = field(default_factory=dict)
    fails: Callable[[str, int], Exception | None] = lambda what, number: None
    queue: int = 8
    workers: int = 4
    transfers: int = 8
    pace_s: float = 0.0
    poll_s: float = 0.1
    timeout_s: float = 300.0
    log: list[Step] = field(default_factory=list)
    jobs: dict[str, float] = field(default_factory=dict)

    def times(self, what: str) -> list[float]:
        """Return when steps of this kind were."""
        return [step.at for step in self.log if step.what == what]

    def note(self, what: str, number: int) -> None:
        self.log.append(Step(now(), what, number))

    async def step(self, what: str, number: int) -> None:
        """Take the planned time, and fail as planned."""
        self.note(what, number)
        error = self.fails(what, number)
        await asyncio.sleep(self.seconds(what, number))
        if error:
            raise error

    def seconds(self, what: str, number: int) -> float:
        return self.takes[what](number) if what in self.takes else 0.0

    async def submit(self, number: int) -> str:
        await self.step("submit", number)
        job_id = f"job-{number}-{len(self.jobs)}"
        self.jobs[job_id] = now() + self.seconds("job", number)
        return job_id

    async def status(self, job_id: str) -> str:
        await self.step("status", number_of(job_id))
        return "completed" if now() >= self.jobs[job_id] else "searching"


class Ended(NamedTuple):
    """The keys of the papers in the lists of results, and in those of failures."""

    read: list[Any]
    failed: list[Any]


@dataclass(frozen=True)
class Sketched:
    """The sketch in a planned world."""

    home: Path
    bounded: bool = False

    async def run(self, world: World) -> Ended:
        sketch = Sketch(
            _Edges(world), self.home, world.queue, world.workers, world.transfers, world.pace_s, world.poll_s,
            world.timeout_s, self.bounded,
        )  # fmt: skip
        await sketch.run_paper_pipeline(world.papers)
        return Ended(list(sketch.results), [*sketch.acquisition_failed, *sketch.processing_failed])


@dataclass(frozen=True)
class _Edges:
    world: World

    async def try_oa_download(self, paper: PaperMetadata) -> str | None:
        number = number_of(paper["title"])
        if "oa_urls" not in paper:
            return None
        await self.world.step("open", number)
        self.world.note("acquired", number)
        return paper["oa_urls"][0]

    async def retrieve(self, paper: PaperMetadata) -> str:
        return await self.world.submit(number_of(paper["title"]))

    async def get_job_status(self, job_id: str) -> str:
        return await self.world.status(job_id)

    async def download_result(self, job_id: str, path: Path) -> None:
        await self.world.step("file", number_of(job_id))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF")
        self.world.note("acquired", number_of(job_id))

    async def process_single_document(self, source: str, paper: PaperMetadata) -> bool:
        number = number_of(paper["title"])
        await self.world.step("convert", number)
        self.world.note("read", number)
        return True


@dataclass(frozen=True)
class Ours:
    """The real pipeline in a planned world: all of `run_paper_pipeline` but the opening of network and processes."""

    home: Path

    async def run(self, world: World) -> Ended:
        async with PaperStore.open(self.home, clock=_unix) as store:
            services = _services(world, store)
            result = await read_papers(world.papers, services, max_concurrent=world.transfers)
        _, read, acquisition_failed, processing_failed = result
        return Ended(list(read), [*acquisition_failed, *processing_failed])


Shape = Sketched | Ours


def _unix() -> float:
    return 1_900_000_000 + now()


def _services(world: World, store: PaperStore) -> Services:
    settings = Settings(
        _env_file=None, home=store.home, queue_size=world.queue, max_processing=world.workers,
        acquisition_delay_s=world.pace_s, host_concurrency=8, poll_interval_s=world.poll_s,
        acquisition_timeout_s=world.timeout_s, convert_base_s=LONG_S, retrieve_academic_url=SERVICE,
    )  # fmt: skip
    http, engine, inspector = cast(HttpClient, _Web(world)), cast(Converter, _Engine(world)), cast(Inspector, _Looker())
    retrieval = RetrieveAcademicClient(SERVICE, http, clock=_unix)

    def emit(event: ProgressEvent) -> None:
        what = {"acquired": "acquired", "converted": "read"}.get(event["status"])
        if what:
            world.note(what, number_of(event["detail"]["title"]))

    return Services(settings, store, http, engine, inspector, retrieval, emit, _unix)


@dataclass(frozen=True)
class _Web:
    """Stands in for `HttpClient`: open copies at http://open/<number>, and the retrieval service."""

    world: World

    def service(self, base_url: str, **how: object) -> _Web:
        return self

    async def fetch(self, url: str, *, timeout_s: float = 30.0, json: Any = None, **how: object) -> Page:
        return Page(url, 200, {}, _json(await _within(timeout_s, self._said(url, json))))

    async def _said(self, url: str, sent: Any) -> dict[str, object]:
        if url.endswith("/health"):
            return {"status": "healthy"}
        if url.endswith("/retrieve"):
            return {"job_id": await self.world.submit(number_of(sent["title"])), "status": "pending"}
        job_id = url.rpartition("/")[2]
        return {"job_id": job_id, "status": await self.world.status(job_id)}

    async def download(self, url: str, folder: Path) -> Download:
        if not url.startswith(("http://open/", SERVICE)):
            raise FetchError("http_404", status=404)
        number = number_of(url)
        await self.world.step("file" if url.startswith(SERVICE) else "open", number)
        data = f"%PDF-1.7\n{paper(number)['title']}".encode()
        sha256 = hashlib.sha256(data).hexdigest()
        (folder / sha256).write_bytes(data)
        return Download(folder / sha256, sha256, len(data), data, url, 200)


async def _within(seconds: float, answer: Any) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        raise FetchError("timeout") from None


def _json(said: object) -> bytes:
    return json.dumps(said).encode()


@dataclass(frozen=True)
class _Engine(Engine):
    """Stands in for a converter."""

    world: World
    name = "planned"
    slots = 99

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        text = pdf.read_text()
        await self.world.step("convert", number_of(text))
        return self.converted(text)


class _Looker:
    """Stands in for the inspector: a planned PDF is its own text."""

    async def warm(self) -> None:
        return None

    async def inspect(self, path: Path) -> Inspection:
        return Inspection(pages=1, chars=1000, sampled=1, text=path.read_text())
