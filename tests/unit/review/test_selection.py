"""Which papers are read, and who steps in for one that cannot be had."""

from typing import Any

import pytest

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.presets import Preset
from workflows.research.academic_lit_review.selection import Selection, Substitution, select, substitutes, told

PRESET = Preset(max_papers=4, max_stages=1, target_words=2_000, min_citations=10, saturation=0.2, recency_quota=0.5)


def paper(score: float, year: int = 2010, cited: int | None = 50, **more: Any) -> PaperMetadata:
    known = {"relevance_score": score, "year": year, "title": f"Paper {score} of {year}", **more}
    return PaperMetadata(**known, **({} if cited is None else {"cited_by_count": cited}))  # type: ignore[typeddict-item]


def chosen(papers: dict[str, PaperMetadata], near: tuple[str, ...] = (), preset: Preset = PRESET) -> Selection:
    return select(papers, [name for name in papers if name not in near], near, preset, year=2026)


def failed(name: str, reason: str = "not_found") -> dict[str, Outcome]:
    return {name: Outcome(paper_id=name, status="failed", reason=reason)}


def test_the_most_relevant_papers_are_read_and_the_next_best_wait() -> None:
    found = chosen({name: paper(0.6 + n / 100) for n, name in enumerate("abcdef")})

    assert found["selected"] == ["f", "e", "d", "c"]
    assert found["reserve"] == ["b", "a"]


def test_young_papers_have_their_quota_whatever_their_citations() -> None:
    old = {name: paper(0.9) for name in "abcd"}
    young = {name: paper(0.7, 2025, 0) for name in "xyz"}

    assert chosen(old | young)["selected"] == ["a", "b", "x", "y"]


def test_without_old_papers_young_ones_fill_every_place() -> None:
    assert len(chosen({name: paper(0.7, 2025, 0) for name in "uvwxyz"})["selected"]) == 4


def test_without_young_papers_old_ones_fill_every_place() -> None:
    assert len(chosen({name: paper(0.7) for name in "uvwxyz"})["selected"]) == 4


def test_an_older_paper_needs_citations_while_there_are_others() -> None:
    found = chosen({**{name: paper(0.7) for name in "abcd"}, "dull": paper(0.99, cited=1)})

    assert "dull" not in found["selected"]
    assert found["reserve"] == ["dull"]


def test_where_there_are_no_others_little_cited_papers_are_read_and_that_is_told() -> None:
    found = chosen({"a": paper(0.7), "b": paper(0.9, cited=2), "c": paper(0.9, cited=5)})

    assert set(found["selected"]) == {"a", "b", "c"}
    assert found["notes"] == [
        "2 older papers with fewer than 10 citations were taken, for there were not enough others"
    ]


def test_what_nobody_has_counted_is_not_held_against_a_paper() -> None:
    found = chosen({name: paper(0.7, cited=None) for name in "ab"})

    assert (found["selected"], found["notes"]) == (["a", "b"], [])


def test_a_paper_that_is_only_nearly_relevant_is_never_selected() -> None:
    found = chosen({"a": paper(0.7), "b": paper(0.55)}, near=("b",))

    assert (found["selected"], found["reserve"]) == (["a"], ["b"])


def test_what_the_user_began_with_is_read_first() -> None:
    seed = paper(0.1, cited=0, discovery_method="seed")

    assert chosen({**{name: paper(0.9) for name in "abcd"}, "seed": seed})["selected"] == ["seed", "a", "b", "c"]


def test_more_seeds_than_places_wait_and_that_is_told() -> None:
    seeds = {name: paper(0.9, discovery_method="seed") for name in "abcdef"}

    assert chosen(seeds)["reserve"] == ["e", "f"]
    assert "2 of the 6 papers given to begin with" in chosen(seeds)["notes"][0]


@pytest.mark.parametrize("year", [2010, 2025])
def test_no_paper_is_in_both_and_none_twice(year: int) -> None:
    found = chosen({name: paper(0.7, year, n) for n, name in enumerate("abcdefgh")})

    assert sorted(found["selected"] + found["reserve"]) == list("abcdefgh")


def test_the_next_best_steps_in_for_a_paper_that_cannot_be_read() -> None:
    papers = {name: paper(0.7, title=f"Paper {name}") for name in "abxy"}
    found = substitutes(failed("a"), ["x", "y"], papers=papers, selected=["a", "b"])

    assert found == [{"failed": "a", "by": "x", "reason": "not_found"}]
    assert told(found[0], papers) == (
        "Paper a could not be read (the retrieval service found no copy); Paper x was read in its place"
    )


def test_nobody_steps_in_who_is_in_the_run_already_under_another_name() -> None:
    papers = {
        "a": paper(0.7),
        "10.1/b": paper(0.7, doi="10.1234/b", arxiv_id="2101.00001"),
        "arxiv:2101.00001": paper(0.7, arxiv_id="2101.00001"),
        "c": paper(0.6),
    }
    found = substitutes(failed("a"), ["arxiv:2101.00001", "a", "c"], papers=papers, selected=["a", "10.1/b"])

    assert [each["by"] for each in found] == ["c"]


def test_a_substitute_that_fails_is_substituted_until_the_reserve_is_used_up() -> None:
    papers = {name: paper(0.7, title=f"Paper {name}") for name in "axyz"}
    outcomes, done = failed("a"), list[Substitution]()
    while more := substitutes(outcomes, ["x", "y"], papers=papers, selected=["a"], done=done):
        done += more
        outcomes |= failed(more[0]["by"], "paywall")

    assert [(each["failed"], each["by"]) for each in done] == [("a", "x"), ("x", "y")]


def test_papers_that_were_read_need_nobody() -> None:
    outcomes = {"a": Outcome(paper_id="a", status="converted")}

    assert substitutes(outcomes, ["x"], papers={}, selected=["a"]) == []
