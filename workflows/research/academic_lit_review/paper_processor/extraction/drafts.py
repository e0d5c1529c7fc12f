"""What a reader takes out of a text, before it is evidence of a review."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from core.evidence.extract import Excerpt, Extraction
from core.evidence.relevance import stems
from workflows.research.academic_lit_review.values import Kind, Rejected

#: The share of words two statements on one passage have in common from which one of them is enough.
_SAME_CLAIM = 0.6


@dataclass(frozen=True, slots=True)
class Draft:
    """A located quote and what it is taken for; the fields are those of `values.Evidence`."""

    kind: Kind
    claim: str
    quote: str
    start: int
    end: int
    page: int | None
    section: str
    verdict: Literal["exact", "fuzzy"]
    score: float
    question: int | None

    def repeats(self, other: Draft) -> bool:
        """Tell whether this says what `other`, of the same kind, says already with the same words or more of them."""
        if self.kind != other.kind or not (other.start <= self.start and self.end <= other.end):
            return False
        if self.kind == "number":
            return self.claim == other.claim
        quoted = self.claim == self.quote or other.claim == other.quote
        mine, theirs = set(stems(self.claim)), set(stems(other.claim))
        return quoted or len(mine & theirs) >= _SAME_CLAIM * len(mine | theirs)


@dataclass(frozen=True, slots=True)
class Notes:
    """What one reading of a text gave."""

    drafts: tuple[Draft, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    remarks: tuple[str, ...] = ()

    def __add__(self, other: Notes) -> Notes:
        kept = list(self.drafts)
        for draft in other.drafts:
            if not any(draft.repeats(known) for known in kept):
                kept.append(draft)
        remarks = dict.fromkeys([*self.remarks, *other.remarks])
        return Notes(tuple(kept), (*self.rejected, *other.rejected), tuple(remarks))


def by_rules(found: Extraction) -> Notes:
    """Return what was extracted without a model: every claim is its quote."""
    parts: tuple[tuple[Kind, tuple[Excerpt, ...]], ...] = (
        ("finding", found.findings),
        ("method", found.methods),
        ("limitation", found.limitations),
        ("future_work", found.future_work),
    )
    drafts = [_draft(kind, excerpt) for kind, excerpts in parts for excerpt in excerpts]
    for figure in found.numbers:
        value = f"{figure.measure.value} {figure.measure.unit}".strip()
        drafts.append(replace(_draft("number", figure.excerpt), claim=f"{figure.measure.of}: {value}"))
    return Notes(tuple(drafts))


def _draft(kind: Kind, excerpt: Excerpt) -> Draft:
    return Draft(
        kind=kind,
        claim=excerpt.quote,
        quote=excerpt.quote,
        start=excerpt.start,
        end=excerpt.end,
        page=excerpt.page,
        section=excerpt.section,
        verdict="exact",
        score=excerpt.score,
        question=excerpt.question,
    )
