"""Which quotes are printed: the best, none twice, none that points at a sentence left behind, few of one paper."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from rapidfuzz import fuzz

from core.identifiers import fold
from workflows.research.academic_lit_review.synthesis.quotation import plain
from workflows.research.academic_lit_review.values import Evidence

#: Likeness, in per cent, from which two quotes say the same.
_SAME = 84
_DANGLING = re.compile(
    r"(?:this|that|these|those|such|it|its|their|they|he|she|however|moreover|furthermore|therefore|thus|hence|also|but|and|"
    r"so|then|in addition|additionally|similarly|likewise|for (?:example|instance)|in contrast|on the other hand|"
    r"conversely|here|both|nevertheless|the (?:former|latter|same|above)|"
    r"in (?:this|that|these) (?:case|regard|context|respect|way))\b"
    r"(?! (?:study|review|paper|work|trial|article|survey|analysis|results? (?:show|suggest|indicate)))",
    re.I,
)
_MOST_WORDS = 75
_LONG_WORDS = 45
#: What makes a sentence lean on something that is not printed with it: a figure, or the work of others.
_FIGURE = re.compile(r"\b(?:fig(?:ure|s)?|tables?|section)s?\b[.\s-]*\d", re.I)
_OTHERS = re.compile(
    r"\[\d[\d,;\s\u2013-]*\]|\(\d{1,3}(?:[,\u2013-]\s?\d{1,3})*\)|\(\w[^()]{0,60}\b(?:19|20)\d\d[a-z]?\)|et al\b"
)
_OPENING = re.compile(r"[\w\"'\u201c\u2018(\[<>=~\u2264\u2265]")


def worth(evidence: Evidence) -> float:
    """Return the score of a quote, less what it loses for being long or for leaning on something else."""
    text = plain(evidence["quote"])
    long = len(text.split()) > _LONG_WORDS
    return evidence["score"] - 0.12 * long - 0.08 * bool(_FIGURE.search(text)) - 0.2 * bool(_OTHERS.search(text))


class Shelf:
    """Remembers what was printed of which paper."""

    def __init__(self, per_paper: int) -> None:
        self._per_paper = per_paper
        self._printed: list[str] = []
        self._papers: Counter[str] = Counter()

    def take(self, offered: Iterable[Evidence], most: int, *, each: int = 0, free: bool = False) -> list[Evidence]:
        """Return up to `most` of what is offered, in its order, and at most `each` of one paper; they are now printed.

        `free`: they do not count against what a paper may have in all.
        """
        taken: list[Evidence] = []
        here: Counter[str] = Counter()
        for evidence in offered:
            paper_id = evidence["paper_id"]
            full = not free and self._papers[paper_id] >= self._per_paper
            if len(taken) == most:
                break
            if full or (each and here[paper_id] >= each) or not self._fits(evidence):
                continue
            taken.append(evidence)
            here[paper_id] += 1
            self._papers[paper_id] += not free
        return taken

    def _fits(self, evidence: Evidence) -> bool:
        """Tell whether a quote stands alone and says something new; remember it if so."""
        text = plain(evidence["quote"])
        folded = fold(text)
        if not folded or _DANGLING.match(text) or not _OPENING.match(text) or len(text.split()) > _MOST_WORDS:
            return False
        if any(folded in other or fuzz.ratio(folded, other, score_cutoff=_SAME) for other in self._printed):
            return False
        self._printed.append(folded)
        return True
