"""Numbers in a sentence: the value, its unit and what was measured, each as it is written there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.evidence.quantities import UNITS
from core.evidence.wordlists import STOPWORDS

_NUMBER = r"\d+(?:[.,]\d+)*"
_VALUE = re.compile(
    rf"(?<![\w.,/\u2013-])(?P<value>(?:[<>\u2264\u2265]\s?)?[-\u2212]?{_NUMBER}"
    rf"(?:\s?(?:\u00b1|\u2013|-|to|and)\s?{_NUMBER}(?=\s?[%\w\u00b0]))?(?:\s?\u00b1\s?{_NUMBER})?)"
    r"(?P<unit>\s?%|\s?\u00b0\s?[CF]\b|[\s-]?[A-Za-z\u00b5\u03bc]{1,8}(?:\s?/\s?[A-Za-z\u00b5\u03bc]{1,6}){0,2})?"
)
#: What a number belongs to that measures nothing: a reference, a figure, a year, a part of a name.
_LABEL = re.compile(
    r"(?:fig(?:ure)?s?|tables?|eqs?|equations?|sections?|refs?|no|nos|vol|version|chapter|step|appendix|group|phase|type|"
    r"grade|model|day|week|class|case|lot|cat|batch)\.?\s*$",
    re.IGNORECASE,
)
_DASHES = ("\u2013 ", "- ")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_VERB = re.compile(
    r"(?:\b(?:was|were|is|are|of|reached|averaged|equal(?:s|ed)? to|amount(?:s|ed) to|rang(?:es|ed|ing) from|"
    r"(?:in|de)creased (?:by|to)|reduced (?:by|to)|(?:rose|fell|dropped) (?:by|to))|[=:<>~])"
    r"\s*(?:about|approximately|only|nearly|almost|over|up to|from|between|found to be)?\s*$",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"\b(?:increase[sd]?|decrease[sd]?|reduce[sd]?|lower(?:s|ed)|raise[sd]?|improve[sd]?|enhance[sd]?|inhibit(?:s|ed))\s+(?P<of>[^\W\d][^\d,;:()]{2,60}?)\s+(?:by|to)\s*"
    r"(?:about|approximately|only|nearly|almost|over|up to)?\s*$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:()\[\]]|\b(?:that|which|while|whereas|and|but|with|when)\b")
_MOST_WORDS = 7
_WINDOW = 120  # characters before a number that are looked at for what changed by it


@dataclass(frozen=True, slots=True)
class Measure:
    """A number: `value` as it is written, its `unit` (may be empty), and `of`, the words that say what it measures."""

    value: str
    unit: str
    of: str


def measures(sentence: str) -> Iterator[Measure]:
    """Yield the numbers in a sentence that measure something; each part is a piece of the sentence."""
    for found in _VALUE.finditer(sentence):
        value, unit = found.group("value").strip(), _unit(found.group("unit") or "")
        before, after = sentence[: found.start()], sentence[found.start("value") + len(found.group("value")) :]
        if _bare(value, unit, before, after):
            continue
        rest = after.lstrip()[len(unit) :] if unit else after
        of = _before(before) or _after(rest, unit)
        if of:
            yield Measure(value, unit, of)


def _unit(raw: str) -> str:
    """Return `raw` if it begins with a known unit, else nothing: any other word is what was counted."""
    plain = raw.strip(" -")
    first = re.split(r"\s?/", plain)[0].replace("\u00b0", "").replace("\u00b5", "\u03bc").strip()
    return plain if first in UNITS or first.lower() in UNITS or first in ("F", "C") else ""


def _bare(value: str, unit: str, before: str, after: str) -> bool:
    """Tell whether a number is a label, a year or a reference."""
    if _LABEL.search(before) or before.rstrip().endswith(("[", "\u00a7", "#")) or before.count("[") > before.count("]"):
        return True
    if unit:
        return False
    return (
        _YEAR.fullmatch(value) is not None or after[:1] not in (" ", ",", ".", ";", ")", "") or before[-2:] in _DASHES
    )


def _before(text: str) -> str:
    """Return the subject whose value follows: the last words before the verb that ends `text`."""
    changed = _CHANGED.search(text[-_WINDOW:])
    if changed:
        return changed.group("of")
    verb = _VERB.search(text)
    if verb is None:
        return ""
    words = _CLAUSE.split(text[: verb.start()])[-1].split()[-_MOST_WORDS:]
    while words and words[0].lower() in STOPWORDS:
        words = words[1:]
    return " ".join(words)


def _after(text: str, unit: str) -> str:
    """Return what was counted ("40 adults") or weighed ("300 mg of extract"): the words before the next small one."""
    clause = _CLAUSE.split(text.lstrip(" -"))[0].strip(" .") if text[:1] in " -" else ""
    words = clause.removeprefix("of ").split()
    if unit and not clause.startswith("of "):
        return ""
    small = next((at for at, word in enumerate(words) if word.lower() in STOPWORDS), len(words))
    return " ".join(words[: min(small, _MOST_WORDS)])
