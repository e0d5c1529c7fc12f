"""Whether a sentence that a model wrote may be printed: each is held against the quotes it cites.

A sentence must cite evidence it was given, and only that. Its numbers, its quotations and the authors it names must be
those of the evidence; it must share words with it, and a "not" must stand in both or in neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from core.evidence import locate
from core.evidence.quantities import NUMBER_WORDS, UNITS
from core.evidence.relevance import stems
from core.evidence.tokens import NUMBER, tokens
from core.identifiers import fold
from workflows.research.academic_lit_review.byline import label, names, title
from workflows.research.academic_lit_review.synthesis.forms import Claim
from workflows.research.academic_lit_review.synthesis.quotation import plain
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.values import Evidence

#: Words of the longest sentence that is printed, and of the shortest quotation that is looked up.
_MOST_WORDS, _LEAST_QUOTED = 90, 3
#: The share of a sentence's words that must stand in its evidence.
_SHARED = 0.25
_OWN_CITATION = re.compile(r"\[\s?[@\d]|\[?@\w+\d{4}|https?://|\bdoi\b|\b10\.\d{4,}/|\bE\d{1,3}\b|<[a-z/!]", re.I)
_NAMED = re.compile(
    r"\b([A-Z][\w'\u2019-]+)(?:\s+(?:et al\.?|and\s+(?:colleagues|[A-Z][\w'\u2019-]+)))?,?\s+\(?((?:19|20)\d\d)[a-z]?\b"
)
_QUOTED = re.compile(r"[\u201c\"]([^\u201c\u201d\"]{3,})[\u201d\"]")
_NOT = re.compile(r"\b(?:no|not|neither|nor|never|none|without|cannot)\b|n['\u2019]t\b", re.I)
_TURNS = re.compile(
    r"\b(?:no|not|neither|nor|never|none|without|cannot|lack\w*|absen\w*|fail\w*|similar\w*|comparable|equal\w*|same|"
    r"unable|un(?:changed|affected|clear|related|likely)|in(?:effective|active|significant\w*|sufficient\w*)|only|limited|"
    r"rare\w*|hardly|few|little|free of|prevent\w*|exclud\w*|negative\w*)\b|n['\u2019]t\b",
    re.I,
)


class Desk:
    """What a section may rest on, by the short names that a model is given for it."""

    def __init__(self, records: Records, offered: Iterable[Evidence]) -> None:
        self.records = records
        self.evidence = {f"E{at}": each for at, each in enumerate(offered, 1)}

    def cited(self, claim: Claim) -> list[Evidence]:
        """Return the evidence of a claim, without what is not there."""
        known = (self.evidence.get(name.strip().strip("[]")) for name in dict.fromkeys(claim.evidence))
        return [each for each in known if each]

    def fault(self, claim: Claim) -> str:
        """Return why a claim must not be printed, or nothing."""
        text = " ".join(claim.text.split())
        unknown = [name for name in claim.evidence if name.strip().strip("[]") not in self.evidence]
        if not text or len(text.split()) > _MOST_WORDS:
            return "is no single sentence"
        if unknown:
            return f"cites what does not exist: {', '.join(unknown)[:80]}"
        cited = self.cited(claim)
        if not cited:
            return "cites no evidence"
        if _OWN_CITATION.search(text):
            return "writes a citation, an address or markup of its own"
        return next(_faults(text, cited, self.records), "")


def _faults(text: str, cited: Sequence[Evidence], records: Records) -> Iterator[str]:
    papers = [records.papers.get(paper_id, {}) for paper_id in dict.fromkeys(each["paper_id"] for each in cited)]
    quotes = [plain(each["quote"]) for each in cited]
    families = {fold(name.family) for paper in papers for name in names(paper)}
    for match in _NAMED.finditer(text):
        known = any(str(paper.get("year")) == match[2] for paper in papers)
        if not known or not any(fold(match[1]) in family for family in families):
            yield f"names {match.group()}, which is not what it cites"
    for match in _QUOTED.finditer(text):
        quotation = match[1].strip(" .,\u2026")
        if len(quotation.split()) >= _LEAST_QUOTED and not any(locate(quotation, quote, ()).holds for quote in quotes):
            yield f"quotes what its evidence does not say: {quotation[:80]}"
    years = {
        str(paper.get("year"))
        for paper in papers
        if any(match[2] == str(paper.get("year")) for match in _NAMED.finditer(text))
    }
    if wrong := _unsupported(text, quotes, {*years, "1", str(len(papers))}):
        yield f"has numbers that its evidence does not have: {', '.join(wrong)}"
    said = set(stems(text))
    known_words = set(
        stems(" ".join([*quotes, *(each["claim"] for each in cited), *map(title, papers), *map(label, papers)]))
    )
    if said and len(said & known_words) < _SHARED * len(said):
        yield "speaks of something else than its evidence"
    if len(cited) == 1 and _turned(text, quotes[0]):
        yield "says yes where its evidence says no, or no where it says yes"


def _turned(text: str, quote: str) -> bool:
    return bool((_NOT.search(quote) and not _TURNS.search(text)) or (_NOT.search(text) and not _TURNS.search(quote)))


def _unsupported(text: str, quotes: Iterable[str], free: set[str]) -> list[str]:
    """Return the numbers of `text`, with their units, that no quote has; those in `free` need none."""
    known = {quantity for quote in quotes for quantity in _quantities(quote)}
    values, units = {value for value, _ in known}, {unit for _, unit in known}
    return [
        f"{value} {unit}".strip()
        for value, unit in _quantities(text)
        if not (value in values and unit in {"", *units}) and not (value in free and not unit)
    ]


def _quantities(text: str) -> Iterator[tuple[str, str]]:
    """Yield every number and the unit behind it (empty: none)."""
    found = tokens(text)
    marked = [*zip(found.folds, found.kinds, strict=True), ("", "")]
    for (value, kind), (after, _) in pairwise(marked):
        if kind == NUMBER or value in NUMBER_WORDS:
            yield NUMBER_WORDS.get(value, value), UNITS.get(after, "")
