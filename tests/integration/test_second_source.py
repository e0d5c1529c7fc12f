"""A paper whose PDF cannot be converted is read from a text that needs no converter, if any place has one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.conversion.converter import Converted
from core.errors import ConversionError, PaperError, WorkerDied
from core.loopback import Internet, Plan, Route
from core.stores.papers import PaperStore
from tests.engine import Engine
from tests.library import SAMPLE_PLAN, on, plan
from tests.watching import Watch
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import Outcome, PipelineResult

SERVED = next(each for each in SAMPLE_PLAN.papers if each.jats and each.pdf)


class Broken(Engine):
    """An engine that reads nothing."""

    name, slots = "broken", 2

    def __init__(self, error: PaperError | None = None) -> None:
        self.calls = 0
        self._error = error or ConversionError("conversion_failed", "an exception")

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        self.calls += 1
        raise self._error


def papers(*routes: Route, **options: bool) -> Plan:
    """Return a plan of one paper that has its text in JATS beside its PDF."""
    return Plan((on(SERVED, *routes),), **options)


async def run(net: Internet, home: Path, converter: Engine, **options: object) -> PipelineResult:
    return await run_paper_pipeline(net.papers, settings=net.settings(home), converter=converter, **options)  # type: ignore[arg-type]


def only(result: PipelineResult) -> Outcome:
    [outcome] = result.outcomes.values()
    return outcome


@pytest.mark.parametrize("kind", ["jats", "pmc"])
@pytest.mark.parametrize("error", [ConversionError("implausible_text"), WorkerDied("worker_died", "signal 11")])
async def test_the_text_is_taken_where_it_is_and_no_other_pdf_is_tried(
    tmp_path: Path, kind: str, error: PaperError
) -> None:
    routes = (Route("oa_url"), Route("oa_url", host="rogue"), Route(kind))  # type: ignore[arg-type]
    async with Internet(papers(*routes)) as net:
        converter, watch = Broken(error), Watch()
        outcome = only(await run(net, tmp_path, converter, on_event=watch))
        again = only(await run(net, tmp_path, converter))

        assert net.asked(host="rogue") == []
    assert (outcome["status"], outcome["engine"]) == ("converted", "jats")
    assert "reason" not in outcome
    assert again["status"] == "cached"
    assert converter.calls == (2 if isinstance(error, WorkerDied) else 1)
    assert [event["detail"]["reason"] for event in watch.events if event["status"] == "waiting"] == [error.reason]
    assert len(outcome["tried"]) == len({tuple(sorted(attempt.items())) for attempt in outcome["tried"]})


async def test_when_the_text_is_not_there_either_the_paper_fails_for_its_conversion(tmp_path: Path) -> None:
    async with Internet(papers(Route("oa_url"), Route("jats", fault="http_404"))) as net:
        result = await run(net, tmp_path, Broken())
        asked = len(net.requests)
        again = await run(net, tmp_path, Broken())

        assert len(net.requests) == asked
        assert net.submits == {}
    outcome = only(result)
    assert (outcome["status"], outcome["reason"], outcome["failed_stage"]) == ("failed", "conversion_failed", "convert")
    assert result.processing_failed.keys() == {SERVED.id}
    assert [attempt["verdict"] for attempt in outcome["tried"]][-2:] == ["ok", "http_404"]
    assert only(again)["detail"].endswith("(known from an earlier run)")


async def test_a_place_that_may_answer_tomorrow_is_asked_by_the_next_run(tmp_path: Path) -> None:
    async with Internet(papers(Route("oa_url"), Route("jats", fault="unavailable", times=3))) as net:
        first = only(await run(net, tmp_path, Broken()))
        second = only(await run(net, tmp_path, Broken()))

    assert first["reason"] == "conversion_failed"
    assert (second["status"], second["engine"]) == ("converted", "jats")


async def test_a_file_left_by_an_earlier_run_has_the_same_way_out(tmp_path: Path) -> None:
    async with Internet(papers(Route("oa_url"), Route("jats"))) as net:
        watch = Watch()
        held = asyncio.create_task(run(net, tmp_path, Broken(WorkerDied("worker_died", "x")), on_event=watch))
        await watch.seen("acquired")
        held.cancel()
        await asyncio.wait([held])
        outcome = only(await run(net, tmp_path, Broken()))

    assert outcome["engine"] == "jats"


async def test_many_papers_on_their_way_back_end_each_once(tmp_path: Path) -> None:
    ways = [(Route("oa_url"), Route("europepmc"))] * 6
    async with Internet(plan(*ways)) as net:
        settings = net.settings(tmp_path, queue_size=1, max_processing=1, max_downloads=1)
        result = await run_paper_pipeline(net.papers, settings=settings, converter=Broken())

    assert len(result.processing_failed) == 6
    async with PaperStore.open(tmp_path) as store:
        assert (await store.stats()).failures == 6
