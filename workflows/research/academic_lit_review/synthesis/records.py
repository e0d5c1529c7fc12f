"""Everything a run has recorded, as synthesis and publishing look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from typing_extensions import TypedDict

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review import prisma
from workflows.research.academic_lit_review.citation_keys import citation_keys
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.prisma import Prisma
from workflows.research.academic_lit_review.question import Question
from workflows.research.academic_lit_review.synthesis.shelf import worth
from workflows.research.academic_lit_review.values import Citation, Evidence, Extraction, Kind


class Search(TypedDict):
    """One query to one catalogue: how many records it gave, and in words what went wrong, if something did."""

    catalogue: str
    query: str
    found: int
    trouble: str


@dataclass(frozen=True)
class Records:
    """The recorded facts of a review; nothing else may be printed.

    `papers` are all candidates, `themes` those of clustering, with `agreements`, `conflicts` and `gaps` where a model
    has named some. `grouping` says how the themes were made, `searched_on` is an ISO date.
    """

    question: Question
    papers: Mapping[str, PaperMetadata]
    outcomes: Mapping[str, Outcome]
    extractions: Mapping[str, Extraction]
    counts: Prisma
    themes: Sequence[Mapping[str, Any]] = ()
    other: Sequence[str] = ()
    grouping: str = ""
    substitutions: Sequence[Mapping[str, str]] = ()
    citations: Sequence[Sequence[str]] = ()
    searches: Sequence[Search] = ()
    searched_on: str = ""
    notes: Sequence[str] = field(default_factory=tuple)

    @cached_property
    def included(self) -> list[str]:
        """The papers the review rests on."""
        return prisma.included(self.outcomes, self.extractions)

    @cached_property
    def keys(self) -> dict[str, str]:
        """The citation key of every paper the review rests on."""
        return citation_keys({paper_id: self.papers.get(paper_id, {}) for paper_id in self.included})

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """What the included papers say, by id."""
        return {each["id"]: each for paper_id in self.included for each in self.extractions[paper_id]["evidence"]}

    @cached_property
    def grouped(self) -> list[Mapping[str, Any]]:
        """The themes with the included papers only, and the papers of no theme as the last one."""
        known = set(self.included)
        groups = [
            {
                **theme,
                **{key: [each for each in theme.get(key, ()) if each in known] for key in ("paper_ids", "key_papers")},
            }
            for theme in self.themes
        ]
        placed = {each for group in groups for each in group["paper_ids"]}
        rest = [paper_id for paper_id in self.included if paper_id not in placed]
        heading = "Further papers" if placed else "What the papers say"
        last: Mapping[str, Any] = {"id": "other", "label": heading, "terms": [], "paper_ids": rest, "key_papers": []}
        return [group for group in (*groups, last) if group["paper_ids"]]

    @property
    def questions(self) -> list[str]:
        """The research questions; the topic is the only one when none was asked."""
        return self.question["research_questions"] or [self.question["topic"]]

    def of(self, paper_id: str, *kinds: Kind) -> list[Evidence]:
        """Return what an included paper says, of these kinds, the best first."""
        found = [each for each in self.extractions[paper_id]["evidence"] if not kinds or each["kind"] in kinds]
        return sorted(found, key=lambda each: (-worth(each), each["id"]))

    def work(self, paper_id: str) -> Citation:
        """Return a citation of the work as such."""
        return Citation(paper_id=paper_id, evidence_id="", verdict="", tier=self.extractions[paper_id]["tier"])

    def cite(self, evidence: Evidence) -> Citation:
        """Return a citation of one thing that a paper says."""
        return Citation(
            paper_id=evidence["paper_id"],
            evidence_id=evidence["id"],
            verdict=evidence["verdict"],
            tier=evidence["tier"],
        )
