"""Where in a text a quote stands, and whether it says there what the quote says.

exact           word for word: only spaces, line ends, hyphenation, typography and markup differ
fuzzy           the same words, numbers and negations, with slips that change nothing: an article, a bracket or a
                reference left out, ligatures or Greek letters the text has lost
number_differs  the same words, but another number, unit or comparison sign
wrong_page      exact or fuzzy, but not on the page that was named
absent          not there. Also when one word was exchanged, added or left out, a "not" or a "no" above all: then
                `why` names it and `found` is the passage that comes nearest
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rapidfuzz import fuzz

from core.conversion.converter import PageSpan
from core.evidence.align import ELLIPSIS_SLACK, Alignment, align
from core.evidence.differences import Change, Weight, as_negative, weigh
from core.evidence.index import Index, key_of
from core.evidence.omissions import torn, turned
from core.evidence.side import Side
from core.evidence.tokens import Tokens, tokens

Verdict = Literal["exact", "fuzzy", "number_differs", "wrong_page", "absent"]

#: Words from which a text is no quote any more: what is not there word for word is then not looked for further.
MAX_WORDS = 300
#: Characters of a quote that are looked at; hostile ones must cost nothing.
MAX_CHARS = 20_000
#: The share of a quote's words that may be slips.
_MAX_SLIPS = 0.25
_BROKEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011]\s{0,8}\n\s{0,8}(?=[a-z])|\u00ad\s{0,8}")
_CLOSING = ".,;:!?)]}\"'\u201d\u2019*_"


@dataclass(frozen=True, slots=True)
class Located:
    """A quote as it stands in its text: `found` is `text[start:end]`, on `page` (where it begins, counted from 1).

    `score` is the likeness of the two, 0 to 1. An absent quote has no place, or that of the passage it resembles.
    """

    verdict: Verdict
    page: int | None = None
    start: int = 0
    end: int = 0
    score: float = 0.0
    found: str = ""
    why: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether the text says what the quote says."""
        return self.verdict in ("exact", "fuzzy")


def locate(quote: str, text: str, pages: Sequence[PageSpan], *, page: int | None = None) -> Located:
    """Return where `quote` stands in `text`; for many quotes of one text make an `Index` and use `find`."""
    return find(quote, Index(text, pages), page=page)


def find(quote: str, index: Index, *, page: int | None = None, near: int | None = None) -> Located:
    """Return where `quote` stands; of several places the one on `page`, else the one nearest to the offset `near`."""
    if len(quote) > MAX_CHARS:
        return Located("absent", why=f"longer than {MAX_CHARS} characters")
    quote = _BROKEN.sub("", quote)
    words = tokens(quote)
    if not words.folds:
        return Located("absent", why="no words")
    places = [
        _passage(quote, index, first, last)
        for first, last in index.occurrences("".join(key_of(words)))
        if as_negative(words.folds, index.words.folds[first:last])
    ]
    whole = [place for place in places if place.holds]
    if whole:
        return _on_page(min(whole, key=lambda place: _preference(place, index, page, near)), index, page)
    if places:
        return places[0]
    if len(words) > MAX_WORDS:
        return Located("absent", why=f"longer than {MAX_WORDS} words, and not there word for word")
    return _on_page(_nearest(quote, words, index), index, page)


def _preference(place: Located, index: Index, page: int | None, near: int | None) -> tuple[bool, int]:
    return page is not None and not _touches(place, index, page), abs(place.start - (near or 0))


def _touches(place: Located, index: Index, page: int) -> bool:
    last = index.pages.at(max(place.start, place.end - 1))
    return place.page is None or last is None or place.page <= page <= last


def _on_page(place: Located, index: Index, page: int | None) -> Located:
    if page is None or not place.holds or _touches(place, index, page):
        return place
    return replace(place, verdict="wrong_page", why=f"it stands on page {place.page}, not {page}")


def _passage(quote: str, index: Index, first: int, last: int) -> Located:
    """Return the tokens `[first, last)` of the text as an exact place, with the closing marks the quote has, too."""
    start, end = index.words.starts[first], index.words.ends[last - 1]
    for mark in quote[len(quote.rstrip(_CLOSING)) :]:
        end += index.text.startswith(mark, end)
    place = Located("exact", index.pages.at(start), start, end, 1.0, index.text[start:end])
    side = Side(index.text, index.words, first, last)
    if negation := turned(side):
        return replace(place, verdict="absent", why=f"cut off from {negation!r}")
    if quantity := torn(side):
        return replace(place, verdict="number_differs", why=f"cut off within {quantity!r}")
    return place


def _nearest(quote: str, words: Tokens, index: Index) -> Located:
    """Return the most similar place, judged by what differs there."""
    elided = "..." in quote or "\u2026" in quote
    candidates = align(words, index, slack=ELLIPSIS_SLACK) if elided else align(words, index)
    judged = [_judge(quote, words, index, alignment) for alignment in candidates]
    return min(judged, key=_worth, default=Located("absent"))


def _worth(place: Located) -> tuple[int, float]:
    return ("exact", "fuzzy", "number_differs", "wrong_page", "absent").index(place.verdict), -place.score


def _judge(quote: str, words: Tokens, index: Index, alignment: Alignment) -> Located:
    whole = Side(quote, words, 0, len(words))
    changes = [weigh(difference, whole, index) for difference in alignment.differences]
    worst = max((change.weight for change in changes), default=Weight.SAME)
    first, last = _trimmed(alignment, changes, len(words))
    place = _passage(quote, index, first, last)
    score = fuzz.ratio(" ".join(words.folds), " ".join(index.words.folds[first:last])) / 100
    if worst is Weight.SLIP and _slips(changes) > _MAX_SLIPS * len(words):
        return replace(place, verdict="absent", score=score, why="too many slips")
    if not place.holds:
        return place
    verdict: Verdict = ("exact", "fuzzy", "number_differs", "absent")[worst]
    return replace(place, verdict=verdict, score=1.0 if verdict == "exact" else score, why=_why(changes, worst))


def _trimmed(alignment: Alignment, changes: list[Change], length: int) -> tuple[int, int]:
    """Return the token range of the passage, without what stands beside it."""
    first, last = alignment.start, alignment.end
    if changes and changes[0].said.start == 0 and len(changes[0].said):
        first = changes[0].stands.start
    if changes and changes[-1].said.end == length and len(changes[-1].said):
        last = changes[-1].stands.end
    return first, max(last, first + 1)


def _slips(changes: list[Change]) -> int:
    """Return how many words of the quote are slips."""
    return sum(len(change.said) for change in changes if change.weight is Weight.SLIP)


def _why(changes: list[Change], worst: Weight) -> str:
    if worst is Weight.SAME:
        return ""
    told = [
        f"{_short(change.said.raw)} for {_short(change.stands.raw)}" for change in changes if change.weight is worst
    ]
    return "; ".join(told[:3])


def _short(words: str) -> str:
    plain = " ".join(words.split())
    return repr(plain if len(plain) <= 60 else plain[:57] + "...") if plain else "nothing"
