"""Where in a text something like a quote stands, found by its rare words, and what is different there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import Indel, Levenshtein

from core.evidence.index import Index
from core.evidence.tokens import Tokens

#: Words by which a place is looked for, and how often each may occur in the text.
_ANCHORS = 16
_MAX_OCCURRENCES = 100
#: Share of those words that must stand together, and of all words that must be the same, to be worth a closer look.
_MIN_SUPPORT = 0.3
MIN_LIKENESS = 0.55
_CANDIDATES = 3
#: Words by which a place may be longer or shorter than the quote on either side, and with an ellipsis.
_SLACK = 12
_MORE = 2
ELLIPSIS_SLACK = 80


@dataclass(frozen=True, slots=True)
class Difference:
    """Tokens `[q0, q1)` of the quote stand where the text has its tokens `[t0, t1)`; one of them may be empty."""

    q0: int
    q1: int
    t0: int
    t1: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """The token range `[start, end)` of the text that is most like the quote; `likeness` is the share of equal words.

    The words at its ends may not belong to it: see `differences.weigh`.
    """

    start: int
    end: int
    likeness: float
    differences: tuple[Difference, ...]


def align(quote: Tokens, index: Index, *, slack: int = _SLACK) -> Iterator[Alignment]:
    """Yield the places in the text that are like `quote`, the most similar one first."""
    found = [_fit(quote, index, diagonal, slack) for diagonal in _diagonals(quote, index, slack)]
    yield from sorted(filter(None, found), key=lambda alignment: -alignment.likeness)


def _diagonals(quote: Tokens, index: Index, slack: int) -> list[int]:
    """Return up to three token positions at which the quote may begin: where most of its rare words line up."""
    rare = sorted(set(quote.folds), key=lambda fold: (len(index.places(fold)) or 10**9, fold))[:_ANCHORS]
    firsts = {fold: at for at, fold in reversed(list(enumerate(quote.folds)))}
    votes = sorted(
        (place - firsts[fold], fold)
        for fold in rare
        if len(index.places(fold)) <= _MAX_OCCURRENCES
        for place in index.places(fold)
    )
    found = sorted(_clusters(votes, slack), reverse=True)
    needed = max(2, _MIN_SUPPORT * len(rare)) if len(rare) > 2 else 1
    chosen: list[int] = []
    for support, diagonal in found:
        if support >= needed and all(abs(diagonal - other) > slack for other in chosen):
            chosen.append(diagonal)
        if len(chosen) == _CANDIDATES:
            break
    return chosen


def _clusters(votes: list[tuple[int, str]], slack: int) -> Iterator[tuple[int, int]]:
    """Yield for each vote how many different words agree with it within `slack`, and the median position."""
    diagonals = [diagonal for diagonal, _ in votes]
    for at, (diagonal, _) in enumerate(votes):
        last = bisect_left(diagonals, diagonal + slack + 1, lo=at)
        yield len({fold for _, fold in votes[at:last]}), diagonals[(at + last - 1) // 2]


def _fit(quote: Tokens, index: Index, diagonal: int, slack: int) -> Alignment | None:
    """Return the alignment at `diagonal`, None when it is not like the quote."""
    folds, text = quote.folds, index.words.folds
    low, high = max(0, diagonal - slack), min(len(text), diagonal + len(folds) + slack)
    start = max(range(low, min(low + 2 * slack, high) + 1), key=lambda at: _likeness(folds, text[at:high]))
    end = max(range(max(start, high - 2 * slack), high + 1), key=lambda at: _likeness(folds, text[start:at]))
    if _likeness(folds, text[start:end]) < MIN_LIKENESS:
        return None
    return _widened(folds, text, start, end)


def _likeness(quote: list[str], text: list[str]) -> float:
    """Return twice the words they share in order by the words they have; it grows only with what belongs together."""
    return Indel.normalized_similarity(quote, text)


def _widened(quote: list[str], text: list[str], start: int, end: int) -> Alignment:
    """Return the alignment with some words more at an end where the quote has words that are not in the text.

    There may stand what was made of them; which of them belong to the passage is for a closer look to say.
    """
    ends = Levenshtein.opcodes(quote, text[start:end])
    before = ends[0].src_end + _MORE if ends[0].tag == "delete" else 0
    after = ends[-1].src_end - ends[-1].src_start + _MORE if ends[-1].tag == "delete" else 0
    start, end = max(0, start - before), min(len(text), end + after)
    differences = tuple(_differences(quote, text[start:end], start))
    return Alignment(start, end, _likeness(quote, text[start:end]), differences)


def _differences(quote: list[str], text: list[str], start: int) -> Iterator[Difference]:
    """Yield what stands between the words that are equal: neighbouring edits are one difference."""
    q, t = 0, 0
    for same in Levenshtein.opcodes(quote, text):
        if same.tag == "equal":
            if (same.src_start, same.dest_start) != (q, t):
                yield Difference(q, same.src_start, start + t, start + same.dest_start)
            q, t = same.src_end, same.dest_end
    if (q, t) != (len(quote), len(text)):
        yield Difference(q, len(quote), start + t, start + len(text))
