"""Workers that can be trusted: whatever a PDF does to its process, it fails alone, in time, and leaves none behind."""

from __future__ import annotations

import asyncio
import hashlib
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.conversion import chunks
from core.conversion.converter import Converted, PageSpan
from core.conversion.pool import open_pool
from core.conversion.workers import MIB, Memory
from core.settings import Settings
from tests.contained import until
from tests.engine import Engine
from tests.leftovers import children, left
from tests.pdfs import typeset
from tests.watching import Watch
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult

SPACE, RESIDENT = Memory(1024 * MIB), Memory(256 * MIB, resident=True)
CHUNK = 2
SLOTS = 3


class Paged(Engine):
    """An engine that reads two pages at a time in three processes, and gives a page one second, and the paper two."""

    name, slots = "paged", SLOTS

    def __init__(self, notes: Path, memory: Memory) -> None:
        notes.mkdir()
        self.notes = notes
        self.pool = open_pool(
            Settings(), "tests.pageworker:read", slots=SLOTS, memory=memory, envs=[{"NOTES": str(notes)}]
        )

    async def __aexit__(self, *raised: object) -> None:
        await self.pool.__aexit__(None, None, None)

    def deadline(self, pages: int) -> float:
        """Return little."""
        return 2.0 + pages

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Read the paper chunk by chunk."""
        answer = await chunks.read(self.pool, pdf, size=CHUNK, deadline=self.deadline)
        spans = tuple(PageSpan(number, *span) for number, span in enumerate(pairwise([0, *answer["pages"]]), 1))
        return Converted(answer["markdown"], spans, self.name, self.fingerprint, self.rank)

    def pids(self) -> set[int]:
        """Return every process that ever read a page."""
        return {int(note.name.split()[2]) for note in self.notes.iterdir()}

    def tries(self, pdf: Path, page: int) -> int:
        """Return how often the chunk that begins with `page` was begun."""
        sha256 = hashlib.sha256(pdf.read_bytes()).hexdigest()
        return sum(note.name.startswith(f"{sha256} {page} ") for note in self.notes.iterdir())


def paper(folder: Path, name: str, deed: str = "", pages: int = 7) -> Path:
    """Write a PDF with so many pages; a deed like "segfault at page 3" is done to the process that reads it."""
    words = f"This is {name}, a paper about its own pages and about nothing else. " * 20
    path = folder / f"{name}.pdf"
    path.write_bytes(
        typeset(*[f"= Page {page}\n{words}" for page in range(pages)], title=name) + f"% {deed}\n".encode()
    )
    return path


async def run(home: Path, engine: Paged, papers: list[Path], watch: Watch | None = None) -> PipelineResult:
    settings = Settings(home=home, retrieve_academic_url="", max_processing=SLOTS, _env_file=None)  # type: ignore[call-arg]
    records: Any = [{"title": path.stem, "pdf_path": str(path)} for path in papers]
    async with engine:
        return await run_paper_pipeline(records, settings=settings, converter=engine, on_event=watch)


@pytest.mark.parametrize(
    ("deed", "memory", "reason", "tries"),
    [
        ("hang at page 5", SPACE, "conversion_timeout", 1),
        ("leave at page 5", SPACE, "worker_died", 2),
        ("segfault at page 5", SPACE, "worker_died", 2),
        ("hog at page 5", SPACE, "out_of_memory", 1),
        ("swell at page 5 400", RESIDENT, "out_of_memory", 1),
        ("swell_below at page 5 400", RESIDENT, "out_of_memory", 1),
    ],
)
async def test_a_poison_paper_fails_in_time_and_disturbs_no_other(
    tmp_path: Path, deed: str, memory: Memory, reason: str, tries: int
) -> None:
    good = [paper(tmp_path, f"good-{number}") for number in range(6)]
    poison, engine, watch = paper(tmp_path, "poison", deed), Paged(tmp_path / "notes", memory), Watch()

    began = time.monotonic()
    result = await run(tmp_path / "home", engine, [*good[:3], poison, *good[3:]], watch)

    assert time.monotonic() - began < 2 * engine.deadline(CHUNK) + 10
    assert [outcome["reason"] for outcome in result.processing_failed.values()] == [reason]
    assert len(result.results) == len(good)
    assert engine.tries(poison, 4) == tries
    assert not any(psutil.pid_exists(pid) for pid in engine.pids())
    assert await left(tmp_path / "home") == {}


async def test_chunks_of_many_papers_in_flight_never_meet(tmp_path: Path) -> None:
    papers = [paper(tmp_path, f"paper-{number}", pages=5 + number) for number in range(8)]
    engine = Paged(tmp_path / "notes", SPACE)

    texts = await read_all(engine, papers)

    for path, text in zip(papers, texts, strict=True):
        sha256, count = hashlib.sha256(path.read_bytes()).hexdigest(), len(text.pages)
        pages = [text.markdown[span.start : span.end].strip() for span in text.pages]
        assert pages == [f"Page {number} of {sha256}." for number in range(1, count + 1)]


async def read_all(engine: Paged, papers: list[Path]) -> list[Converted]:
    async with engine, asyncio.TaskGroup() as group:
        tasks = [group.create_task(engine.convert(path, deadline=10)) for path in papers]
    return [task.result() for task in tasks]


async def test_cancelling_kills_all_chunks_in_flight_within_two_seconds(tmp_path: Path) -> None:
    papers = [paper(tmp_path, f"stuck-{number}", "hang at page 1") for number in range(2)]
    papers.append(paper(tmp_path, "late", "hang at page 5"))
    engine = Paged(tmp_path / "notes", RESIDENT)
    task = asyncio.ensure_future(run(tmp_path / "home", engine, papers))
    await until(lambda: len(engine.pids()) == SLOTS)

    began = time.monotonic()
    task.cancel()
    await asyncio.wait([task])

    assert time.monotonic() - began < 2
    assert task.cancelled()
    assert children() == []
    assert not any(psutil.pid_exists(pid) for pid in engine.pids())
