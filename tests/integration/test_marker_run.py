"""The whole pipeline with the real Marker in it, its models on a stand-in server: chosen, routed to, upgraded to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from core.stores.papers import PaperStore
from tests.leftovers import children
from tests.library import PDFS
from tests.marking import needs_marker
from tests.surya import Surya, surya
from tests.watching import Watch
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline, run_paper_processing
from workflows.research.academic_lit_review.paper_processor.state import Outcome

pytestmark = [needs_marker, pytest.mark.timeout(300)]


@pytest.fixture
def stand_in() -> Iterator[Surya]:
    with surya() as one:
        yield one


@pytest.fixture
def papers(tmp_path: Path) -> list[Any]:
    """Return records of two files: one with a text layer, and a scan."""
    from PIL import Image, ImageDraw

    page = Image.new("L", (1240, 1754), 255)
    for top in range(200, 1500, 25):
        ImageDraw.Draw(page).rectangle((150, top, 1090, top + 12), 0)
    page.save(tmp_path / "scan.pdf", resolution=150)
    return [{"pdf_path": str(PDFS[0].pdf)}, {"pdf_path": str(tmp_path / "scan.pdf")}]


async def run(papers: list[Any], stand_in: Surya, home: Path, **options: Any) -> tuple[list[Outcome], dict[str, Any]]:
    """Return the outcomes, the simple paper's first, and what the first event tells."""
    watch = Watch()
    named: dict[str, Any] = stand_in.settings()
    given = {"home": home, "retrieve_academic_url": "", "marker_start_server": False, "max_processing": 1}
    settings = Settings(_env_file=None, **{**given, **named, **options})
    result = await run_paper_pipeline(papers, settings=settings, on_event=watch)
    outcomes = sorted(result.outcomes.values(), key=lambda outcome: "scan.pdf" in outcome["url"])
    return outcomes, watch.events[0]["detail"]


async def test_a_mixed_pile_is_routed_and_upgraded_by_the_real_marker(
    papers: list[Any], stand_in: Surya, tmp_path: Path
) -> None:
    (simple, scan), first = await run(papers, stand_in, tmp_path / "home", converter="routed")

    assert (first["converter"], first["why"]) == ("routed", "named in the settings")
    assert (simple["engine"], scan["engine"]) == ("text-layer", "marker")
    assert scan["why"] == "routed to marker: 1 of 1 pages are scans"
    async with PaperStore.open(tmp_path / "home") as store:
        [text] = await store.texts_of(scan["paper_id"])
        assert text.metadata["methods"] == ["surya"]
        assert text.fingerprint.startswith("marker/")

    (simple, scan), first = await run(papers, stand_in, tmp_path / "home", converter="auto", upgrade=True)

    assert first["converter"] == "marker"
    assert first["why"].endswith("its servers are named in the settings")
    assert (simple["status"], simple["engine"]) == ("converted", "marker")
    assert (scan["status"], scan["engine"]) == ("cached", "marker")


async def test_cancelling_the_graph_kills_marker_within_two_seconds(
    papers: list[Any], stand_in: Surya, tmp_path: Path
) -> None:
    stand_in.fault = "mute"  # it takes a question and never answers
    named: dict[str, Any] = stand_in.settings()
    given = {"home": tmp_path / "home", "retrieve_academic_url": "", "converter": "marker", "max_processing": 1}
    running = asyncio.ensure_future(
        run_paper_processing(papers, settings=Settings(_env_file=None, **{**given, **named}))
    )
    assert await asyncio.to_thread(stand_in.until, lambda: stand_in.count() > 0)
    assert children() != []

    running.cancel()
    async with asyncio.timeout(2):
        await asyncio.wait([running])
    assert running.cancelled()
    assert children() == []
