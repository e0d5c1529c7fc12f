"""Findings are set beside each other by what they share and which way they point, and no claim is made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.research.academic_lit_review.clustering.directions import directions, opposed
from workflows.research.academic_lit_review.clustering.relations import related
from workflows.research.academic_lit_review.clustering.theme import Theme
from workflows.research.academic_lit_review.values import Evidence, Extraction


def evidence(paper: str, quote: str, kind: Any = "finding", number: int = 1) -> Evidence:
    return Evidence(
        id=f"e:{paper}:{number}",
        paper_id=paper,
        kind=kind,
        claim=quote,
        quote=quote,
        page=1,
        section="",
        verdict="exact",
        score=0.7,
        question=None,
        tier="full_text",
    )


def theme_of(*items: Evidence, topic: str = "") -> Theme:
    """Return the theme of all papers that `items` are from, with its relations."""
    extractions: dict[str, Extraction] = {}
    for item in items:
        paper = item["paper_id"]
        extractions.setdefault(paper, Extraction(paper_id=paper, tier="full_text", evidence=[], rejected=[], notes=[]))
        extractions[paper]["evidence"].append(item)
    bare = Theme(
        id="theme-1",
        label="",
        terms=[],
        paper_ids=list(extractions),
        key_papers=[],
        agreements=[],
        conflicts=[],
        gaps=[],
    )
    return related([bare], extractions, topic=topic)[0]


def ways(sentence: str) -> dict[str, str]:
    return {aspect.word.lower(): aspect.way for aspect in directions(sentence)}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Tulsi increased serum glutathione in rats.", {"serum": "up", "glutathione": "up"}),
        ("Serum glutathione was significantly increased by tulsi.", {"serum": "up", "glutathione": "up"}),
        ("Glutathione increased significantly.", {"glutathione": "up"}),
        ("There was a reduction in lipid peroxidation.", {"lipid": "down", "peroxidation": "down"}),
        ("Tulsi did not increase glutathione.", {"glutathione": "none"}),
        ("No significant difference in anxiety was found.", {"anxiety": "none"}),
        ("Anxiety remained unchanged.", {"anxiety": "none"}),
        ("The oil was effective against biofilms.", {"biofilms": "works"}),
        ("The oil was not effective against biofilms.", {"biofilms": "none"}),
        ("Tulsi raised catalase and lowered malondialdehyde.", {"catalase": "up", "malondialdehyde": "down"}),
        ("Compared with controls, anxiety was lower.", {"anxiety": "down"}),
    ],
)
def test_a_plain_sentence_points_one_way(sentence: str, expected: dict[str, str]) -> None:
    assert ways(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "We asked whether tulsi lowers anxiety.",
        "The aim was to lower anxiety.",
        "Does tulsi lower anxiety?",
        "Anxiety was lower, but not significantly.",
        "Tulsi prevented the increase in anxiety.",
        "Less effective treatment raised doubts about it.",
        "Anxiety was measured twice.",
        "Die Angst wurde deutlich verringert.",
        "Anxiety increased in women and anxiety decreased in men.",
        "",
    ],
)
def test_a_sentence_that_is_not_plain_says_nothing_of_anxiety(sentence: str) -> None:
    assert "anxiety" not in ways(sentence)


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_can_be_looked_at(text: str) -> None:
    assert all(aspect.word in text for aspect in directions(text))


def test_more_and_less_contradict_each_other_and_an_effect_contradicts_neither() -> None:
    assert opposed("up", "down")
    assert opposed("none", "works")
    assert not opposed("up", "works")
    assert not opposed("up", "up")


def test_findings_of_different_papers_that_point_the_same_way_agree() -> None:
    theme = theme_of(
        evidence("a", "Tulsi extract decreased lipid peroxidation in the liver of rats."),
        evidence("b", "In treated animals, lipid peroxidation of the liver was significantly reduced."),
        evidence("c", "Honey bees visited more flowers in the morning."),
    )

    assert [each["evidence"] for each in theme["agreements"]] == [["e:a:1", "e:b:1"]]
    assert theme["agreements"][0]["text"] == (
        "On \u201clipid peroxidation\u201d, findings of two papers point the same way: a decrease."
    )
    assert theme["conflicts"] == []


def test_findings_that_point_opposite_ways_seem_to_disagree() -> None:
    theme = theme_of(
        evidence("a", "Caffeine increased blood pressure in healthy adults."),
        evidence("b", "In healthy adults caffeine did not increase blood pressure."),
    )

    assert theme["agreements"] == []
    assert theme["conflicts"] == [
        {
            "text": "On \u201cblood pressure\u201d, two papers seem to disagree: one tells of an increase, the other of "
            "no change. Read both.",
            "evidence": ["e:a:1", "e:b:1"],
        }
    ]


def test_one_paper_neither_agrees_nor_disagrees_with_itself() -> None:
    theme = theme_of(
        evidence("a", "Caffeine increased blood pressure in healthy adults."),
        evidence("a", "Caffeine decreased blood pressure in healthy adults.", number=2),
        evidence("a", "Caffeine increased blood pressure in healthy adults, too.", number=3),
    )

    assert theme["agreements"] == theme["conflicts"] == []


def test_the_same_word_in_sentences_about_different_things_is_no_relation() -> None:
    theme = theme_of(
        evidence(
            "a", "Waterlogged tomato seedlings inoculated with bacteria showed lower ethylene and increased growth."
        ),
        evidence("b", "Essential oils of citrus peel at all tested concentrations decreased fungal mycelium growth."),
        evidence("c", "Growth of tumours and growth of towns were the growth of interest."),
    )

    assert theme["conflicts"] == []


def test_what_the_review_is_about_is_nothing_to_agree_on() -> None:
    items = [evidence(paper, "Exercise lowered anxiety in young adults.") for paper in "ab"]

    assert theme_of(*items, topic="Anxiety of adults")["agreements"] == []
    assert theme_of(*items)["agreements"]


def test_three_papers_agree_once() -> None:
    theme = theme_of(*(evidence(paper, "Exercise lowered resting heart rate.") for paper in "abc"))

    assert [len(each["evidence"]) for each in theme["agreements"]] == [3]
    assert "findings of three papers" in theme["agreements"][0]["text"]


def test_gaps_are_what_papers_say_in_their_words() -> None:
    limit = "The small sample of twelve adults limits what this study can say."
    theme = theme_of(
        evidence("a", limit, "limitation"),
        evidence("b", "The small sample of adults limits what the study can say.", "limitation"),
        evidence("c", "Future work should follow children for years.", "future_work"),
    )

    assert [each["evidence"] for each in theme["gaps"]] == [["e:a:1", "e:b:1"], ["e:c:1"]]
    assert theme["gaps"][0]["text"] == f"On limits, two papers use similar words; one says: \u201c{limit}\u201d"
    assert theme["gaps"][1]["text"].startswith("On work left to do, a paper says: \u201cFuture work")


def test_a_long_gap_is_cut_and_says_so() -> None:
    text = theme_of(evidence("a", "We did not look at many things. " * 40, "limitation"))["gaps"][0]["text"]

    assert len(text) < 300
    assert text.endswith(" \u2026\u201d")


def test_a_theme_has_a_few_relations_of_a_kind() -> None:
    items = [evidence(str(n), f"Limit number {n} is {'xyzabcdefghijkl'[n] * 9}.", "limitation") for n in range(12)]

    assert len(theme_of(*items)["gaps"]) == 6


def test_papers_without_evidence_have_no_relations() -> None:
    bare = theme_of(evidence("a", ""))

    assert (bare["agreements"], bare["conflicts"], bare["gaps"]) == ([], [], [])
    assert json.loads(json.dumps(bare)) == bare
