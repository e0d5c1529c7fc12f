"""PRISMA 2020: how many papers went which way, counted from what was recorded, and shown to add up.

Page et al. 2021, https://doi.org/10.1136/bmj.n71. A paper that could not be had may still be used by its abstract:
it is counted as not retrieved, and beside that as included by abstract.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from typing_extensions import TypedDict

from core.errors import LitReviewError
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.values import Extraction

#: Why a paper that could be read is not part of the review.
NOTHING_FOUND = "nothing in it could be quoted"
NOT_READ = "was not read for evidence"
ONLY_ABSTRACT = "only its abstract could be used"


class Prisma(TypedDict):
    """The counts of the flow diagram; reasons and sources are ordered by number."""

    identified: dict[str, int]
    duplicates: int
    screened: int
    excluded: dict[str, int]
    sought: int
    not_retrieved: dict[str, int]
    assessed: int
    excluded_full_text: dict[str, int]
    included_full_text: int
    included_abstract: int
    included: int
    substituted: int


class PrismaError(LitReviewError):
    """The counts of the flow diagram contradict each other, or the records they were counted from."""


def count(
    papers: Mapping[str, PaperMetadata],
    excluded: Mapping[str, str],
    outcomes: Mapping[str, Outcome],
    extractions: Mapping[str, Extraction],
    *,
    identified: Mapping[str, int] | None = None,
    duplicates: int | None = None,
    substitutions: Iterable[Mapping[str, str]] = (),
) -> Prisma:
    """Return the counts; raise PrismaError when a paper has no place or a sum is wrong.

    `papers` are all candidates, `excluded` tells why each one that was not sought was screened out. Without
    `identified` (records by source) and `duplicates` both follow from the catalogues that `papers` name.
    """
    _placed(papers, excluded, outcomes, extractions)
    sources, repeated = _records(papers, identified, duplicates)
    failed = {paper_id: outcome for paper_id, outcome in outcomes.items() if outcome["status"] == "failed"}
    lost = Counter(each.get("reason", "") for each in failed.values() if each.get("failed_stage") != "convert")
    unread = Counter(each.get("reason", "") for each in failed.values() if each.get("failed_stage") == "convert")
    for paper_id in outcomes.keys() - failed.keys():
        if why := _unused(extractions.get(paper_id)):
            unread[why] += 1
    full = sum(not _unused(extractions.get(paper_id)) for paper_id in outcomes.keys() - failed.keys())
    abstracts = len(
        [paper_id for paper_id, each in extractions.items() if each["tier"] == "abstract" and each["evidence"]]
    )
    counts = Prisma(
        identified=sources,
        duplicates=repeated,
        screened=len(papers),
        excluded=_ordered(Counter(excluded.values())),
        sought=len(outcomes),
        not_retrieved=_ordered(lost),
        assessed=len(outcomes) - lost.total(),
        excluded_full_text=_ordered(unread),
        included_full_text=full,
        included_abstract=abstracts,
        included=len(included(outcomes, extractions)),
        substituted=len({each["by"] for each in substitutions}),
    )
    return proven(counts)


def included(outcomes: Mapping[str, Outcome], extractions: Mapping[str, Extraction]) -> list[str]:
    """Return the papers that the review rests on: read in full or by abstract, with something to quote."""
    usable = {"full_text", "abstract"}
    return [
        each for each in outcomes if (found := extractions.get(each)) and found["evidence"] and found["tier"] in usable
    ]


def proven(counts: Prisma) -> Prisma:
    """Return `counts`, or raise PrismaError naming every equation that does not hold."""
    full_text = counts["included_full_text"]
    wrong = [f"{name}: {left} is not {right}" for name, left, right in _equations(counts) if left != right]
    aside = sum(counts["not_retrieved"].values()) + sum(counts["excluded_full_text"].values())
    if counts["included_abstract"] > aside:
        wrong.append(
            f"included by abstract: {counts['included_abstract']} is more than the {aside} papers not read in full"
        )
    if counts["substituted"] > counts["sought"]:
        wrong.append(f"substituted: {counts['substituted']} is more than the {counts['sought']} papers sought")
    if min(full_text, *(number for number in counts.values() if isinstance(number, int))) < 0:
        wrong.append("a count is negative")
    if wrong:
        raise PrismaError("the PRISMA counts do not add up: " + "; ".join(wrong))
    return counts


def _equations(counts: Prisma) -> list[tuple[str, int, int]]:
    def total(key: str) -> int:
        return sum(counts[key].values())  # type: ignore[literal-required]

    return [
        ("identified - duplicates = screened", total("identified") - counts["duplicates"], counts["screened"]),
        ("screened - excluded = sought", counts["screened"] - total("excluded"), counts["sought"]),
        ("sought - not retrieved = assessed", counts["sought"] - total("not_retrieved"), counts["assessed"]),
        (
            "assessed - excluded = included in full text",
            counts["assessed"] - total("excluded_full_text"),
            counts["included_full_text"],
        ),
        (
            "full text + abstract = included",
            counts["included_full_text"] + counts["included_abstract"],
            counts["included"],
        ),
    ]


def _placed(
    papers: Mapping[str, PaperMetadata],
    excluded: Mapping[str, str],
    outcomes: Mapping[str, Outcome],
    extractions: Mapping[str, Extraction],
) -> None:
    """Raise PrismaError unless every candidate is either screened out or sought."""
    wrong = [
        *(f"{each} is neither screened out nor sought" for each in papers.keys() - excluded.keys() - outcomes.keys()),
        *(f"{each} is both screened out and sought" for each in excluded.keys() & outcomes.keys()),
        *(f"{each} is no candidate" for each in (excluded.keys() | outcomes.keys()) - papers.keys()),
        *(f"{each} was quoted and not sought" for each in extractions.keys() - outcomes.keys()),
    ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise PrismaError(f"the papers cannot be counted: {'; '.join(sorted(wrong)[:5])}{more}")


def _records(
    papers: Mapping[str, PaperMetadata], identified: Mapping[str, int] | None, duplicates: int | None
) -> tuple[dict[str, int], int]:
    """Return the records by source and how many of them were duplicates."""
    if identified is None:
        told = Counter(source for paper in papers.values() for source in _sources(paper))
        return _ordered(told), told.total() - len(papers)
    sources = _ordered(Counter(dict(identified)))
    return sources, sum(sources.values()) - len(papers) if duplicates is None else duplicates


def _sources(paper: PaperMetadata) -> list[str]:
    return sorted(set(paper.get("sources") or [])) or [paper.get("discovery_method") or "other"]


def _unused(extraction: Extraction | None) -> str:
    """Return why a paper whose text is there is not read in full, or nothing."""
    if extraction is None:
        return NOT_READ
    if not extraction["evidence"]:
        return NOTHING_FOUND
    return "" if extraction["tier"] == "full_text" else ONLY_ABSTRACT


def _ordered(numbers: Counter[str]) -> dict[str, int]:
    return dict(sorted(numbers.items(), key=lambda item: (-item[1], item[0])))
