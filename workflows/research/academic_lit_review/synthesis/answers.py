"""What the papers say to each research question, the most direct passages first."""

from __future__ import annotations

from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.synthesis.shelf import Shelf, worth
from workflows.research.academic_lit_review.synthesis.thematic import spoken
from workflows.research.academic_lit_review.synthesis.wording import capital, many, said, section
from workflows.research.academic_lit_review.values import Evidence, Section, Sentence


def offered(records: Records, question: int | None) -> list[Evidence]:
    """Return the findings that answer a question (None: all), each paper's best before the second of any."""
    ranked: list[tuple[int, float, str, Evidence]] = []
    for paper_id in records.included:
        found = [each for each in records.of(paper_id, "finding") if question is None or each["question"] == question]
        ranked += [(place, -worth(each), each["id"], each) for place, each in enumerate(found)]
    return [each for *_, each in sorted(ranked, key=lambda entry: entry[:3])]


def brief(records: Records, shelf: Shelf) -> list[Sentence]:
    """Return the best passage for each question, for the abstract: two when there is one question."""
    questions = records.question["research_questions"]
    if len(questions) < 2:
        return spoken(records, shelf.take(offered(records, 0 if questions else None), 2, each=1))
    chosen = [each for at in range(min(len(questions), 3)) for each in shelf.take(offered(records, at), 1)]
    return spoken(records, chosen)


def answers(records: Records, shelf: Shelf, most: int) -> list[Section]:
    """Return a section with one subsection for each research question, none when nothing was asked."""
    questions = records.question["research_questions"]
    if not questions or not records.included:
        return []
    return [
        section("answers", "What the papers answer"),
        *(_answer(records, shelf, at, text, most) for at, text in enumerate(questions)),
    ]


def _answer(records: Records, shelf: Shelf, at: int, text: str, most: int) -> Section:
    found = offered(records, at)
    chosen = shelf.take(found, most, each=1)
    papers = len({each["paper_id"] for each in found})
    if not found:
        told = [said("No passage in the papers read speaks to this question directly.")]
    elif not chosen:
        told = [said(f"What {many(papers, 'paper')} can be quoted with is said above.")]
    else:
        told = [
            said(f"{capital(many(papers, 'paper'))} {'speaks' if papers == 1 else 'speak'} to this question."),
            *spoken(records, chosen),
        ]
    return section(f"question-{at + 1}", text, told, level=3)
