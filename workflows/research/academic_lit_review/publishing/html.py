"""The review as one page (`review.html`) that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from workflows.research.academic_lit_review.byline import label, title
from workflows.research.academic_lit_review.publishing.flow import flow
from workflows.research.academic_lit_review.publishing.pages import source, template
from workflows.research.academic_lit_review.publishing.plots import theme_map, timeline
from workflows.research.academic_lit_review.publishing.quotes import marked
from workflows.research.academic_lit_review.publishing.reference import line, link, notices
from workflows.research.academic_lit_review.synthesis.quotation import plain
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.values import Citation, Evidence, Review

KINDS = {
    "finding": "Finding",
    "method": "Method",
    "limitation": "Limitation",
    "future_work": "Future work",
    "number": "Number",
}
VERDICTS = {"exact": "found word for word", "fuzzy": "found, with slips of typesetting"}
TIERS = {"full_text": "read in full", "abstract": "abstract only", "metadata": "record only"}


def page(review: Review, records: Records) -> str:
    """Return the page; blocking. Its only script is ours, and its policy lets no other run and nothing be loaded."""
    script, style = source("review.js").strip(), source("review.css").strip()
    numbers = {paper_id: at for at, paper_id in enumerate(review["references"], 1)}
    return template("review.html.j2").render(
        review=review,
        records=records,
        style=Markup(style),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        plots=_plots(records),
        references=[_reference(review, records, paper_id) for paper_id in review["references"]],
        evidence=[_row(review, records, numbers, each) for each in _evidence(records)],
        cite=lambda citation: _cited(review, records, numbers, citation),
        contents=[section for section in review["sections"] if section["level"] == 2],
    )


def anchor(evidence_id: str) -> str:
    """Return the id of a piece of evidence in the page."""
    return f"ev-{hashlib.sha256(evidence_id.encode()).hexdigest()[:12]}"


def _plots(records: Records) -> dict[str, Markup]:
    """Return the drawings; the text in them was escaped when they were drawn."""
    drawn = {"themes": theme_map(records), "timeline": timeline(records), "flow": flow(records.counts)}
    return {name: Markup(svg) for name, svg in drawn.items()}


def _evidence(records: Records) -> Iterable[Evidence]:
    return (each for paper_id in records.included for each in records.of(paper_id))


def _reference(review: Review, records: Records, paper_id: str) -> Mapping[str, Any]:
    paper = records.papers.get(paper_id, {})
    return {
        "key": review["keys"][paper_id],
        "line": line(paper),
        "link": link(paper),
        "notices": notices(paper),
        "tier": records.extractions[paper_id]["tier"],
    }


def _row(review: Review, records: Records, numbers: Mapping[str, int], evidence: Evidence) -> Mapping[str, Any]:
    paper = records.papers.get(evidence["paper_id"], {})
    claim, section = plain(evidence["claim"]), plain(evidence["section"])
    return {
        "id": anchor(evidence["id"]),
        "number": numbers.get(evidence["paper_id"], 0),
        "label": label(paper, records.keys[evidence["paper_id"]]),
        "title": title(paper),
        "link": link(paper),
        "kind": KINDS[evidence["kind"]],
        "claim": "" if claim == plain(evidence["quote"]) else claim,
        "quote": marked(evidence["quote"]),
        "page": evidence["page"],
        "section": section.capitalize() if section.isupper() else section,
        "verdict": evidence["verdict"],
        "found": VERDICTS[evidence["verdict"]],
        "tier": evidence["tier"],
        "read": TIERS[evidence["tier"]],
        "notices": notices(paper),
    }


def _cited(review: Review, records: Records, numbers: Mapping[str, int], citation: Citation) -> Mapping[str, Any]:
    known = records.evidence.get(citation["evidence_id"])
    where = anchor(known["id"]) if known else f"ref-{review['keys'][citation['paper_id']]}"
    return {
        "number": numbers[citation["paper_id"]],
        "page": known["page"] if known else None,
        "target": where,
        "tier": citation["tier"],
        "verdict": citation["verdict"],
        "label": label(records.papers.get(citation["paper_id"], {}), review["keys"][citation["paper_id"]]),
    }
