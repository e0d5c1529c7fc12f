"""A run with the router: simple papers never wait behind hard ones, and each outcome says who read it and why."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.conversion.converter import Converted
from core.conversion.routed import RoutedConverter
from core.errors import InferenceDown
from core.loopback import Internet, Plan, Route
from core.stores.papers import PaperStore
from tests import pdfs
from tests.engine import Engine
from tests.fakes import first_words
from tests.library import PDFS, numbered, on
from tests.watching import Watch
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult

HARD, SIMPLE = 5, 6


class Plain(Engine):
    """Reads text layers at once."""

    name, slots = "plain", 1

    def __init__(self) -> None:
        self.calls = 0

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        self.calls += 1
        return self.converted(await asyncio.to_thread(first_words, pdf))


class Eyes(Engine):
    """Reads a paper, one at a time, whenever it is opened; with `down` its server is gone."""

    name, rank, slots, reads_scans = "eyes", 20, 1, True

    def __init__(self, *, opened: bool = True, down: bool = False) -> None:
        self.running = self.most = 0
        self.down = down
        self._opened = asyncio.Event()
        if opened:
            self.open()

    def open(self) -> None:
        self._opened.set()

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        self.running += 1
        self.most = max(self.most, self.running)
        await self._opened.wait()
        self.running -= 1
        if self.down:
            raise InferenceDown("inference_unavailable", "gone")
        return self.converted(f"# {pdf.stem}")


def mixed() -> Plan:
    """Return papers of which the first ones are scans, known by nothing but their addresses."""
    hard = [replace(numbered(n, Route("oa_url")), pdf=pdfs.scanned(2 + n)) for n in range(HARD)]
    return Plan((*hard, *(numbered(n + HARD, Route("oa_url")) for n in range(SIMPLE))))


def records(net: Internet) -> list[Any]:
    """Return the records, without the titles of scans: what these say is not the matter here. Scans come first."""
    scans = [served.id for served in net.plan.papers if isinstance(served.pdf, bytes)]
    return [
        {**paper, "title": "", "relevance_score": 1.0} if paper["doi"] in scans else {**paper, "relevance_score": 0.0}
        for paper in net.papers
    ]


async def run(net: Internet, home: Path, eyes: Eyes, plain: Plain | None = None, **options: Any) -> PipelineResult:
    settings = net.settings(home, max_processing=1, host_concurrency=8, upgrade=options.pop("upgrade", False))
    async with RoutedConverter(plain or Plain(), eyes, settings) as converter:
        return await run_paper_pipeline(records(net), settings=settings, converter=converter, **options)


async def test_simple_papers_are_read_while_hard_ones_wait_for_their_engine(tmp_path: Path) -> None:
    eyes, watch = Eyes(opened=False), Watch()
    async with Internet(mixed()) as net, asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(run(net, tmp_path, eyes, on_event=watch))
        await watch.seen("converted", SIMPLE)
        assert eyes.running == 1
        eyes.open()

    results = task.result().results
    assert [outcome["engine"] for outcome in results.values()].count("eyes") == HARD
    assert eyes.most == 1
    assert {outcome["why"] for outcome in results.values()} == {
        "routed to plain: a plain text layer, few formulas and tables",
        *(f"routed to eyes: {pages} of {pages} pages are scans" for pages in range(2, 2 + HARD)),
    }


async def test_an_upgrade_leaves_alone_what_the_router_itself_has_sent_to_the_lesser_engine(tmp_path: Path) -> None:
    plain = Plain()
    async with Internet(mixed()) as net:
        await run(net, tmp_path, Eyes(), plain)
        assert plain.calls == SIMPLE
        result = await run(net, tmp_path, Eyes(), plain, upgrade=True)

    assert plain.calls == SIMPLE
    assert {outcome["status"] for outcome in result.outcomes.values()} == {"cached"}


async def test_texts_of_the_lesser_engine_alone_are_looked_at_once_by_an_upgrade(tmp_path: Path) -> None:
    plain = Plain()
    async with Internet(Plan(tuple(numbered(n, Route("oa_url")) for n in range(SIMPLE)))) as net:
        settings = net.settings(tmp_path)
        before = await run_paper_pipeline(records(net), settings=settings, converter=plain)
        first = await run(net, tmp_path, Eyes(), plain, upgrade=True)
        second = await run(net, tmp_path, Eyes(), plain, upgrade=True)

    assert plain.calls == 2 * SIMPLE
    for result in (first, second):
        assert {outcome["status"] for outcome in result.outcomes.values()} == {"cached"}
        assert {outcome["engine"] for outcome in result.outcomes.values()} == {"plain"}
        assert all(outcome["why"].startswith("routed to plain") for outcome in result.results.values())
    assert {name: o["text_sha256"] for name, o in second.results.items()} == {
        name: o["text_sha256"] for name, o in before.results.items()
    }


async def test_a_paper_rescued_from_a_dead_server_is_read_anew_by_the_next_upgrade(tmp_path: Path) -> None:
    tables = pdfs.typeset("#lorem(400)\n#figure(table(columns: 2, [a], [b]), caption: [Things])\n" * 4)
    served = replace(on(PDFS[0], Route("oa_url")), pdf=tables)
    async with Internet(Plan((served,))) as net:
        [first] = (await run(net, tmp_path, Eyes(down=True))).results.values()
        [kept] = (await run(net, tmp_path, Eyes(down=True), upgrade=True)).results.values()
        [second] = (await run(net, tmp_path, Eyes(), upgrade=True)).results.values()

    warning = "read by plain, for eyes failed: inference_unavailable: gone"
    assert (first["status"], first["engine"]) == ("converted", "plain")
    assert warning in first["warnings"]
    assert (kept["status"], kept["engine"]) == ("cached", "plain")
    assert kept["warnings"].count(warning) == 1
    assert (second["status"], second["engine"]) == ("converted", "eyes")
    async with PaperStore.open(tmp_path) as store:
        assert [text.engine for text in await store.texts_of(second["paper_id"])] == ["eyes", "plain"]


async def test_a_scan_fails_with_the_server_and_is_tried_by_the_next_run(tmp_path: Path) -> None:
    served = replace(on(PDFS[0], Route("oa_url")), pdf=pdfs.scanned())
    async with Internet(Plan((served,), service=False)) as net:
        failed = await run(net, tmp_path, Eyes(down=True))
        again = await run(net, tmp_path, Eyes())

    [outcome] = failed.processing_failed.values()
    assert outcome["reason"] == "inference_unavailable"
    assert len(again.results) == 1
