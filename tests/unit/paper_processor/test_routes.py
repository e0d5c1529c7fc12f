"""The order in which papers take their next step, and in which they are converted."""

from __future__ import annotations

from collections import deque

import pytest

from workflows.research.academic_lit_review.paper_processor.acquisition.routes import Route, urgency
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import Kind, Location


def route(score: float | None, *kinds: Kind) -> Route:
    return Route("10.1/a", {"relevance_score": score}, deque(Location(kind, "https://host/a", kind) for kind in kinds))  # type: ignore[typeddict-item]


def test_the_most_relevant_paper_goes_first_and_one_nobody_scored_stands_in_the_middle() -> None:
    assert [route(score, "file").priority for score in (0.9, None, 0.1)] == [0.9, 0.5, 0.1]


@pytest.mark.parametrize("kind", ["job", "local", "stored"])
def test_what_is_certain_to_be_there_goes_before_what_a_stranger_may_have(kind: Kind) -> None:
    assert route(0.1, kind).priority > route(0.9, "file", kind).priority


def test_a_paper_with_no_place_left_keeps_its_priority() -> None:
    assert route(0.3).priority == 0.3


def test_of_equally_relevant_papers_the_longer_is_converted_first() -> None:
    assert urgency(0.5, 30) > urgency(0.5, 3)


def test_no_number_of_pages_makes_up_for_a_tenth_of_relevance() -> None:
    assert urgency(0.61, 1) > urgency(0.5, 3000)
