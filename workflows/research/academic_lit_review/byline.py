"""Who wrote a paper, as it is said in a sentence: the parts of a name, and a short label."""

from __future__ import annotations

import re
from typing import NamedTuple

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.inputs.record import clean, prose

_INITIALS = re.compile(r"(?:[A-Z]\.?-?){1,4}")
_SUFFIX = re.compile(r"(?:jr|sr|i{2,3}|iv)\.?", re.I)
_WORDS = "van von der den de del della di da dos du la le ten ter zu af al el bin ibn"
_PARTICLES = frozenset(_WORDS.split())
_BODY = re.compile(
    r"\b(?:group|consortium|committee|collaboration|network|team|society|association|project|trialists)\b", re.I
)


class Name(NamedTuple):
    """A person's name in two parts; an organisation has no `given` one."""

    family: str
    given: str


def parts(name: str) -> Name:
    """Return the parts of `Ipseeta Mohanty`, `Mohanty I`, `Mohanty, Ipseeta` or `Ludwig van Beethoven`."""
    name = clean(name)
    if "," in name:
        family, _, given = name.partition(",")
        return Name(family.strip(), given.strip(" ,"))
    words = name.split()
    if len(words) < 2 or _BODY.search(name):
        return Name(name, "")
    if _INITIALS.fullmatch(words[-1]) and not _INITIALS.fullmatch(words[0]):
        return Name(" ".join(words[:-1]), words[-1])
    at = len(words) - (2 if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else 1)
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return Name(" ".join(words[at:]), " ".join(words[:at]))


def names(paper: PaperMetadata) -> list[Name]:
    """Return the authors of a paper."""
    return [parts(name) for author in paper.get("authors") or [] if (name := clean(author.get("name") or ""))]


def title(paper: PaperMetadata) -> str:
    """Return the title in one line and without markup, or a word in its place."""
    return prose(paper.get("title") or "").rstrip(".") or "Untitled"


def who(paper: PaperMetadata) -> str:
    """Return the authors as a sentence names them: one, two, or the first and others; the title where none is known."""
    families = [name.family for name in names(paper)]
    if not families:
        words = title(paper).split()
        return "\u201c" + " ".join(words[:5]) + ("\u2026" if len(words) > 5 else "") + "\u201d"
    if len(families) > 2:
        return f"{families[0]} et al."
    return " and ".join(families)


def label(paper: PaperMetadata, key: str = "") -> str:
    """Return authors and year, with the letter that `key` tells papers of one year apart by."""
    letter = re.search(r"(?<=\d)[a-z]+$", key)
    year = str(paper.get("year") or "n.d.")
    return f"{who(paper)} {year}{letter.group() if letter else ''}"
