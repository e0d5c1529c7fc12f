"""What goes into clustering, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import TypedDict

from workflows.research.academic_lit_review.values import Relation


@dataclass(frozen=True)
class Document:
    """One paper as clustering sees it: `text` is its abstract and what was extracted from it."""

    paper_id: str
    title: str
    text: str
    relevance: float = 0.0


class Theme(TypedDict):
    """Papers that belong together, the most typical first; `key_papers` are the typical ones that matter most.

    `agreements` and `conflicts` are between findings of different papers, `gaps` are what the papers say is open.
    """

    id: str
    label: str
    terms: list[str]
    paper_ids: list[str]
    key_papers: list[str]
    agreements: list[Relation]
    conflicts: list[Relation]
    gaps: list[Relation]


class Clustering(TypedDict):
    """The themes, the largest first; every paper is in exactly one of them or in `other`. `method` says how."""

    themes: list[Theme]
    other: list[str]
    method: str
