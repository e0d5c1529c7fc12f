"""Credits are counted from what each answer says, and never exceeded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FetchError
from core.http import Page
from core.scholarly.budget import Budget, Purse
from tests.unit.scholarly.genuine import genuine_json

NOON = 1_763_640_000.0  # 2025-11-20, 12:00 UTC


def purse(limit: int = 100) -> Purse:
    return Purse(limit, lambda: NOON)


def page(**headers: object) -> Page:
    return Page("u", 200, {f"x-ratelimit-{name.replace('_', '-')}": str(value) for name, value in headers.items()}, b"")


def refusal(
    reason: str = "http_429", *, rest_s: float | None = None, said: bytes = b"", status: int = 429
) -> FetchError:
    return FetchError(reason, status=status, retry_after_s=rest_s, head=said)


def test_what_an_answer_says_it_cost_is_what_it_cost() -> None:
    spent = purse()
    spent.admit(10)
    spent.answered(page(credits_used=1, remaining=997, reset=600), 10)

    assert spent.budget == Budget(100, 1, 997, NOON + 600)


def test_without_a_word_it_cost_what_was_expected() -> None:
    spent = purse()
    spent.admit(10)
    spent.answered(page(), 10)

    assert spent.budget == Budget(100, 10)


@pytest.mark.parametrize(
    "headers", [{"credits_used": "list=1", "remaining": "-5"}, {"remaining": "9" * 30}, {"reset": "x"}]
)
def test_headers_that_make_no_sense_are_not_believed(headers: dict[str, str]) -> None:
    spent = purse()
    spent.admit(10)
    spent.answered(page(**headers), 10)

    assert spent.budget == Budget(100, 10)


def test_a_request_that_would_cost_too_much_is_not_made() -> None:
    spent = purse(15)
    spent.admit(10)

    with pytest.raises(FetchError, match="budget_spent: 10 of this run's 15 credits, 10 more wanted"):
        spent.admit(10)
    spent.admit(0)
    assert (spent.affords(5), spent.affords(6)) == (True, False)


def test_the_day_may_be_over_before_the_run_has_spent_its_own() -> None:
    spent = purse()
    spent.answered(page(remaining=5, reset=600), 0)

    with pytest.raises(FetchError, match="those of the day") as caught:
        spent.admit(10)
    assert caught.value.retry_after_s == 600
    assert spent.budget.admits(10, NOON + 601)
    assert spent.affords(5)


@pytest.mark.parametrize(
    "error",
    [
        refusal(rest_s=53578),
        refusal(said=b'{"message": "Insufficient budget ... Resets at midnight UTC"}'),
        refusal(rest_s=5, said=b"Daily limit exceeded"),
        refusal("http_402", status=402),
    ],
)
def test_the_end_of_the_money_is_told_from_a_burst(error: FetchError) -> None:
    spent = purse()
    spent.admit(10)

    assert spent.refused(error, 10).reason == "budget_spent"
    assert (spent.budget.spent, spent.budget.remaining) == (0, 0)
    assert not spent.affords(1)
    assert spent.affords(0)


def test_without_a_time_the_money_comes_back_at_midnight() -> None:
    spent = purse()
    error = spent.refused(refusal(said=b"budget"), 10)

    assert (error.retry_after_s, spent.budget.resets_at) == (43_200, NOON + 43_200)


@pytest.mark.parametrize("error", [refusal(rest_s=1), refusal(said=b"Rate exceeded."), refusal("http_500", status=500)])
def test_a_burst_costs_nothing_and_the_rest_of_the_day_is_open(error: FetchError) -> None:
    spent = purse()
    spent.admit(10)

    assert spent.refused(error, 10) is error
    assert spent.budget == Budget(100)


def test_an_answer_that_was_lost_may_have_cost_something() -> None:
    spent = purse()
    spent.admit(10)
    spent.refused(FetchError("timeout"), 10)

    assert spent.budget.spent == 10


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.booleans())), st.integers(0, 60))
def test_never_more_is_admitted_than_the_limit(steps: list[tuple[int, int, bool]], limit: int) -> None:
    spent = purse(limit)
    for cost, used, answered in steps:
        if spent.affords(cost):
            spent.admit(cost)
            assert cost == 0 or spent.budget.spent <= limit
            if answered:
                spent.answered(page(credits_used=min(used, cost)), cost)


def test_the_recorded_headers() -> None:
    headers: dict[str, Any] = genuine_json("openalex/headers_2026-09.json")["unauthenticated_singleton"]
    spent = purse()
    spent.answered(Page("u", 200, headers, b""), 0)

    assert spent.budget == Budget(100, 0, 997, NOON + 11987)
