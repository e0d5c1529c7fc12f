"""The words between the quotes: templates over recorded facts, and the small grammar they need."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workflows.research.academic_lit_review.byline import names, who
from workflows.research.academic_lit_review.synthesis.quotation import quoted
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.values import Citation, Evidence, Section, Sentence, Table

_SMALL = "no one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905 - reads better
_CATALOGUES = {
    "openalex": "OpenAlex",
    "crossref": "Crossref",
    "europepmc": "Europe PMC",
    "arxiv": "arXiv",
    "semanticscholar": "Semantic Scholar",
    "unpaywall": "Unpaywall",
    "seed": "the papers given at the start",
    "citation": "citations followed",
    "forward": "citing papers",
    "backward": "cited papers",
}
_PLACES = (
    (re.compile(r"conclu|summary", re.I), ("conclude", "concludes")),
    (re.compile(r"abstract", re.I), ("sum up", "sums up")),
    (re.compile(r"discuss", re.I), ("write in their discussion", "writes in the discussion")),
    (re.compile(r"result|finding", re.I), ("report", "reports")),
)
_VERBS = (("report", "reports"), ("write", "writes"), ("state", "states"))
_FORMS = (
    "{who} {verb}: {quote}",
    "In the words of {who}: {quote}",
    "{who} {verb}: {quote}",
    "{who}, in {year}: {quote}",
)


def said(text: str, *citations: Citation) -> Sentence:
    """Return a sentence and what it rests on."""
    return Sentence(text=text, citations=list(citations))


def section(
    id_: str, heading: str, *paragraphs: list[Sentence], level: int = 2, tables: Sequence[Table] = ()
) -> Section:
    """Return a section without its empty paragraphs."""
    filled = [paragraph for paragraph in paragraphs if paragraph]
    return Section(id=id_, heading=heading, level=level, paragraphs=filled, tables=list(tables))


def number(count: int) -> str:
    """Return a count as prose has it: words up to twelve."""
    return _SMALL[count] if count < len(_SMALL) else f"{count:,}"


def catalogue(name: str) -> str:
    """Return how a catalogue, or another place papers come from, is called."""
    return _CATALOGUES.get(name, name)


def many(count: int, one: str, more: str = "") -> str:
    """Return a count with its noun."""
    return f"{number(count)} {one if count == 1 else more or one + 's'}"


def capital(text: str) -> str:
    """Return `text` with its first letter large."""
    return text[:1].upper() + text[1:]


def listed(parts: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def period(years: Sequence[int]) -> str:
    """Return "published in 2006", "published between 2006 and 2017", or nothing."""
    if not years:
        return ""
    first, last = min(years), max(years)
    return f"published in {first}" if first == last else f"published between {first} and {last}"


def quote(records: Records, evidence: Evidence, turn: int, *, again: bool = False) -> Sentence:
    """Return what a paper says, introduced: `turn` varies the words, `again`: the paper was quoted just before."""
    paper = records.papers.get(evidence["paper_id"], {})
    several = len(names(paper)) > 1
    verbs = next((pair for place, pair in _PLACES if place.search(evidence["section"])), _VERBS[turn % len(_VERBS)])
    form = "The same paper adds: {quote}" if again else _FORMS[turn % len(_FORMS)]
    if not paper.get("year") and "{year}" in form:
        form = _FORMS[0]
    text = form.format(
        who=who(paper), verb=verbs[0 if several else 1], year=paper.get("year"), quote=quoted(evidence["quote"])
    )
    return said(capital(text), records.cite(evidence))
