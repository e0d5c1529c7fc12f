"""A review written by a model, section by section and side by side, from the evidence alone.

What the model cannot write, or writes against its evidence, is taken from the review without a model: it always ends.
Introduction, methods, limitations, the list of what could not be read and all numbers are never the model's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

from langchain_core.language_models import BaseChatModel

from core.streaming import Retry, together
from workflows.research.academic_lit_review.paper_processor.extraction.asking import PATIENCE
from workflows.research.academic_lit_review.synthesis.answers import offered
from workflows.research.academic_lit_review.synthesis.claims import Desk
from workflows.research.academic_lit_review.synthesis.closing import conclusion
from workflows.research.academic_lit_review.synthesis.drafting import Task, Writer, Written
from workflows.research.academic_lit_review.synthesis.extractive import PER_PAPER, compose, finished
from workflows.research.academic_lit_review.synthesis.opening import basis, methods, overview
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.synthesis.shelf import Shelf
from workflows.research.academic_lit_review.synthesis.thematic import opening, relations
from workflows.research.academic_lit_review.values import Evidence, Review, Section, Sentence

#: Shares of the words: all themes, all answers, discussion, conclusion, abstract.
_THEMES, _ANSWERS, _DISCUSSION, _CONCLUSION, _ABSTRACT = 0.6, 0.15, 0.09, 0.05, 0.02
#: Passages that one section is given; papers take turns.
_MOST_EVIDENCE = 60


async def write(
    records: Records,
    model: BaseChatModel,
    *,
    name: str = "",
    target_words: int = 9_000,
    at_once: int = 4,
    patience: Retry = PATIENCE,
) -> Review:
    """Return a review of about `target_words`; `name` is how the model is called in it. Never raises for the model."""
    composed = await asyncio.to_thread(compose, records, target_words=target_words)
    if not records.evidence:
        return composed
    writer = Writer(model, records.question["topic"], at_once=at_once, patience=patience)
    tasks = _tasks(records, target_words)
    first = dict(zip(tasks, await together(*(_write(writer, records, task) for task in tasks.values())), strict=True))
    sections = _merged(records, composed, first)
    closing = _closing(records, sections, target_words)
    last = dict(
        zip(closing, await together(*(_write(writer, records, task) for task in closing.values())), strict=True)
    )
    return _assembled(records, composed, sections, {**first, **last}, {**tasks, **closing}, name or "a language model")


async def _write(writer: Writer, records: Records, task: Task) -> Written:
    return await writer.write(Desk(records, task.offered), task)


def _tasks(records: Records, words: int) -> dict[str, Task]:
    """Return the sections that need no other: one for each theme and each research question."""
    themes, questions = records.grouped, records.question["research_questions"]
    tasks = {}
    for theme in themes:
        found = [
            each for paper_id in theme["paper_ids"] for each in records.of(paper_id) if each["kind"] != "future_work"
        ]
        asked = (
            f"What do these papers say on the theme {theme['label']!r}? Group their findings, compare their methods."
        )
        tasks[f"theme-{theme['id']}"] = Task(theme["label"], asked, _fair(found), int(words * _THEMES / len(themes)))
    for at, question in enumerate(questions):
        asked = f"Answer this research question from the evidence, and say how far it goes: {question!r}"
        size = int(words * _ANSWERS / len(questions))
        tasks[f"question-{at + 1}"] = Task(question, asked, _fair(offered(records, at)), size)
    return tasks


def _closing(records: Records, sections: Sequence[Section], words: int) -> dict[str, Task]:
    """Return the sections that rest on what was printed in the others."""
    printed = _fair(_printed(records, sections))
    return {
        "discussion": Task(
            "Discussion",
            "Discuss across the themes: what agrees, what conflicts, what is missing, how strong the methods are.",
            printed,
            int(words * _DISCUSSION),
        ),
        "conclusion": Task("Conclusion", "Conclude: what the evidence supports.", printed, int(words * _CONCLUSION)),
        "abstract": Task("Abstract", "Sum up the findings in one paragraph.", printed, int(words * _ABSTRACT) + 60),
    }


def _fair(found: Iterable[Evidence]) -> list[Evidence]:
    """Return as many passages as a section is given: the first of every paper, then the second of each."""
    by_paper: dict[str, list[Evidence]] = {}
    for each in found:
        by_paper.setdefault(each["paper_id"], []).append(each)
    turns = chain.from_iterable(zip_longest(*by_paper.values()))
    return [each for each in turns if each][:_MOST_EVIDENCE]


def _printed(records: Records, sections: Iterable[Section]) -> list[Evidence]:
    sentences = (sentence for section in sections for paragraph in section["paragraphs"] for sentence in paragraph)
    ids = dict.fromkeys(citation["evidence_id"] for sentence in sentences for citation in sentence["citations"])
    return [records.evidence[known] for known in ids if known in records.evidence]


def _merged(records: Records, composed: Review, written: Mapping[str, Written]) -> list[Section]:
    """Return the composed sections with the paragraphs of those that were written in their place."""
    themes = {f"theme-{theme['id']}": theme for theme in records.grouped}
    shelf = Shelf(PER_PAPER)
    said = [section for section in composed["sections"] if section["id"] == "limitations"]
    shelf.take(_printed(records, said), _MOST_EVIDENCE, free=True)
    return [_replaced(records, each, written.get(each["id"]), themes, shelf) for each in composed["sections"]]


def _replaced(
    records: Records,
    section: Section,
    written: Written | None,
    themes: Mapping[str, Mapping[str, Any]],
    shelf: Shelf,
) -> Section:
    if written is None or not written.paragraphs:
        return section
    theme = themes.get(section["id"])
    before, after = ([opening(records, theme)], relations(records, theme, shelf)) if theme else ([], [])
    return Section(
        id=section["id"],
        heading=section["heading"],
        level=section["level"],
        paragraphs=[*before, *written.paragraphs, *after],
        tables=section["tables"],
    )


def _assembled(
    records: Records,
    composed: Review,
    sections: Sequence[Section],
    written: Mapping[str, Written],
    tasks: Mapping[str, Task],
    name: str,
) -> Review:
    """Return the review of all parts, with what was dropped and which sections the model did not write."""
    if not any(each.paragraphs for each in written.values()):
        return {**composed, "notes": [*composed["notes"], *_notes(written, tasks)]}
    whole: list[Section] = []
    for section in sections:
        if section["id"] == "limitations" or (section["id"] == "conclusion" and not _has(whole, "limitations")):
            whole += _discussion(written)
        if section["id"] == "conclusion":
            section = conclusion(records, *written["conclusion"].paragraphs)
        whole.append(methods(records, "model") if section["id"] == "methods" else section)
    abstract = composed["abstract"]
    if written["abstract"].paragraphs:
        abstract = [*basis(records), *overview(records), *chain.from_iterable(written["abstract"].paragraphs)]
    review = finished(records, abstract, whole, name)
    dropped = [each for part in written.values() for each in part.dropped]
    return {**review, "dropped": dropped, "notes": [*review["notes"], *_notes(written, tasks)]}


def _has(sections: Iterable[Section], wanted: str) -> bool:
    return any(section["id"] == wanted for section in sections)


def _discussion(written: Mapping[str, Written]) -> list[Section]:
    paragraphs: list[list[Sentence]] = list(written["discussion"].paragraphs)
    made = Section(id="discussion", heading="Discussion", level=2, paragraphs=paragraphs, tables=[])
    return [made] if paragraphs else []


def _notes(written: Mapping[str, Written], tasks: Mapping[str, Task]) -> list[str]:
    """Return a note for every reason why sections were not written by the model, and for each one cut short."""
    by_reason: dict[str, list[str]] = {}
    for key, each in written.items():
        if each.why and tasks[key].offered:
            by_reason.setdefault(each.why, []).append(tasks[key].name)
    return [
        f"Not written by the model but composed of quotes: {', '.join(names)}: {why}."
        for why, names in by_reason.items()
    ]
