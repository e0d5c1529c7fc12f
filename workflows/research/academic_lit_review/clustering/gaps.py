"""What the papers of a theme say they cannot show, and what they say is left to do: in their own words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workflows.research.academic_lit_review.clustering.likeness import Likeness
from workflows.research.academic_lit_review.values import Evidence, Relation

#: Gaps of a theme.
MOST = 6
#: From this cosine of their words on two gaps are in similar words.
SAME = 0.4
#: Characters of a quote within a relation; the evidence has all of it.
QUOTED = 240
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def gaps(items: Iterable[Evidence], likeness: Likeness) -> list[Relation]:
    """Return limitations and work left to do as the papers state them, those of several papers first."""
    groups: list[list[Evidence]] = []
    stated = [item for item in items if item["kind"] in ("limitation", "future_work")]
    for item in sorted(stated, key=lambda item: (-item["score"], item["id"])):
        same = (group for group in groups if _says_same(group, item, likeness))
        group = next(same, None)
        if group is None:
            groups.append([item])
        elif item["paper_id"] not in {known["paper_id"] for known in group}:
            group.append(item)
    best = sorted(_first_of_each(groups), key=lambda group: -len(group))
    return [Relation(text=_gap(group), evidence=[item["id"] for item in group]) for group in best[:MOST]]


def _first_of_each(groups: Iterable[list[Evidence]]) -> list[list[Evidence]]:
    """Return `groups` with those whose paper has had no word yet before the others."""
    heard: set[str] = set()
    new: list[list[Evidence]] = []
    more: list[list[Evidence]] = []
    for group in groups:
        (more if group[0]["paper_id"] in heard else new).append(group)
        heard.add(group[0]["paper_id"])
    return [*new, *more]


def _says_same(group: Sequence[Evidence], item: Evidence, likeness: Likeness) -> bool:
    return group[0]["kind"] == item["kind"] and likeness(group[0]["quote"], item["quote"]) >= SAME


def _gap(group: Sequence[Evidence]) -> str:
    papers, quote = len(group), _quoted(group[0]["quote"])
    limit = group[0]["kind"] == "limitation"
    matter = "On limits" if limit else "On work left to do"
    if papers == 1:
        return f"{matter}, a paper says: {quote}"
    return f"{matter}, {count(papers)} papers use similar words; one says: {quote}"


def _quoted(quote: str) -> str:
    text = " ".join(quote.split())
    if len(text) > QUOTED:
        text = text[:QUOTED].rsplit(" ", 1)[0] + " \u2026"
    return f"\u201c{text}\u201d"


def count(number: int) -> str:
    """Return a number in words, as long as it is a small one."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)
