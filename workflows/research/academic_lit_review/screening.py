"""What keeps a record out of the review before its relevance is looked at, each for one of a few reasons."""

from __future__ import annotations

from collections.abc import Mapping

from core.identifiers import fold
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.question import Question

#: Why records are left out, in words for the reader.
EXCLUSIONS: dict[str, str] = {
    "retracted": "retracted",
    "notice": "a notice about another paper, not a paper",
    "no_title": "the catalogues know no title",
    "outside_dates": "published outside the dates asked for",
    "other_language": "in another language",
    "duplicate": "another record of a paper that is there already",
    "not_relevant": "not relevant to the question",
    "near": "bordering on the question",
    "beyond_limit": "relevant, but more than this review reads",
}


def exclusion(paper: PaperMetadata, question: Question, *, include_retracted: bool = False) -> str:
    """Return why `paper` is left out, a key of `EXCLUSIONS`, or nothing; what is not known speaks for the paper."""
    if retracted(paper) and not include_retracted:
        return "retracted"
    if paper.get("notice_of"):
        return "notice"
    if not fold(paper.get("title") or ""):
        return "no_title"
    if not _within(paper.get("year"), question["date_range"]):
        return "outside_dates"
    spoken, wanted = paper.get("language"), question["language"]
    return "other_language" if spoken and wanted and spoken[:2].lower() != wanted else ""


def retracted(paper: PaperMetadata) -> bool:
    """Tell whether anybody says that `paper` is retracted."""
    return bool(paper.get("is_retracted")) or "retraction" in notices(paper)


def notices(paper: PaperMetadata) -> list[str]:
    """Return the kinds of what was published about `paper` later."""
    return list(dict.fromkeys(notice["kind"] for notice in paper.get("notices") or [] if notice.get("kind")))


def warned(papers: Mapping[str, PaperMetadata]) -> list[str]:
    """Return a note on each of `papers` that is retracted or that its publisher is concerned about."""
    told = []
    for name, paper in papers.items():
        title = paper.get("title") or name
        if retracted(paper):
            told.append(f"{title} ({name}) has been retracted")
        elif "expression_of_concern" in notices(paper):
            told.append(f"the publisher of {title} ({name}) has expressed concern about it")
    return told


def _within(year: int | None, dates: list[int | None] | None) -> bool:
    if year is None or dates is None:
        return True
    return (dates[0] or 0) <= year <= (dates[1] or 9999)


def slim(paper: PaperMetadata) -> PaperMetadata:
    """Return what stays known of a record that was left out: enough to name, count and recognise it."""
    bulky = ("abstract", "referenced_works", "oa_urls", "origins")
    return {key: value for key, value in paper.items() if key not in bulky}  # type: ignore[return-value]
