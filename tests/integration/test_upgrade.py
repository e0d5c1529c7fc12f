"""An upgrade makes again what a lesser engine made, downloads nothing, and never loses a text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.conversion.converter import Converted
from core.errors import ConversionError, PaperError, WorkerDied
from core.loopback import Internet, Plan, Route
from core.progress import ProgressEvent
from core.stores.papers import PaperStore
from tests.engine import Engine
from tests.fakes import first_words
from tests.library import PDFS, SAMPLE_PLAN, on, plan
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import Outcome, PipelineResult

THREE = plan(*[(Route("oa_url"),)] * 3)


class Reader(Engine):
    """An engine that says its own name before the first words, and fails on the papers whose title it is told."""

    slots = 2

    def __init__(self, name: str, rank: int, failing: Mapping[str, PaperError] | None = None) -> None:
        self.name, self.rank = name, rank
        self.calls: list[str] = []
        self._failing = dict(failing or {})

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        self.calls.append(pdf.stem)
        words = await asyncio.to_thread(first_words, pdf)
        for title, error in self._failing.items():
            if title in words:
                raise error
        return self.converted(f"{self.name}: {words}")


async def run(net: Internet, home: Path, converter: Engine, **options: Any) -> PipelineResult:
    settings = net.settings(home, upgrade=options.pop("upgrade", False))
    return await run_paper_pipeline(net.papers, settings=settings, converter=converter, **options)


def told(result: PipelineResult) -> dict[str, tuple[str, str]]:
    return {name: (outcome["status"], outcome.get("engine", "")) for name, outcome in result.outcomes.items()}


def only(result: PipelineResult) -> Outcome:
    [outcome] = result.outcomes.values()
    return outcome


async def test_without_it_any_text_is_a_hit_and_the_run_says_what_it_could_do_better(tmp_path: Path) -> None:
    notes: list[ProgressEvent] = []
    async with Internet(THREE) as net:
        await run(net, tmp_path, Reader("plain", 10))
        better = Reader("better", 20)
        result = await run(net, tmp_path, better, on_event=notes.append)

    assert set(told(result).values()) == {("cached", "plain")}
    assert better.calls == []
    [note] = [event for event in notes if event["status"] == "note"]
    assert note["detail"]["lesser"] == 3
    assert "3 of the texts" in note["detail"]["explanation"]
    assert "--upgrade" in note["detail"]["explanation"]


async def test_it_makes_again_what_a_lesser_engine_made_and_asks_nobody(tmp_path: Path) -> None:
    async with Internet(THREE) as net:
        await run(net, tmp_path, Reader("plain", 10))
        asked, better = len(net.requests), Reader("better", 20)
        first = await run(net, tmp_path, better, upgrade=True)
        second = await run(net, tmp_path, better, upgrade=True)

        assert len(net.requests) == asked
    assert set(told(first).values()) == {("converted", "better")}
    assert set(told(second).values()) == {("cached", "better")}
    assert len(better.calls) == 3


async def test_what_an_equal_or_better_engine_made_stays(tmp_path: Path) -> None:
    async with Internet(THREE) as net:
        await run(net, tmp_path, Reader("better", 20))
        for again in (Reader("other", 20), Reader("plain", 10)):
            result = await run(net, tmp_path, again, upgrade=True)

            assert set(told(result).values()) == {("cached", "better")}
            assert again.calls == []


async def test_the_text_of_the_publisher_is_never_made_again(tmp_path: Path) -> None:
    served = next(each for each in SAMPLE_PLAN.papers if each.html)
    async with Internet(Plan((on(served, Route("html")),))) as net:
        first = await run(net, tmp_path, Reader("plain", 10))
        second = await run(net, tmp_path, Reader("better", 20), upgrade=True)

    assert only(first)["engine"] == only(second)["engine"] == "html"


@pytest.mark.parametrize(
    "error", [ConversionError("conversion_timeout", "too long"), WorkerDied("worker_died", "signal 9")]
)
async def test_a_text_that_cannot_be_made_again_stays_with_a_warning(tmp_path: Path, error: PaperError) -> None:
    title = str(PDFS[1].metadata["title"])
    async with Internet(THREE) as net:
        before = await run(net, tmp_path, Reader("plain", 10))
        result = await run(net, tmp_path, Reader("better", 20, {title: error}), upgrade=True)

    kept = result.results[PDFS[1].id]
    assert sorted(told(result).values()) == [("cached", "plain"), ("converted", "better"), ("converted", "better")]
    assert kept["text_sha256"] == before.results[PDFS[1].id]["text_sha256"]
    assert kept["warnings"] == [f"could not be converted again ({error}); this is the text by plain"]
    assert kept["source"] == "oa_url"
    async with PaperStore.open(tmp_path) as store:
        assert await store.read_text(kept["text_sha256"])


@pytest.mark.parametrize(
    ("error", "tries"),
    [(ConversionError("conversion_failed", "an exception"), 1), (WorkerDied("worker_died", "signal 9"), 4)],
)
async def test_a_lasting_failure_is_not_tried_again_by_every_upgrade(
    tmp_path: Path, error: PaperError, tries: int
) -> None:
    title = str(PDFS[0].metadata["title"])
    async with Internet(plan((Route("oa_url"),))) as net:
        await run(net, tmp_path, Reader("plain", 10))
        better = Reader("better", 20, {title: error})
        for _ in range(2):
            outcome = only(await run(net, tmp_path, better, upgrade=True))
        asked = len(better.calls)
        await run(net, tmp_path, better, upgrade=True, retry_failed=True)

    assert asked == tries
    assert len(better.calls) > asked
    assert (outcome["status"], outcome["engine"]) == ("cached", "plain")


async def test_a_text_whose_file_was_lost_stays_and_says_so(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),))) as net:
        first = only(await run(net, tmp_path, Reader("plain", 10)))
        Path(first["file_path"]).unlink()
        asked = len(net.requests)
        second = only(await run(net, tmp_path, Reader("better", 20), upgrade=True))

        assert len(net.requests) == asked
    assert (second["status"], second["engine"]) == ("cached", "plain")
    assert "its file is not in the store any more" in second["warnings"][0]


async def test_a_file_damaged_in_the_store_costs_nothing_but_the_upgrade(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"), Route("retrieve")))) as net:
        first = only(await run(net, tmp_path, Reader("plain", 10)))
        path = Path(first["file_path"])
        path.write_bytes(b"\0" * path.stat().st_size)
        asked = len(net.requests)
        second = only(await run(net, tmp_path, Reader("better", 20), upgrade=True))

        assert len(net.requests) == asked
    assert (second["status"], second["engine"]) == ("cached", "plain")
    assert "could not be converted again" in second["warnings"][0]
