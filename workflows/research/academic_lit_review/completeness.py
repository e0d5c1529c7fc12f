"""How complete the search was: estimated as animals are counted, by how many of those caught twice are the same."""

from __future__ import annotations

import math
from collections.abc import Iterable

from typing_extensions import TypedDict

#: Papers found both ways before an estimate is made: with fewer, Chapman's estimate is too low too often (Robson &
#: Regier, 1964).
LEAST_SHARED = 7
#: Of the normal distribution, for an interval of 95 %.
_Z = 1.96


class Completeness(TypedDict):
    """How many relevant papers there probably are; `estimate`, `low` and `high` are None when that cannot be said.

    `sentence` says what the figures mean and do not mean, or why there are none.
    """

    by_search: int
    by_citations: int
    by_both: int
    found: int
    estimate: float | None
    low: float | None
    high: float | None
    share: float | None
    sentence: str


def completeness(by_search: Iterable[str], by_citations: Iterable[str]) -> Completeness:
    """Return an estimate from the relevant papers that the search and that citations led to.

    Chapman's estimator (1951) of Lincoln and Petersen's, with Chao's log-normal interval (1987), which cannot fall
    below what was found.
    """
    first, second = set(by_search), set(by_citations)
    counts = len(first), len(second), len(first & second)
    found = len(first | second)
    if counts[2] < LEAST_SHARED:
        return _told(counts, found, None, _why_none(counts))
    estimate = (counts[0] + 1) * (counts[1] + 1) / (counts[2] + 1) - 1
    low, high = _interval(counts, found, estimate)
    sentence = (
        f"The search led to {counts[0]} of the relevant papers, citations to {counts[1]}, both to {counts[2]}. If the "
        f"two ways were independent there would be about {estimate:.0f} relevant papers (95 % interval {low:.0f} to "
        f"{high:.0f}), of which {found} were found. They are not quite independent, for known papers are found more "
        f"easily both ways: so there are probably more. It says nothing about papers that neither the catalogues nor "
        f"any citation lead to."
    )
    return _told(counts, found, (estimate, low, high), sentence)


def _interval(counts: tuple[int, int, int], found: int, estimate: float) -> tuple[float, float]:
    first, second, both = counts
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    unseen = estimate - found
    if unseen <= 0 or variance <= 0:
        return float(found), max(float(found), estimate)
    spread = math.exp(_Z * math.sqrt(math.log(1 + variance / unseen**2)))
    return found + unseen / spread, found + unseen * spread


def _why_none(counts: tuple[int, int, int]) -> str:
    if not counts[1]:
        return "How complete the search was cannot be estimated: no citation was followed to a relevant paper."
    return (
        f"How complete the search was cannot be estimated: the search led to {counts[0]} of the relevant papers and "
        f"citations to {counts[1]}, but only {counts[2]} are the same; {LEAST_SHARED} would be needed."
    )


def _told(
    counts: tuple[int, int, int], found: int, figures: tuple[float, float, float] | None, sentence: str
) -> Completeness:
    estimate, low, high = (round(each, 1) for each in figures) if figures else (None, None, None)
    return Completeness(
        by_search=counts[0],
        by_citations=counts[1],
        by_both=counts[2],
        found=found,
        estimate=estimate,
        low=low,
        high=high,
        share=round(min(1.0, found / estimate), 3) if estimate else None,
        sentence=sentence,
    )
