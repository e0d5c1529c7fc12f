"""The counts of the flow diagram add up, or say where they do not."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.prisma import PrismaError, count, included, proven
from workflows.research.academic_lit_review.values import Extraction, Tier


def read(paper_id: str) -> Outcome:
    return {"paper_id": paper_id, "status": "converted"}


def failed(paper_id: str, stage: str = "acquire", reason: str = "paywall") -> Outcome:
    return cast(Outcome, {"paper_id": paper_id, "status": "failed", "failed_stage": stage, "reason": reason})


def extraction(paper_id: str, tier: Tier = "full_text", *, evidence: bool = True) -> Extraction:
    found = [{"id": f"e:{paper_id}:0"}] if evidence else []
    return cast(Extraction, {"paper_id": paper_id, "tier": tier, "evidence": found, "rejected": [], "notes": []})


PAPERS: dict[str, PaperMetadata] = {
    "a": {"sources": ["openalex", "crossref"]},
    "b": {"sources": ["openalex"]},
    "c": {"sources": ["openalex"]},
    "d": {"discovery_method": "seed"},
    "e": {"sources": ["crossref"]},
}
OUTCOMES = {"a": read("a"), "b": failed("b"), "c": failed("c", "convert", "damaged"), "d": read("d")}
EXTRACTIONS = {"a": extraction("a"), "b": extraction("b", "abstract"), "d": extraction("d", evidence=False)}
EXCLUDED = {"e": "not relevant enough"}


def test_every_paper_is_counted_where_it_ended() -> None:
    counts = count(
        PAPERS, EXCLUDED, OUTCOMES, EXTRACTIONS, substitutions=[{"failed": "b", "by": "d", "reason": "paywall"}]
    )

    assert counts == {
        "identified": {"openalex": 3, "crossref": 2, "seed": 1},
        "duplicates": 1,
        "screened": 5,
        "excluded": {"not relevant enough": 1},
        "sought": 4,
        "not_retrieved": {"paywall": 1},
        "assessed": 3,
        "excluded_full_text": {"damaged": 1, "nothing in it could be quoted": 1},
        "included_full_text": 1,
        "included_abstract": 1,
        "included": 2,
        "substituted": 1,
    }
    assert included(OUTCOMES, EXTRACTIONS) == ["a", "b"]


def test_recorded_duplicates_that_are_wrong_are_named() -> None:
    with pytest.raises(PrismaError, match=r"identified - duplicates = screened: 8 is not 5"):
        count(PAPERS, EXCLUDED, OUTCOMES, EXTRACTIONS, identified={"openalex": 10}, duplicates=2)


@pytest.mark.parametrize(
    ("papers", "excluded", "message"),
    [
        (PAPERS, {}, "e is neither screened out nor sought"),
        (PAPERS, {"e": "x", "a": "x"}, "a is both screened out and sought"),
        (PAPERS, {"e": "x", "z": "x"}, "z is no candidate"),
    ],
)
def test_a_paper_without_its_one_place_is_named(papers: Any, excluded: dict[str, str], message: str) -> None:
    with pytest.raises(PrismaError, match=message):
        count(papers, excluded, OUTCOMES, EXTRACTIONS)


@pytest.mark.parametrize(
    "key", ["duplicates", "screened", "sought", "assessed", "included_full_text", "included_abstract"]
)
def test_a_count_that_is_changed_is_caught(key: str) -> None:
    counts = count(PAPERS, EXCLUDED, OUTCOMES, EXTRACTIONS)

    with pytest.raises(PrismaError, match="do not add up"):
        proven(cast(Any, {**counts, key: cast(Any, counts)[key] + 1}))


def test_no_papers_are_counted_as_none() -> None:
    assert count({}, {}, {}, {})["included"] == 0


fates = st.sampled_from(
    ["excluded", "walled", "broken", "abstract", "broken abstract", "full", "empty", "unread", "short"]
)


@given(st.lists(st.tuples(fates, st.sets(st.sampled_from(["openalex", "crossref", "arxiv"])))))
def test_whatever_becomes_of_papers_the_counts_add_up(ends: list[tuple[str, set[str]]]) -> None:
    papers: dict[str, PaperMetadata] = {str(at): {"sources": sorted(known)} for at, (_, known) in enumerate(ends)}
    excluded, outcomes, extractions = {}, {}, {}
    for at, (fate, _) in enumerate(ends):
        name = str(at)
        if fate == "excluded":
            excluded[name] = "not relevant"
            continue
        stage = "convert" if "broken" in fate else "acquire"
        outcomes[name] = (
            failed(name, stage) if fate in ("walled", "broken", "abstract", "broken abstract") else read(name)
        )
        if fate in ("abstract", "broken abstract", "full", "empty", "short"):
            tier: Tier = "full_text" if fate in ("full", "empty") else "abstract"
            extractions[name] = extraction(name, tier, evidence=fate != "empty")

    counts = count(papers, excluded, outcomes, extractions)

    assert counts["included"] == sum(fate in ("abstract", "broken abstract", "full", "short") for fate, _ in ends)
    assert proven(counts) == counts
