"""One theme of a review without a model: what its papers found, grouped, and a table to compare them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from core.identifiers import fold
from workflows.research.academic_lit_review.byline import who
from workflows.research.academic_lit_review.synthesis.quotation import plain, quoted
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.synthesis.shelf import Shelf, worth
from workflows.research.academic_lit_review.synthesis.wording import (
    capital,
    listed,
    many,
    number,
    period,
    quote,
    said,
    section,
)
from workflows.research.academic_lit_review.values import Evidence, Relation, Section, Sentence, Table

#: A term that stands in more of a theme's findings than this does not tell them apart.
_COMMON = 0.6
_RELATIONS = (
    ("agreements", "Findings that point the same way"),
    ("conflicts", "Findings that seem to disagree"),
    ("gaps", "What the papers leave open"),
)
#: Words of a quote that a cell of a table has room for.
_CELL_WORDS = 26
_UNIT = re.compile(r"%|\d\s?[^\W\d_]|[<>\u2264\u2265\u00b1]")
_MOST_KEY, _MOST_NUMBERS, _MOST_RELATIONS, _MOST_CHARS = 3, 3, 3, 90


def thematic(records: Records, theme: Mapping[str, Any], shelf: Shelf, most: int) -> Section:
    """Return the section of a theme with up to `most` quotes."""
    offered = [each for paper_id in theme["paper_ids"] for each in records.of(paper_id, "finding")]
    order = {paper_id: at for at, paper_id in enumerate(theme["key_papers"])}
    offered.sort(key=lambda each: (-worth(each) - 0.05 * (each["paper_id"] in order), each["id"]))
    chosen = shelf.take(offered, most, each=2)
    paragraphs = [opening(records, theme), *_grouped(records, theme, chosen), *relations(records, theme, shelf)]
    return section(f"theme-{theme['id']}", capital(theme["label"]), *paragraphs, tables=compared(records, theme))


def opening(records: Records, theme: Mapping[str, Any]) -> list[Sentence]:
    """Return how many papers a theme has, from when, how they were read, and which are its key papers."""
    ids: list[str] = theme["paper_ids"]
    years = [year for each in ids if (year := records.papers.get(each, {}).get("year"))]
    short = sum(records.extractions[each]["tier"] == "abstract" for each in ids)
    spread = f", {period(years)}," if years else ""
    head = f"{capital(many(len(ids), 'paper'))}{spread} {'belongs' if len(ids) == 1 else 'belong'} here"
    if short:
        head += (
            f"; {number(short)} of them could be read by abstract only" if len(ids) > 1 else ", by its abstract only"
        )
    told = [said(f"{head}.")]
    keys = [paper_id for paper_id in theme["key_papers"] if paper_id in ids][:_MOST_KEY]
    if keys and len(ids) > 2:
        named = listed(list(dict.fromkeys(who(records.papers.get(each, {})) for each in keys)))
        told.append(said(f"{named} {'stands' if len(keys) == 1 else 'stand'} at its centre.", *map(records.work, keys)))
    return told


def _grouped(records: Records, theme: Mapping[str, Any], chosen: Sequence[Evidence]) -> list[list[Sentence]]:
    """Return paragraphs: one for each term that findings of several papers speak of, and one for the others."""
    groups: dict[str, list[Evidence]] = {}
    terms = _telling(theme, chosen)
    for evidence in chosen:
        term = next((term for term in terms if _speaks(evidence, term)), "")
        groups.setdefault(term, []).append(evidence)
    for term in list(groups):
        if term and len({each["paper_id"] for each in groups[term]}) < 2:
            groups.setdefault("", []).extend(groups.pop(term))
    rest = groups.pop("", [])
    paragraphs, turn = [], 0
    for term, members in groups.items():
        papers = len({each["paper_id"] for each in members})
        lead = said(f"{capital(many(papers, 'paper'))} speak of {term}.")
        paragraphs.append([lead, *spoken(records, members, turn)])
        turn += len(members)
    for start in range(0, len(rest), 4):
        lead_in = [said("Other findings of this group follow.")] if groups and not start else []
        paragraphs.append([*lead_in, *spoken(records, rest[start : start + 4], turn + start)])
    return paragraphs


def _telling(theme: Mapping[str, Any], chosen: Sequence[Evidence]) -> list[str]:
    """Return the terms that tell the findings of a theme apart, the rarest first."""
    spread = Counter({term: sum(_speaks(each, term) for each in chosen) for term in theme.get("terms", ())})
    most = max(2.0, _COMMON * len(chosen))
    return sorted(
        (term for term, count in spread.items() if 2 <= count <= most and not re.search(r"\d", term)),
        key=lambda term: (spread[term], term),
    )


def _speaks(evidence: Evidence, term: str) -> bool:
    words = re.escape(fold(term))
    return bool(words) and re.search(rf"\b{words}", fold(evidence["quote"])) is not None


def spoken(records: Records, members: Sequence[Evidence], turn: int = 0) -> list[Sentence]:
    """Return the quotes with their introductions; those of one paper stand together."""
    order = {paper_id: at for at, paper_id in reversed(list(enumerate(each["paper_id"] for each in members)))}
    told: list[Sentence] = []
    before = ""
    for at, evidence in enumerate(sorted(members, key=lambda each: order[each["paper_id"]])):
        told.append(quote(records, evidence, turn + at, again=evidence["paper_id"] == before))
        before = evidence["paper_id"]
    return told


def relations(records: Records, theme: Mapping[str, Any], shelf: Shelf) -> list[list[Sentence]]:
    """Return the agreements, conflicts and gaps that were recorded for a theme, with what they rest on."""
    paragraphs = []
    for key, heading in _RELATIONS:
        known = [each for each in theme.get(key) or () if _grounded(records, each)]
        told: list[Sentence] = []
        for each in known:
            told += _related(records, each, shelf, len(told)) if len(told) < _MOST_RELATIONS else []
        if told:
            paragraphs.append([said(f"{heading}:"), *told])
    return paragraphs


def _grounded(records: Records, relation: Relation) -> bool:
    return bool(relation["evidence"]) and all(each in records.evidence for each in relation["evidence"])


def _related(records: Records, relation: Relation, shelf: Shelf, turn: int) -> list[Sentence]:
    """Return a relation in its words; one that repeats what papers say of themselves in theirs, and only once."""
    resting = [records.evidence[each] for each in relation["evidence"]]
    cited = [records.cite(each) for each in resting]
    if any(each["kind"] not in ("limitation", "future_work") for each in resting) or "\u201c" not in relation["text"]:
        return [said(_ended(relation["text"]), *cited)]
    return [said(quote(records, each, turn)["text"], *cited) for each in shelf.take(resting[:1], 1, free=True)]


def _ended(text: str) -> str:
    text = capital(plain(text))
    return text if text.endswith((".", "!", "?", "\u201d")) else f"{text}."


def compared(records: Records, theme: Mapping[str, Any]) -> list[Table]:
    """Return a table of how the papers of a theme worked and which numbers they give, if two of them tell."""
    rows = [row for paper_id in theme["paper_ids"] if (row := _row(records, paper_id))]
    if len(rows) < 2:
        return []
    columns = ["Paper", "How it was studied", "Numbers"]
    filled = [at for at in range(len(columns)) if any(row[at]["text"] for row in rows)]
    return [
        Table(
            caption=f"How the papers worked: {theme['label']}",
            columns=[columns[at] for at in filled],
            rows=[[row[at] for at in filled] for row in rows],
        )
    ]


def _row(records: Records, paper_id: str) -> list[Sentence]:
    ways, numbers = records.of(paper_id, "method")[:1], records.of(paper_id, "number")
    shown = [(each, text) for each in numbers if (text := _figure(each))]
    shown = list({text: (each, text) for each, text in shown}.values())[:_MOST_NUMBERS]
    if not ways and not shown:
        return []
    paper = records.papers.get(paper_id, {})
    year = f", {paper['year']}" if paper.get("year") else ""
    return [
        said(f"{who(paper)}{year}", records.work(paper_id)),
        said(quoted(ways[0]["quote"], _CELL_WORDS), records.cite(ways[0])) if ways else said(""),
        said("; ".join(text for _, text in shown), *(records.cite(each) for each, _ in shown)),
    ]


def _figure(evidence: Evidence) -> str:
    """Return a number in the few words recorded for it; nothing when there are none but the whole quote."""
    claim = plain(evidence["claim"]).rstrip(".")
    of, _, value = claim.rpartition(": ")
    telling = bool(_UNIT.search(value)) or len(of.split()) > 2
    return claim if len(claim) <= _MOST_CHARS and any(sign.isdigit() for sign in claim) and telling else ""
