"""What is published about a paper after it: which words of a catalogue mean a retraction, a concern or a correction."""

from __future__ import annotations

import re

RETRACTION, CONCERN, CORRECTION = "retraction", "expression_of_concern", "correction"

#: In order: a "partial retraction" leaves the paper standing, a "retraction of a correction" does not occur.
_KINDS = (
    (re.compile(r"partial[_ -]?retraction|correct|corrig|errat|clarification|addendum|republish|update"), CORRECTION),
    (re.compile(r"retract|withdraw|removal"), RETRACTION),
    (re.compile(r"concern"), CONCERN),
)


def kind_of(text: str) -> str:
    """Return the kind of notice that `text` names, nothing for what is none: a comment, a new edition."""
    said = text.strip().lower()[:200]
    return next((kind for pattern, kind in _KINDS if pattern.search(said)), "")
