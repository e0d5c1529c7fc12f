"""What diffusion puts into the state of a review."""

from __future__ import annotations

from typing_extensions import TypedDict

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.completeness import Completeness


class Stage(TypedDict):
    """One stage: whose citations were followed, the records that came, the papers new among them, and their judgement.

    `delta` is the share that the new relevant papers make up of all then known; `credits` were spent on it.
    """

    number: int
    seeds: list[str]
    records: int
    candidates: int
    relevant: int
    near: int
    rejected: int
    delta: float
    credits: int


class Diffused(TypedDict):
    """What following citations has added: `papers` are the new ones, `excluded` why some are left out.

    `relevant` and `near` hold the old and the new ones, ranked. `citations` are pairs of a citing and a cited paper.
    `stopped` is a sentence on why no further citation was followed.
    """

    papers: dict[str, PaperMetadata]
    relevant: list[str]
    near: list[str]
    excluded: dict[str, str]
    citations: list[list[str]]
    stages: list[Stage]
    stopped: str
    identified: dict[str, int]
    duplicates: int
    credits: dict[str, int]
    completeness: Completeness
    notes: list[str]
