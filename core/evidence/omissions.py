"""What a quote may leave out of its text, and what it may not be cut off from."""

from __future__ import annotations

import re
from dataclasses import replace

from core.evidence.side import Side
from core.evidence.tokens import NUMBER, joins
from core.evidence.wordlists import HARMLESS, NOT, TURNING

_BLANK = re.compile(r"\n\s*\n")
_OPEN, _CLOSE = "([{", ")]}"
_RAISING = re.compile(r"<sup>|\^")
_AROUND_REFERENCE = "*_.,;)]\"\u201d'"
_SENTENCE_END = tuple(".!?:;")
#: How many words before a quote a negation that belongs to it may stand, and what parts it from the quote.
_REACH = 2
_PARTING = frozenset(".;:!?()\n|")


def dispensable(stands: Side, between: str) -> bool:
    """Tell whether a quote may pass over `stands`: a bracket, a reference, what an ellipsis stands for.

    `between` is what the quote has in its place.
    """
    if TURNING & set(stands.folds):
        return False
    if (HARMLESS.issuperset(stands.prose()) and not stands.figures()) or _bracketed(stands) or _reference(stands):
        return True
    return "..." in between or "\u2026" in between or _interrupts(stands)


def _bracketed(stands: Side) -> bool:
    """Tell whether a run is the whole of a bracket."""
    opened, closed = (sum(map(stands.raw.count, marks)) for marks in (_OPEN, _CLOSE))
    return opened == closed and any(c in stands.before for c in _OPEN) and any(c in stands.after for c in _CLOSE)


def _reference(stands: Side) -> bool:
    """Tell whether a run is the raised number of a reference, at the end of a word of prose or of a sentence."""
    if not stands.start or set(stands.words.kinds[stands.start : stands.end]) != {NUMBER}:
        return False
    last = stands.words.folds[stands.start - 1]
    raised = all(fold.startswith("^") for fold in stands.folds)
    return (
        not _RAISING.sub("", stands.before).strip(_AROUND_REFERENCE) and (len(last) >= 4 or raised) and last.isalpha()
    )


def _interrupts(stands: Side) -> bool:
    """Tell whether a run is a block of its own (a caption, a note) that stands inside a sentence of the text."""
    if not (_BLANK.search(stands.before) and _BLANK.search(stands.after)):
        return False
    return not stands.before.split("\n")[0].rstrip().endswith(_SENTENCE_END)


def turned(passage: Side) -> str:
    """Return the negation a passage is cut off from ("no", one or two words before it), if there is one."""
    words = passage.words
    for at in range(passage.start - 1, max(-1, passage.start - 1 - _REACH), -1):
        if _PARTING & set(passage.text[words.ends[at] : words.starts[at + 1]]):
            break
        if words.folds[at] in NOT:
            return passage.text[words.starts[at] : words.ends[at]]
    return ""


def torn(passage: Side) -> str:
    """Return the quantity at the end of a passage that is cut off from its unit, if there is one."""
    end = passage.end
    if end >= len(passage.words) or passage.words.kinds[end - 1] != NUMBER:
        return ""
    whole = replace(passage, start=end - 1, end=end + 1)
    return whole.raw if joins(passage.after) and len(whole.figures()) == 2 else ""
