"""The text-layer engine on real papers: as good as it was when it was built, and none of them fails."""

from pathlib import Path

import pytest

from core.conversion.layout import extract
from tests.benchmarks.scores import corpus, measure

FOLDER = corpus()
FLOOR = {"para95": 0.97, "head_recall": 0.95, "head_prec": 0.88, "table_rows": 0.79}

pytestmark = pytest.mark.skipif(FOLDER is None, reason="LIT_REVIEW_CORPUS names no corpus with ground truth")


def test_the_scores_stay_above_their_floor(tmp_path: Path) -> None:
    assert FOLDER
    scores = measure(FOLDER, tmp_path).scores
    assert {name: score for name, score in scores.items() if score < FLOOR[name]} == {}


def test_every_paper_becomes_text_with_all_its_pages() -> None:
    assert FOLDER
    for pdf in sorted((FOLDER / "pdfs").glob("*.pdf")):
        found = extract(str(pdf))
        assert found["pages"][-1] == len(found["markdown"]) > 1000, pdf.name
        assert found["pages"] == sorted(found["pages"]), pdf.name
        assert found["warnings"] == [], pdf.name
