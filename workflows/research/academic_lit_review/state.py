"""What travels through the review graph: plain values that a checkpoint can hold, texts by reference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Required, TypeVar, cast

from pydantic import Field
from typing_extensions import TypedDict

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.clustering import Theme
from workflows.research.academic_lit_review.completeness import Completeness
from workflows.research.academic_lit_review.paper_processor.state import Outcome, by_key
from workflows.research.academic_lit_review.prisma import Prisma
from workflows.research.academic_lit_review.question import DEFAULT_LANGUAGE, Question
from workflows.research.academic_lit_review.selection import Substitution
from workflows.research.academic_lit_review.synthesis import Search
from workflows.research.academic_lit_review.values import Extraction, Review

Status = Literal["success", "partial", "failed"]


V = TypeVar("V")


def merged(left: dict[str, V] | None, right: dict[str, V] | None) -> dict[str, V]:
    """Merge two mappings by key; None begins anew. Idempotent, as every reducer here."""
    return {} if right is None else by_key(left, right)


def once(left: Iterable[str] | None, right: Iterable[str] | None) -> list[str]:
    """Return both lists as one, in order and nothing twice; None begins anew."""
    return [] if right is None else list(dict.fromkeys([*(left or []), *right]))


class ReviewInput(TypedDict, total=False):
    """A question to the literature."""

    topic: Required[
        Annotated[
            str,
            Field(
                title="Topic",
                description="What the review is about, in a few words or as a question.",
                examples=["Ocimum sanctum in the treatment of anxiety"],
            ),
        ]
    ]
    research_questions: Annotated[
        list[str], Field(title="Research questions", description="What the review has to answer, if more than one.")
    ]
    date_range: Annotated[
        list[int | None] | None,
        Field(title="Years", description="First and last year of publication; null leaves an end open."),
    ]
    language: Annotated[
        str, Field(title="Language", description=f"ISO 639-1, e.g. {DEFAULT_LANGUAGE}; empty: papers in any language.")
    ]
    seeds: Annotated[
        list[str],
        Field(title="Papers to begin with", description="DOIs and other identifiers, bibliographies, PDFs, folders."),
    ]
    pdfs: Annotated[str, Field(title="Folder of PDFs", description="Papers of your own that belong into the review.")]


class ReviewOutput(TypedDict, total=False):
    """What a run shows while it goes on, and what comes out of it."""

    question: Question
    preset: dict[str, float]
    papers: Annotated[dict[str, PaperMetadata], merged]
    excluded: Annotated[dict[str, str], merged]
    searches: list[Search]
    citations: list[list[str]]
    completeness: Completeness | None
    selected: list[str]
    reserve: list[str]
    outcomes: Annotated[dict[str, Outcome], merged]
    substitutions: list[Substitution]
    extractions: Annotated[dict[str, Extraction], merged]
    themes: list[Theme]
    other: list[str]
    counts: Prisma
    review: Review
    files: list[str]
    status: Status
    reasons: list[str]
    notes: Annotated[list[str], once]
    timings: Annotated[dict[str, float], merged]
    usage: Annotated[dict[str, int], merged]


class ReviewState(ReviewOutput, total=False):
    """The state of a review: identifiers, records, outcomes, evidence and sentences, never a whole text.

    `papers` are all candidates, `excluded` why some are left out (a key of `screening.EXCLUSIONS`), `identified` counts
    records by where they came from. `reasons` tell why `status` is not "success".
    """

    topic: str
    research_questions: list[str]
    date_range: list[int | None] | None
    language: str
    seeds: list[str]
    pdfs: str
    searched_on: str
    given: dict[str, PaperMetadata]
    given_notes: list[str]
    relevant: list[str]
    near: list[str]
    silent: list[str]
    identified: Annotated[dict[str, int], merged]
    rounds: int
    grouping: str


def blank() -> ReviewState:
    """Return what a review begins with, whatever an earlier one has left in its thread."""
    merging = ("papers", "excluded", "identified", "outcomes", "extractions", "notes", "timings", "usage")
    listed = (
        *("relevant", "near", "searches", "silent", "citations", "selected", "reserve", "substitutions"),
        *("themes", "other", "files", "reasons"),
    )
    nothing: dict[str, Any] = {**dict.fromkeys(merging), **{name: [] for name in listed}}
    return cast(ReviewState, {**nothing, "completeness": None, "rounds": 0, "grouping": ""})
