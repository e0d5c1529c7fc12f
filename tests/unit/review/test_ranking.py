"""Relevance without a model means the same in every run, and the thresholds separate what is asked from what is not."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.question import asked
from workflows.research.academic_lit_review.ranking import NEAR, RELEVANT, Ranking, prior

BASIL = asked("Ocimum sanctum (holy basil): pharmacological effects", ["Does it help against anxiety?"])
ABSTRACT = "We fed the leaves of a plant to forty rats for a month and compared them with rats that had none of it. "


def score(title: str, abstract: str = ABSTRACT, *, among: tuple[PaperMetadata, ...] = (), **more: Any) -> float:
    paper: PaperMetadata = {"title": title, "abstract": abstract, **more}  # type: ignore[typeddict-item]
    return Ranking(BASIL, [paper, *among], year=2026).score(paper)


def test_a_paper_on_the_subject_is_relevant_and_one_on_another_is_not() -> None:
    assert score("Ocimum sanctum in rats") >= RELEVANT
    assert score("Julia for high-performance computing") == 0


def test_it_is_relevant_under_its_other_name_too() -> None:
    assert score("Holy basil in rats") >= RELEVANT


def test_a_name_that_papers_give_in_brackets_is_learned() -> None:
    among: tuple[PaperMetadata, ...] = (
        {"title": "Tulsi (Ocimum sanctum Linn.) in rats"},
        {"title": "The science of tulsi (Ocimum sanctum)"},
    )

    assert score("Tulsi and its uses") < NEAR
    assert score("Tulsi and its uses", among=among) >= RELEVANT


def test_who_described_a_species_is_no_name_of_it() -> None:
    among: tuple[PaperMetadata, ...] = ({"title": "Ocimum sanctum (Linn) one"}, {"title": "Ocimum sanctum (Linn) two"})

    assert score("Zingiber officinale Linn in rats", among=among) < NEAR


def test_words_of_every_study_make_no_paper_relevant() -> None:
    assert score("Pharmacological effects of ginger") < NEAR


def test_half_a_name_is_not_the_thing() -> None:
    assert score("Sweet basil in rats") < NEAR


def test_a_mention_in_the_abstract_counts_less_than_one_in_the_title() -> None:
    assert score("Plants in rats", ABSTRACT + "One was Ocimum sanctum.") < score("Ocimum sanctum in rats")


def test_an_answer_to_a_question_counts() -> None:
    assert score("Ocimum sanctum against anxiety in rats") > score("Ocimum sanctum in rats")


def test_both_of_two_things_are_wanted() -> None:
    question = asked("holy basil and anxiety")
    papers: list[PaperMetadata] = [
        {"title": "Holy basil oil"},
        {"title": "Anxiety"},
        {"title": "Holy basil in anxiety"},
    ]
    scores = [Ranking(question, papers, year=2026).score(paper) for paper in papers]

    assert scores[2] >= RELEVANT > max(scores[:2])


def test_the_scale_does_not_depend_on_what_else_was_found() -> None:
    alone = score("Ocimum sanctum in rats")
    crowd = score("Ocimum sanctum in rats", among=tuple({"title": f"Ocimum sanctum, part {n}"} for n in range(99)))  # type: ignore[misc]

    assert abs(alone - crowd) < 0.1


def test_citations_and_youth_order_equals_and_decide_nothing() -> None:
    dull = score("Ocimum sanctum in rats", year=1960, cited_by_count=0)
    hailed = score("Ocimum sanctum in rats", year=2025, cited_by_count=900)

    assert 0 < hailed - dull <= 0.06 + 1e-9
    assert score("A bestseller", year=2025, cited_by_count=90_000) == 0


def test_what_is_not_known_speaks_neither_for_nor_against() -> None:
    assert (
        prior({"year": 1900, "cited_by_count": 0}, 2026)
        < prior({}, 2026)
        < prior({"year": 2026, "cited_by_count": 50}, 2026)
    )


def test_a_paper_without_anything_scores_nothing() -> None:
    assert score("", "") == 0


CORPUS = os.environ.get("LIT_REVIEW_CORPUS", "")


def corpus() -> list[dict[str, Any]]:
    files = ("manifest.jsonl", "metadata_only.jsonl", "external_refs.jsonl")
    lines = [line for name in files for line in (Path(CORPUS) / name).read_text(encoding="utf-8").splitlines()]
    records = [json.loads(line) for line in lines if line.strip()]
    return [
        {"title": record["title"], "abstract": record.get("abstract") or "", "topic": record.get("topic") or ""}
        for record in records
        if record.get("title")
    ]


@pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS is not set")
@pytest.mark.parametrize(
    "topic",
    [
        "Ocimum sanctum",
        "Ocimum sanctum (holy basil, tulsi): pharmacological effects",
        "Pharmacology of holy basil (Ocimum sanctum)",
        "Does Ocimum sanctum protect the nervous system?",
    ],
)
def test_the_thresholds_separate_the_basil_papers_of_the_corpus_from_the_rest(topic: str) -> None:
    """Among 2 286 records, 141 of which name the plant: precision at least .99, recall at least .92 (mostly titles)."""
    papers = corpus()
    ranking = Ranking(asked(topic, ["Which effects of tulsi have been shown?"]), papers, year=2026)  # type: ignore[arg-type]
    scores = [ranking.score(paper) for paper in papers]  # type: ignore[arg-type]
    named = [bool(_NAMED.search(paper["title"] + " " + paper["abstract"])) for paper in papers]
    taken = [score >= RELEVANT for score in scores]
    right = sum(1 for good, chosen in zip(named, taken, strict=True) if good and chosen)

    assert right / sum(taken) >= 0.99
    assert right / sum(named) >= 0.92
    other = [s for s, paper in zip(scores, papers, strict=True) if re.search("julia|education|replic", paper["topic"])]
    assert max(other) < NEAR


_NAMED = re.compile(r"ocimum (?:sanctum|tenuiflorum)|tulsi|holy basil", re.I)
