"""What travels between the phases of a review: plain values that a checkpoint can hold, texts by reference."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from workflows.research.academic_lit_review.question import Question

Tier = Literal["full_text", "abstract", "metadata"]
Kind = Literal["finding", "method", "limitation", "future_work", "number"]


class Evidence(TypedDict):
    """One thing a paper says, with the words that say it.

    `id` is `e:<paper_id>:<number>`. `claim` puts it in words; without a model it is the quote. `page` counts from 1,
    None where the text has no pages. `question` is the place of the research question it answers, if it does. `score`
    is between 0 and 1.
    """

    id: str
    paper_id: str
    kind: Kind
    claim: str
    quote: str
    page: int | None
    section: str
    verdict: Literal["exact", "fuzzy"]
    score: float
    question: int | None
    tier: Tier


class Rejected(TypedDict):
    """A quote that is not in its paper as it was given."""

    quote: str
    verdict: str
    page: int | None
    kind: Kind


class Extraction(TypedDict):
    """What was learned from one paper; `rejected` are quotes that could not be found in it."""

    paper_id: str
    tier: Tier
    evidence: list[Evidence]
    rejected: list[Rejected]
    notes: list[str]


class Relation(TypedDict):
    """How pieces of evidence stand to each other, in words, and their ids."""

    text: str
    evidence: list[str]


class Citation(TypedDict):
    """What a sentence rests on; without an `evidence_id` the work as such."""

    paper_id: str
    evidence_id: str
    verdict: str
    tier: Tier


class Sentence(TypedDict):
    """One sentence of the review, without its citations in the text."""

    text: str
    citations: list[Citation]


class Table(TypedDict):
    """A comparison; every row has a cell for each column."""

    caption: str
    columns: list[str]
    rows: list[list[Sentence]]


class Section(TypedDict):
    """A section of the review; `level` 2 is the highest below the title."""

    id: str
    heading: str
    level: int
    paragraphs: list[list[Sentence]]
    tables: list[Table]


class Dropped(TypedDict):
    """A claim that was written and is not printed."""

    text: str
    why: str


class Review(TypedDict):
    """A whole review before it takes a form; `references` are in the order in which they are listed."""

    title: str
    question: Question
    mode: Literal["extractive", "model"]
    model: str
    abstract: list[Sentence]
    sections: list[Section]
    references: list[str]
    keys: dict[str, str]
    dropped: list[Dropped]
    notes: list[str]
