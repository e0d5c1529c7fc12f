"""The credits of OpenAlex: what a run may spend, what it has spent, and what is left of the day."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from core.errors import FetchError
from core.http import Page

#: What requests cost (developers.openalex.org, "Authentication & Pricing", 2026; 10 000 credits are a dollar). The
#: headers of each answer say what it really was.
SINGLETON, LIST, SEARCH = 0, 1, 10

#: A refusal that asks for more rest than this, seconds, or speaks of money means the day and not a burst.
BURST_S = 120.0
_MONEY = (b"budget", b"credit", b"daily", b"prepaid")


@dataclass(frozen=True)
class Budget:
    """Credits: `limit` for this run, `spent` of them, `remaining` today as the catalogue tells, until `resets_at`."""

    limit: int
    spent: int = 0
    remaining: int | None = None
    resets_at: float = 0.0

    def admits(self, cost: int, now: float) -> bool:
        """Tell whether a request that costs `cost` may be made at `now`, in Unix seconds."""
        return not cost or (self.spent + cost <= self.limit and not self._used_up(cost, now))

    def _used_up(self, cost: int, now: float) -> bool:
        return self.remaining is not None and self.remaining < cost and now < self.resets_at

    def spend(self, cost: int) -> Budget:
        """Return the budget with `cost` credits spent; less than nothing takes them back."""
        return replace(self, spent=max(0, self.spent + cost))

    def told(self, headers: Mapping[str, str], cost: int, now: float) -> Budget:
        """Return the budget as an answer tells it, after `cost` credits were counted for its request already."""
        used, remaining = _number(headers, "credits-used"), _number(headers, "remaining")
        known = self if used is None else self.spend(used - cost)
        if remaining is None:
            return known
        reset_s = _number(headers, "reset")
        return replace(known, remaining=remaining, resets_at=_midnight(now) if reset_s is None else now + reset_s)

    def emptied(self, rest_s: float | None, now: float) -> Budget:
        """Return the budget of a day on which nothing is left, for `rest_s` seconds or until midnight UTC."""
        return replace(self, remaining=0, resets_at=_midnight(now) if rest_s is None else now + rest_s)


class Purse:
    """The gate before OpenAlex: no request is made that would cost more than there is."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.time) -> None:
        self.budget = Budget(limit)
        self._clock = clock

    def affords(self, cost: int) -> bool:
        """Tell whether `cost` credits may be spent."""
        return self.budget.admits(cost, self._clock())

    def admit(self, cost: int) -> None:
        """Raise `FetchError("budget_spent")` when `cost` credits are too many; they count as spent from now on."""
        if not self.affords(cost):
            raise self._spent(cost)
        self.budget = self.budget.spend(cost)

    def answered(self, page: Page, cost: int) -> None:
        """Note what an answer says of its cost."""
        self.budget = self.budget.told(page.headers, cost, self._clock())

    def refused(self, error: FetchError, cost: int) -> FetchError:
        """Note that a request failed, and return what that means; a refusal costs nothing, a lost answer may."""
        if error.status is not None and error.status != 200:
            self.budget = self.budget.spend(-cost)
        if not _out_of_money(error):
            return error
        self.budget = self.budget.emptied(error.retry_after_s, self._clock())
        return self._spent(cost)

    def _spent(self, cost: int) -> FetchError:
        budget, now = self.budget, self._clock()
        if budget.spent + cost > budget.limit:
            return FetchError(
                "budget_spent", f"{budget.spent} of this run's {budget.limit} credits, {cost} more wanted"
            )
        return FetchError("budget_spent", "those of the day", retry_after_s=max(0.0, budget.resets_at - now))


def _out_of_money(error: FetchError) -> bool:
    if error.reason == "http_429":
        return (error.retry_after_s or 0.0) > BURST_S or any(word in error.head.lower() for word in _MONEY)
    return error.reason == "http_402"


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"x-ratelimit-{name}", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _midnight(now: float) -> float:
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=1)).timestamp()
