"""How complete the search was is estimated when that can be done, and otherwise it is said why not."""

import random

import pytest

from workflows.research.academic_lit_review.completeness import completeness


def test_the_estimate_is_chapmans() -> None:
    told = completeness(map(str, range(40)), map(str, range(20, 50)))

    assert (told["by_search"], told["by_citations"], told["by_both"], told["found"]) == (40, 30, 20, 50)
    assert told["estimate"] == pytest.approx(41 * 31 / 21 - 1, abs=0.05)
    assert told["low"] is not None
    assert told["high"] is not None
    assert 50 <= told["low"] <= told["estimate"] <= told["high"]
    assert told["share"] == pytest.approx(50 / told["estimate"], abs=0.01)
    assert "there are probably more" in told["sentence"]


def test_with_too_few_found_both_ways_there_is_no_estimate_but_a_reason() -> None:
    told = completeness(map(str, range(40)), map(str, range(36, 60)))

    assert told["estimate"] is told["low"] is told["share"] is None
    assert told["sentence"].endswith("but only 4 are the same; 7 would be needed.")


def test_without_any_citation_followed_that_is_the_reason() -> None:
    assert "no citation was followed to a relevant paper" in completeness(["a"], [])["sentence"]


def test_when_both_ways_found_the_same_everything_is_found() -> None:
    told = completeness(map(str, range(30)), map(str, range(30)))

    assert (told["estimate"], told["low"], told["high"], told["share"]) == (30, 30, 30, 1)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    chance = random.Random(7)
    held = 0
    for _ in range(300):
        first, second = ([str(n) for n in range(200) if chance.random() < share] for share in (0.4, 0.3))
        told = completeness(first, second)
        held += (told["low"] or 0) <= 200 <= (told["high"] or 0)

    assert held / 300 >= 0.9
