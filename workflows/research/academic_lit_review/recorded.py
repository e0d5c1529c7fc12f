"""The state of a review as synthesis and publishing look at it, and how the review ended."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from core.errors import REASONS
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review import prisma
from workflows.research.academic_lit_review.context import ReviewContext
from workflows.research.academic_lit_review.discovery import Discovered
from workflows.research.academic_lit_review.prisma import Prisma
from workflows.research.academic_lit_review.screening import EXCLUSIONS
from workflows.research.academic_lit_review.selection import Substitution
from workflows.research.academic_lit_review.state import ReviewState, Status
from workflows.research.academic_lit_review.synthesis import Records, Search
from workflows.research.academic_lit_review.values import Extraction

#: Why candidates that were not screened out are not read.
SURPLUS = "relevant, but beyond the number of papers that this review reads"
NEAR = "hardly relevant enough, and not needed as a substitute"
#: Remarks on the reading of papers that stand in the notes of a review.
_REMARKS = 20
_PACKAGES = ("academic-lit-review", "langgraph", "langchain-core", "scikit-learn", "pypdfium2")


def records(state: ReviewState) -> Records:
    """Return everything that was recorded."""
    return Records(
        question=state["question"],
        papers=state["papers"],
        outcomes=state["outcomes"],
        extractions=state["extractions"],
        counts=counted(state),
        themes=state["themes"],
        other=state["other"],
        grouping=state["grouping"],
        substitutions=_plain(swaps(state)),
        citations=state["citations"],
        searches=state["searches"],
        searched_on=state["searched_on"],
        notes=state["notes"],
    )


def counted(state: ReviewState) -> Prisma:
    """Return the PRISMA counts; raise PrismaError when a paper has no place."""
    papers, outcomes = state["papers"], state["outcomes"]
    near = set(state["near"])
    why = {name: EXCLUSIONS.get(reason, reason) for name, reason in state["excluded"].items()}
    left = {name: why.get(name) or (NEAR if name in near else SURPLUS) for name in papers if name not in outcomes}
    identified = {name: count for name, count in state["identified"].items() if count}
    enough = sum(identified.values()) >= len(papers)
    return prisma.count(
        papers,
        left,
        outcomes,
        state["extractions"],
        identified=identified if enough else None,
        substitutions=_plain(swaps(state)),
    )


def swaps(state: ReviewState) -> list[Substitution]:
    """Return which paper was read in whose place; substitutes that could not be read either stand for nobody."""
    first: dict[str, Substitution] = {}
    for each in state["substitutions"]:
        before = first.get(each["failed"], each)
        first[each["by"]] = {"failed": before["failed"], "by": each["by"], "reason": before["reason"]}
    outcomes = state["outcomes"]
    return [each for name, each in first.items() if name in outcomes and outcomes[name]["status"] != "failed"]


def _plain(swapped: Iterable[Substitution]) -> list[dict[str, str]]:
    return [{"failed": each["failed"], "by": each["by"], "reason": each["reason"]} for each in swapped]


def searches(found: Discovered) -> list[Search]:
    """Return the searches with what went wrong at their catalogues."""
    troubles: dict[str, str] = {}
    for note in found["notes"]:
        name, _, trouble = note.partition(", search: ")
        if trouble and "," not in name:
            troubles.setdefault(name, trouble)
    return [
        Search(
            catalogue=each["catalogue"],
            query=each["query"],
            found=each["found"],
            trouble=troubles.get(each["catalogue"], ""),
        )
        for each in found["searches"]
    ]


def waiting(state: ReviewState) -> list[str]:
    """Return the papers that are to be read and have not ended yet."""
    wanted = [*state["selected"], *(each["by"] for each in state["substitutions"])]
    ended = state["outcomes"].keys() | state["excluded"].keys()
    return [name for name in dict.fromkeys(wanted) if name not in ended]


def used(state: ReviewState) -> dict[str, PaperMetadata]:
    """Return the papers to extract from: all that were sought, but those in whose place others were sought and read."""
    read = {each["by"] for each in swaps(state)}
    by = {each["failed"]: each["by"] for each in state["substitutions"]}

    def replaced(name: str) -> bool:
        while name in by and name not in read:
            name = by[name]
        return name in read

    return {name: state["papers"][name] for name in state["outcomes"] if name in read or not replaced(name)}


def missing(state: ReviewState) -> dict[str, PaperMetadata]:
    """Return the papers that could not be read and in whose place none was."""
    return {name: paper for name, paper in used(state).items() if state["outcomes"][name]["status"] == "failed"}


def grounds(state: ReviewState) -> dict[str, PaperMetadata]:
    """Return the papers that the review rests on."""
    return {name: state["papers"][name] for name in prisma.included(state["outcomes"], state["extractions"])}


def remarks(extractions: Mapping[str, Extraction], papers: Mapping[str, PaperMetadata]) -> list[str]:
    """Return what went less than well when papers were read for evidence: what a model did not read above all."""
    told = [
        f"{papers[name].get('title') or name}: {note}"
        for name, extraction in extractions.items()
        if extraction["tier"] == "full_text"
        for note in extraction["notes"]
    ]
    more = len(told) - _REMARKS
    return [*told[:_REMARKS], *([f"{more} more remarks on the reading of papers"] if more > 0 else [])]


def verdict(state: ReviewState, counts: Prisma, *, model: bool = False) -> tuple[Status, list[str]]:
    """Return how the review ended, and for what reasons not better; `model`: one was to write it."""
    silent = [f"{name} did not answer" for name in state["silent"]]
    silent += [] if state["searches"] else ["no catalogue could be searched"]
    if not state["papers"] and not state["searches"]:
        return "failed", silent
    if not state["papers"]:
        down = state["silent"] and len(state["silent"]) == len({each["catalogue"] for each in state["searches"]})
        return "failed", [*silent, "all catalogues failed" if down else "no paper was found for this question"]
    if not counts["sought"]:
        return "failed", [*silent, "none of the papers that were found is relevant to the question"]
    lost = _lost(state)
    if not counts["included"]:
        return "failed", [*silent, *lost, "nothing could be quoted from any paper"]
    short = counts["included_abstract"]
    abstracts = [f"{short} of {counts['included']} papers could be read by their abstract only"] if short else []
    unwritten = ["the model wrote nothing that could be used: the review is composed of quotes"]
    alone = unwritten if model and state["review"]["mode"] == "extractive" else []
    reasons = [*silent, *lost, *abstracts, *alone]
    return ("partial" if reasons else "success"), reasons


def _lost(state: ReviewState) -> list[str]:
    """Return how many papers could not be read and had no substitute, by reason."""
    outcomes, reasons = state["outcomes"], dict[str, int]()
    for name in missing(state):
        reason = outcomes[name].get("reason", "")
        reasons[reason] = reasons.get(reason, 0) + 1
    told = [f"{REASONS.get(reason, reason)} ({count})" for reason, count in sorted(reasons.items())]
    total = sum(reasons.values())
    return [f"{total} of {len(outcomes)} papers could not be read: {'; '.join(told)}"] if total else []


def run(state: ReviewState, context: ReviewContext, status: Status, reasons: list[str]) -> dict[str, Any]:
    """Return how the review was made, for `run.json`: settings, versions, costs and timings."""
    return {
        "status": status,
        "reasons": reasons,
        "preset": state["preset"],
        "settings": context.model_dump(exclude_none=True),
        "completeness": state["completeness"],
        "substitutes_sought": state["substitutions"],
        "versions": {"python": platform.python_version(), **_versions()},
        "costs": state["usage"],
        "seconds": state["timings"],
    }


def _versions() -> Mapping[str, str]:
    return {name: metadata.version(name) for name in _PACKAGES}
