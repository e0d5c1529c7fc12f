"""Real papers: every one of the corpus goes through the whole pipeline."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.loopback import Internet
from core.loopback.corpus import read
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline

CORPUS = os.environ.get("LIT_REVIEW_CORPUS")
PLAN = read(Path(CORPUS)) if CORPUS else None
FAULTY = read(Path(CORPUS), faulty=True) if CORPUS else None

pytestmark = pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS is not set: there are no real papers here")


async def test_every_real_paper_is_converted_and_keeps_its_pages(tmp_path: Path) -> None:
    assert PLAN is not None
    async with Internet(PLAN) as net:
        result = await run_paper_pipeline(net.papers, settings=net.settings(tmp_path))

    failed = {**result.acquisition_failed, **result.processing_failed}
    assert {paper: outcome["reason"] for paper, outcome in failed.items()} == {}
    assert sum(served.pdf is not None for served in PLAN.papers) == 47
    assert len(result.results) == len(PLAN.papers)
    async with PaperStore.open(tmp_path) as store:
        for paper_id, outcome in result.results.items():
            [text] = await store.texts_of(paper_id)
            markdown = await store.read_text(text.sha256)
            assert outcome["chars"] == len(markdown) > 3000, paper_id
            if outcome["engine"] == "text-layer":
                assert [span.number for span in text.pages] == list(range(1, outcome["pages"] + 1))
                assert (text.pages[0].start, text.pages[-1].end) == (0, len(markdown))


async def test_a_faulty_internet_costs_only_the_papers_it_must(tmp_path: Path) -> None:
    """The oracle: a paper may fail only if every one of its routes is planned to."""
    assert FAULTY is not None
    async with Internet(FAULTY) as net:
        result = await run_paper_pipeline(net.papers, settings=net.settings(tmp_path))

    doomed = {
        served.id
        for served in FAULTY.papers
        if served.routes == () or all(dead(r.kind, r.fault, r.times) for r in served.routes)
    }
    assert result.acquisition_failed.keys() == doomed
    assert result.processing_failed == {}


def dead(kind: str, fault: str, times: int | None) -> bool:
    """Tell whether a route never leads to the paper."""
    lasting = (
        "wall_",
        "html_as_pdf",
        "paywall",
        "wrong_paper",
        "truncated",
        "redirect_to_private",
        "NOT_FOUND",
        "DOWNLOAD_FAILED",
    )
    return times is None and fault.startswith(lasting)
