"""On real papers: true quotes are found, forged ones are not, and nothing is extracted that is not in the text.

The floors are what `python -m tests.benchmarks.quotes` measured on the papers the rules were not fitted on, less a
margin of about 0.02.
"""

from collections import Counter
from collections.abc import Sequence

import pytest

from core.evidence import find
from core.evidence.extract import extract
from core.evidence.sentences import sentences
from tests.benchmarks.forgeries import FORGERIES, NOISES
from tests.benchmarks.quotes import Paper, check_pages, corpus, measure, papers

FOLDER = corpus()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="LIT_REVIEW_CORPUS names no corpus with ground truth")


@pytest.fixture(scope="module")
def chosen() -> list[Paper]:
    assert FOLDER
    return papers(FOLDER, fit=False, most=10)


def test_true_quotes_are_found_and_forged_ones_are_not(chosen: Sequence[Paper]) -> None:
    tally = measure(chosen, each=20)

    assert {kind: tally.kept(kind) for kind in NOISES if tally.kept(kind) < 0.96} == {}
    assert {kind: tally.recall(kind) for kind in FORGERIES if tally.recall(kind) < 0.99} == {}
    assert tally.precision() > 0.97


def test_the_page_of_a_quote_is_the_page_of_the_pdf(chosen: Sequence[Paper]) -> None:
    tally = measure(chosen[:0])
    check_pages(chosen[:4], tally)

    assert tally.pages["right"] > 200
    assert tally.pages["wrong"] <= 0.005 * tally.pages["right"]
    assert tally.pages["missed"] <= 0.005 * tally.pages["right"]


def test_what_is_extracted_stands_in_the_text(chosen: Sequence[Paper]) -> None:
    for paper in chosen:
        text = paper.index.text
        found = extract(text, topic="Ocimum", questions=("Does Ocimum sanctum lower blood glucose?",))
        taken = [*found.findings, *found.methods, *found.limitations, *found.future_work]
        assert found.findings, paper.name
        for excerpt in [*taken, *(figure.excerpt for figure in found.numbers)]:
            assert text[excerpt.start : excerpt.end] == excerpt.quote
            assert find(excerpt.quote, paper.index).verdict == "exact"
        for figure in found.numbers:
            parts = (figure.measure.value, figure.measure.unit)
            assert all(part in figure.excerpt.quote for part in parts)


def test_sentences_begin_and_end_like_sentences(chosen: Sequence[Paper]) -> None:
    told = Counter[str]()
    for paper in chosen:
        for sentence in sentences(paper.index.text):
            if sentence.kind == "paragraph" and sentence.role not in ("front", "back", "references"):
                told["all"] += 1
                told["begins small"] += sentence.text[0].islower()
                told["ends open"] += sentence.text.rstrip("\"'\u201d)]*_")[-1:] not in ".!?:"

    assert told["all"] > 1_000
    assert told["begins small"] < 0.04 * told["all"]
    assert told["ends open"] < 0.08 * told["all"]
