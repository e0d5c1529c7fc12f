"""Which way a sentence points: what it says goes up, goes down, stays as it is, or works.

By wordings and their places, in English only. A sentence that is not plain gives nothing: silence misleads nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.evidence.relevance import stems
from core.evidence.wordlists import NOT
from workflows.research.academic_lit_review.clustering.phrases import noun_like, singular
from workflows.research.academic_lit_review.clustering.vocabulary import DOINGS, SILENT

Way = Literal["up", "down", "none", "works"]


@dataclass(frozen=True, slots=True)
class Aspect:
    """One word of what a sentence speaks of, as it is written and as it is compared, and the way it goes."""

    word: str
    stem: str
    way: Way

    @property
    def vague(self) -> bool:
        """Tell whether the word, alone, does not say what is spoken of: "total", "expression"."""
        key = singular(self.word)
        return key in _VAGUE or not noun_like(key) or (key.endswith("ing") and key not in DOINGS)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OPPOSED = (_words("up down"), _words("up none"), _words("down none"), _words("works none"))
_UP = re.compile(
    r"increas(?:e[sd]?|ing)|enhanc(?:e[sd]?|ing|ements?)|elevat(?:e[sd]?|ing|ions?)|improv(?:e[sd]?|ing|ements?)|"
    r"higher|greater|up-?regulat(?:e[sd]?|ing|ion)|stimulat(?:e[sd]?|ing|ion)|promot(?:e[sd]?|ing|ion)|"
    r"augment(?:s|ed|ing)?|rais(?:e[sd]?|ing)|rose|boost(?:s|ed|ing)?|accelerat(?:e[sd]?|ing)"
)
_DOWN = re.compile(
    r"decreas(?:e[sd]?|ing)|reduc(?:e[sd]?|ing|tions?)|lower(?:s|ed|ing)?|inhibit(?:s|ed|ing|ion)?|fewer|less|"
    r"suppress(?:es|ed|ing|ion)?|attenuat(?:e[sd]?|ing|ion)|declin(?:e[sd]?|ing)|diminish(?:es|ed|ing)?|"
    r"down-?regulat(?:e[sd]?|ing|ion)|prevent(?:s|ed|ing|ion)?|alleviat(?:e[sd]?|ing|ion)|"
    r"ameliorat(?:e[sd]?|ing|ion)|mitigat(?:e[sd]?|ing|ion)|abolish(?:es|ed|ing)?"
)
_WORKS = re.compile(r"effective(?:ness)?|efficacy|efficacious|active|activity")
_STAYS = _words("unchanged unaffected unaltered")
#: Words that say something only when they are denied: "no effect on", "did not alter".
_DENIABLE = re.compile(
    r"effects?|chang(?:es?|ed)|differ(?:ed|ences?)?|affect(?:s|ed)?|alter(?:s|ed|ations?)?|influence[sd]?"
)
_DENIALS = NOT | _words("fail failed fails insignificant insignificantly nonsignificant non-significant lack lacked")
#: Sentences that ask, plan or doubt.
_UNPLAIN = re.compile(
    r"\?|\bwhether\b|\bnot only\b|\bhypothes|\b(?:but|although|though)\b[^,.;]{0,30}\bnot\b|"
    r"\bnot (?:\w+ ){0,2}significant(?:ly)?\s*(?:[.,;(]|$)|"
    r"\b(?:aim|objective|purpose|goal)s?\b|"
    r"\bto (?:assess|compare|determine|evaluate|examine|explore|investigate|test)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_CLAUSES = re.compile(
    r"[;:,.](?=\s|$)|\b(?:although|because|but|however|that|though|whereas|which|while)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_](?:[\w-]*\w)?")
_BE = _words("is are was were be been being remained became becomes appeared seemed")
#: Words after which something else is spoken of than what goes up or down.
_TURNS = _words(
    "after against among as at before by compared during following for from in on than through to under using versus "
    "via vs when with within without"
)
_OPENERS = _words("against for in of on to toward towards")
_NOUN = re.compile(
    r"\w+(?:tions?|ments?|ness)|effects?|differences?|changes?|alterations?|efficacy|activity|active|\w+cious"
)
_BARE = _words("increase decrease decline effective less")
#: Who and what is studied, not what is found of it.
_STUDIED = _words(
    "animal animals cell cells child children control extract extracts group groups leaf leaves mice mouse patient "
    "patients plant plants rat rats treatment women men people subjects respectively mean score scores amount content "
    "dose-dependent dose-dependently marked strong greatest degree ability able"
)
_VAGUE = _words(
    "acid average count decline diameter duration expression frequency incidence index intensity length marker number "
    "occurrence percentage production protein ratio score severity size speed total volume weight width"
)
#: Words before a cue in which it is denied, and words of what is spoken of.
_REACH, _NEAR = 4, 5


def opposed(one: Way, other: Way) -> bool:
    """Tell whether two ways contradict each other."""
    return frozenset((one, other)) in _OPPOSED


def directions(sentence: str) -> list[Aspect]:
    """Return what `sentence` says goes which way; what it says in two ways is left out."""
    if _UNPLAIN.search(sentence):
        return []
    found: dict[str, list[Aspect]] = {}
    for clause in _CLAUSES.split(_ASIDE.sub(" ", sentence)):
        for aspect in _aspects(_WORD.findall(clause)):
            found.setdefault(aspect.stem, []).append(aspect)
    return [aspects[0] for aspects in found.values() if len({aspect.way for aspect in aspects}) == 1]


def _aspects(words: Sequence[str]) -> Iterator[Aspect]:
    lower = [word.lower() for word in words]
    cues = {at for at, word in enumerate(lower) if _way(word)}
    for at in sorted(cues):
        way = _stated(lower, at)
        if way is None or _governed(lower, at, cues):
            continue
        for place in _objects(lower, at, cues):
            stem = stems(lower[place])
            if stem and _tells(lower[place]):
                yield Aspect(words[place], stem[0], way)


def _way(word: str) -> Way | None:
    if _UP.fullmatch(word):
        return "up"
    if _DOWN.fullmatch(word):
        return "down"
    if _WORKS.fullmatch(word):
        return "works"
    return "none" if word in _STAYS or _DENIABLE.fullmatch(word) else None


def _stated(words: Sequence[str], at: int) -> Way | None:
    """Return the way of the cue at `at`, with what denies it; None if it says nothing."""
    denied = bool(_DENIALS.intersection(words[max(0, at - _REACH) : at]))
    if words[at] in _STAYS:
        return None if denied else "none"
    if denied:
        return "none"
    return None if _DENIABLE.fullmatch(words[at]) else _way(words[at])


def _governed(words: Sequence[str], at: int, cues: set[int]) -> bool:
    """Tell whether another cue speaks of this one, or this one of another: "prevented the increase", "less active"."""
    before = [cue for cue in cues if at - 4 < cue < at]
    after = [cue for cue in cues if at < cue < at + 4]
    gaps = [words[cue + 1 : at] for cue in before] + [words[at + 1 : cue] for cue in after]
    return any(not any(_tells(word) or word == "and" for word in gap) for gap in gaps)


def _objects(words: Sequence[str], at: int, cues: set[int]) -> list[int]:
    """Return the places of what the cue at `at` speaks of."""
    follower = words[at + 1] if at + 1 < len(words) else ""
    if _NOUN.fullmatch(words[at]) or (words[at] in _BARE and follower in _OPENERS):
        return _after(words, at + 2, cues) if follower in _OPENERS else []
    verbs = [place for place in range(max(0, at - _REACH), at) if words[place] in _BE]
    if verbs:
        return _before(words, verbs[-1], cues)
    after = _after(words, at + 1, cues)
    return after if any(not words[place].endswith("ly") for place in after) else _before(words, at, cues)


def _after(words: Sequence[str], start: int, cues: set[int]) -> list[int]:
    ends = (at for at in range(start, len(words)) if words[at] in _TURNS | _BE or at in cues)
    return list(range(start, min(next(ends, len(words)), start + 2 * _NEAR)))


def _before(words: Sequence[str], end: int, cues: set[int]) -> list[int]:
    """Return what stands before a verb: up to where it turns to something else, or after the "and" behind that."""
    start = max((cue + 1 for cue in cues if cue < end), default=0)
    turn = next((at for at in range(start, end) if words[at] in _TURNS), end)
    joint = max((at + 1 for at in range(turn, end) if words[at] == "and"), default=start)
    places = range(joint, end) if joint > turn else range(start, turn)
    return list(places)[-2 * _NEAR :]


def _tells(word: str) -> bool:
    return len(word) > 2 and not word.endswith("ly") and singular(word) not in SILENT and word not in _STUDIED
