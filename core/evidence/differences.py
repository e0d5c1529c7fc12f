"""What a difference between a quote and its text means: only typesetting, a slip, another number, other words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from core.evidence.align import Difference
from core.evidence.index import Index
from core.evidence.losses import Losses
from core.evidence.omissions import dispensable
from core.evidence.quantities import readings
from core.evidence.side import Side
from core.evidence.wordlists import FRAIL, HARMLESS

_CITED = re.compile(r"\d{1,4}(?:\s?[,;\u2013\u2012-]\s?\d{1,4}){0,40}", re.ASCII)
_DASH = re.compile(r"[\u2013\u2012-]")
_MAX_RANGE = 100
#: Words of a difference that are looked at for a bracket or a reference left out.
_MAX_CUT = 12


class Weight(IntEnum):
    """How much a difference changes."""

    SAME = 0
    SLIP = 1
    FIGURES = 2
    WORDS = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A difference and what it weighs: what the quote says, and what stands in the text instead."""

    weight: Weight
    said: Side
    stands: Side


def weigh(difference: Difference, quote: Side, index: Index) -> Change:
    """Return what `difference` between `quote` (the whole of it) and the text changes.

    At the ends of the quote the words of the text beside it may not belong to the passage at all.
    """
    said = Side(quote.text, quote.words, difference.q0, difference.q1)
    t0, t1 = difference.t0, difference.t1
    runs = [(t0, t1)]
    if difference.q1 == len(quote):
        runs += [(t0, end) for end in range(t1 - 1, t0 - 1, -1)]
    elif difference.q0 == 0:
        runs += [(start, t1) for start in range(t0 + 1, t1 + 1)]
    sides = [Side(index.text, index.words, *run) for run in runs]
    weights = [_weight(said, side, index.losses) for side in sides]
    at = min(range(len(sides)), key=lambda at: (weights[at], abs(len(sides[at]) - len(said))))
    return Change(weights[at], said, sides[at])


def as_negative(said: Sequence[str], stands: Sequence[str]) -> bool:
    """Tell whether two runs with the same letters have as many negations: "no table" and "notable" have not."""
    return sum(fold in FRAIL for fold in said) == sum(fold in FRAIL for fold in stands)


def _weight(said: Side, stands: Side, losses: Losses, ends: int = 2) -> Weight:
    """Weigh `said` against `stands`, of which a bracket or a reference at either end may have been left out."""
    weight = _compare(said, stands, losses)
    if weight <= Weight.SLIP or not len(said) or not ends:
        return weight
    for cut in range(stands.start + 1, min(stands.end, stands.start + _MAX_CUT)):
        head, tail = stands.split(cut)
        for out, rest in ((head, tail), (tail, head)):
            if dispensable(out, said.before) and _weight(said, rest, losses, ends - 1) <= Weight.SLIP:
                return Weight.SLIP
    return weight


def _compare(said: Side, stands: Side, losses: Losses) -> Weight:
    if _cited(said) and _cited(said) == _cited(stands):
        return Weight.SAME
    if _joined(said.folds) == _joined(stands.folds):
        return Weight.SAME if as_negative(said.folds, stands.folds) else Weight.WORDS
    if not len(said) and dispensable(stands, said.before):
        return Weight.SLIP
    prose = _prose(said.prose(), stands.prose(), losses)
    read = readings(stands.figures()) | readings(stands.lowered())
    if prose is Weight.WORDS or readings(said.figures(), flat=True) & read:
        return prose
    return prose if prose is Weight.SLIP and not said.figures() and stands.glued() else Weight.FIGURES


def _joined(folds: Sequence[str]) -> str:
    joined = "".join(f"\x01{fold}\x02" if fold[-1:].isdigit() else fold for fold in folds)
    return joined.replace("percent", "%")


def _prose(said: list[str], stands: list[str], losses: Losses) -> Weight:
    """Compare words: the same letters, letters the text has lost, or nothing but harmless words."""
    left, right = "".join(said), "".join(stands)
    if left == right:
        return Weight.SAME
    if losses.explain(left, right) or _telling(said) == _telling(stands):
        return Weight.SLIP
    return Weight.WORDS


def _telling(words: list[str]) -> list[str]:
    return [word for word in words if word not in HARMLESS]


def _cited(side: Side) -> set[int]:
    """Return the numbers of the references in a bracket of nothing else: "[14-16]" cites what "[14,15,16]" cites."""
    if "[" not in side.before or "]" not in side.after or not _CITED.fullmatch(side.raw):
        return set()
    ranges = [[int(end) for end in _DASH.split(part)] for part in side.raw.replace(";", ",").split(",")]
    return {number for ends in ranges for number in range(ends[0], min(ends[-1], ends[0] + _MAX_RANGE) + 1)}
