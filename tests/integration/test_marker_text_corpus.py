"""Marker without weights on real papers, all in one run: each becomes text with its pages, or fails with a reason."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from core.conversion.converter import Converted
from core.conversion.marker.engine import MarkerTextConverter
from core.errors import ConversionError, known_reason
from core.settings import Settings
from core.streaming import together
from tests.benchmarks.scores import corpus
from tests.marking import needs_marker

FOLDER = corpus()
FLOOR = {"para95": 0.96, "head_recall": 0.95, "head_prec": 0.88, "table_rows": 0.79}

Run = dict[Path, Converted | ConversionError]

pytestmark = [
    needs_marker,
    pytest.mark.skipif(FOLDER is None, reason="LIT_REVIEW_CORPUS names no corpus with ground truth"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(1800),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def run() -> AsyncIterator[Run]:
    """Give what became of every paper; about two minutes of CPU for 512 pages."""
    assert FOLDER
    papers = sorted((FOLDER / "pdfs").glob("*.pdf"))
    async with MarkerTextConverter(Settings()) as marker:
        yield dict(zip(papers, await together(*(attempt(marker, pdf) for pdf in papers)), strict=True))


async def attempt(marker: MarkerTextConverter, pdf: Path) -> Converted | ConversionError:
    try:
        return await marker.convert(pdf, deadline=marker.deadline(200))
    except ConversionError as error:
        return error


async def test_every_paper_becomes_text_or_fails_with_a_reason(run: Run) -> None:
    assert len(run) > 40
    failed = {pdf.name: made for pdf, made in run.items() if isinstance(made, ConversionError)}
    assert {name: error for name, error in failed.items() if not known_reason(error.reason)} == {}
    assert failed == {}  # for none of them is hard: every one has a text layer


async def test_the_pages_cover_the_text_and_nothing_is_missed(run: Run) -> None:
    for pdf, made in run.items():
        assert isinstance(made, Converted)
        assert len(made.markdown) > 1000, pdf.name
        assert (made.pages[0].start, made.pages[-1].end) == (0, len(made.markdown)), pdf.name
        assert all(a.end == b.start and a.number + 1 == b.number for a, b in pairwise(made.pages)), pdf.name
        assert len(made.metadata["methods"]) == len(made.pages), pdf.name
        assert made.warnings == (), pdf.name


async def test_the_scores_stay_above_their_floor(run: Run, tmp_path: Path) -> None:
    assert FOLDER
    for pdf, made in run.items():
        if isinstance(made, Converted):
            (tmp_path / f"{pdf.stem}.md").write_text(made.markdown)
    script = FOLDER.parent / "tools" / "score_conversion.py"
    command = [sys.executable, str(script), str(tmp_path), "--corpus", str(FOLDER)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    scores = json.loads(done.stdout.splitlines()[-1])
    assert {name: scores[name] for name in FLOOR if scores[name] < FLOOR[name]} == {}
