"""How a review ends: the limits the papers state, what could not be read, and where that leaves the question."""

from __future__ import annotations

from core.errors import REASONS
from workflows.research.academic_lit_review.byline import title
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.synthesis.shelf import Shelf, worth
from workflows.research.academic_lit_review.synthesis.thematic import spoken
from workflows.research.academic_lit_review.synthesis.wording import capital, listed, many, number, said, section
from workflows.research.academic_lit_review.values import Evidence, Kind, Section, Sentence

_MOST_TITLES = 8


def limitations(records: Records, shelf: Shelf, most: int) -> Section:
    """Return what the papers say of their own limits, and what they ask for next."""
    limits = shelf.take(_offered(records, "limitation"), most, each=1, free=True)
    future = shelf.take(_offered(records, "future_work"), max(2, most * 2 // 3), each=1, free=True)
    return section(
        "limitations",
        "Limitations the papers state",
        _led(records, limits, "{papers} of those read {name} limits to what can be concluded.", ("names", "name")),
        _led(records, future, "{papers} {name} what should be studied next.", ("says", "say")),
    )


def _led(records: Records, chosen: list[Evidence], form: str, verbs: tuple[str, str]) -> list[Sentence]:
    if not chosen:
        return []
    papers = len({each["paper_id"] for each in chosen})
    lead = form.format(papers=capital(number(papers)), name=verbs[papers > 1])
    if form.startswith("{papers} {name}"):
        lead = form.format(papers=capital(many(papers, "paper")), name=verbs[papers > 1])
    return [said(lead), *spoken(records, chosen)]


def _offered(records: Records, kind: Kind) -> list[Evidence]:
    offered = [each for paper_id in records.included for each in records.of(paper_id, kind)]
    return sorted(offered, key=lambda each: (-worth(each), each["id"]))


def unread(records: Records) -> Section:
    """Return which papers could not be read, and why; they are listed by title."""
    failed = [each for each in records.outcomes.values() if each["status"] == "failed"]
    if not failed:
        return section("unread", "What could not be read")
    short = [each for each in failed if each["paper_id"] in records.included]
    head = (
        f"{capital(number(len(failed)))} of the {many(len(records.outcomes), 'paper')} sought could not be read in full"
    )
    if short:
        used = "their abstracts were" if len(short) > 1 else "its abstract was"
        which = "" if len(short) == len(failed) else f" for {number(len(short))} of them"
        head += f"; {used} used instead{which}"
    named = [
        f"\u201c{title(records.papers.get(each['paper_id'], {}))}\u201d ({REASONS.get(each['reason'], each['reason'])})"
        for each in failed
        if each not in short
    ]
    told = [said(f"{head}.")]
    if named:
        more = len(named) - _MOST_TITLES
        rest = [f"{number(more)} more"] if more > 0 else []
        told.append(said(f"Nothing is known here of what they say: {listed([*named[:_MOST_TITLES], *rest])}."))
    told.append(said("The file missing.csv lists every one of them with all that was tried."))
    return section("unread", "What could not be read", told)


def conclusion(records: Records, *written: list[Sentence]) -> Section:
    """Return how much was found on each question; nothing is concluded that no paper says."""
    told = [said(_found(records, at, text)) for at, text in enumerate(records.question["research_questions"])]
    caveat = (
        "How good the studies are was not judged: a quote shows that a paper says something, not that it is true."
        if records.included
        else "No conclusion can be drawn from papers that could not be quoted."
    )
    return section("conclusion", "Conclusion", *written, [*told, said(caveat)])


def _found(records: Records, at: int, text: str) -> str:
    found = [each for each in records.evidence.values() if each["question"] == at and each["kind"] == "finding"]
    papers = {each["paper_id"] for each in found}
    full = sum(records.extractions[each]["tier"] == "full_text" for each in papers)
    asked = f"On \u201c{text.rstrip(' .')}\u201d"
    if not papers:
        return f"{asked} no passage was found that speaks to it directly: for these papers the question stays open."
    how = f"{number(full)} of them read in full" if full else "known by abstract only"
    passages = f"{many(len(found), 'passage')} from {many(len(papers), 'paper')}"
    return f"{asked} {passages} can be quoted, {'read in full' if full == len(papers) else how}."
