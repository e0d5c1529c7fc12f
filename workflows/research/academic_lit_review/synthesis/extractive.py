"""A review without a model: composed of the papers' own words and of counted facts. No sentence is invented."""

from __future__ import annotations

from collections.abc import Iterable

from workflows.research.academic_lit_review.synthesis.answers import answers, brief
from workflows.research.academic_lit_review.synthesis.closing import conclusion, limitations, unread
from workflows.research.academic_lit_review.synthesis.opening import basis, introduction, methods, overview, title
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.synthesis.shelf import Shelf
from workflows.research.academic_lit_review.synthesis.thematic import thematic
from workflows.research.academic_lit_review.values import Review, Section, Sentence

#: Words that a quote takes with its introduction; the text around the quotes takes a third of a review.
_QUOTE_WORDS, _SHARE = 40, 0.66
#: Quotes of one paper in the whole review, tables and limitations aside.
PER_PAPER = 4


def compose(records: Records, *, target_words: int = 9_000) -> Review:
    """Return a review of about `target_words` at most, in the words of its papers."""
    shelf = Shelf(PER_PAPER)
    quotes = max(8, int(target_words * _SHARE / _QUOTE_WORDS))
    questions = len(records.question["research_questions"])
    abstract = [*basis(records), *overview(records), *brief(records, shelf)]
    per_question = min(6, max(2, quotes // (3 * questions))) if questions else 0
    asked = answers(records, shelf, per_question)
    limits = limitations(records, shelf, min(10, max(4, quotes // 12)))
    themes = records.grouped
    share = max(3, (quotes - per_question * questions) * 2 // 3 // max(1, len(themes)))
    sections = [
        introduction(records),
        *asked,
        *(thematic(records, theme, shelf, share) for theme in themes),
        limits,
        unread(records),
        conclusion(records),
        methods(records, "extractive"),
    ]
    return finished(records, abstract, sections)


def finished(records: Records, abstract: list[Sentence], sections: Iterable[Section], model: str = "") -> Review:
    """Return the review of these parts: empty sections left out, the cited papers listed as they are first cited."""
    listed = list(sections)
    kept = [each for at, each in enumerate(listed) if each["paragraphs"] or each["tables"] or _has_parts(listed, at)]
    cited = [citation["paper_id"] for sentence in (*abstract, *_sentences(kept)) for citation in sentence["citations"]]
    references = list(dict.fromkeys(cited))
    return Review(
        title=title(records),
        question=records.question,
        mode="model" if model else "extractive",
        model=model,
        abstract=abstract,
        sections=kept,
        references=references,
        keys={paper_id: records.keys[paper_id] for paper_id in references},
        dropped=[],
        notes=list(records.notes),
    )


def _has_parts(sections: list[Section], at: int) -> bool:
    """Tell whether the heading at this place has sections below it."""
    return any(each["level"] > sections[at]["level"] for each in sections[at + 1 : at + 2])


def _sentences(sections: Iterable[Section]) -> Iterable[Sentence]:
    for section in sections:
        for paragraph in section["paragraphs"]:
            yield from paragraph
        for table in section["tables"]:
            for row in table["rows"]:
                yield from row
