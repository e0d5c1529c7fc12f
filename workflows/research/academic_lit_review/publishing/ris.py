"""References as RIS (`references.ris`), for EndNote, Zotero and their like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rispy  # type: ignore[import-untyped]
from rispy.writer import RisWriter  # type: ignore[import-untyped]

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.byline import names, title
from workflows.research.academic_lit_review.inputs.record import clean, prose
from workflows.research.academic_lit_review.publishing.reference import link, notices


def ris(keys: Mapping[str, str], papers: Mapping[str, PaperMetadata]) -> str:
    """Return a record for every paper that has a key."""
    return str(
        rispy.dumps([_record(key, papers.get(paper_id, {})) for paper_id, key in keys.items()], implementation=_Plain)
    )


class _Plain(RisWriter):  # type: ignore[misc]
    """Writes records without the numbers between them, which are no part of the format."""

    def set_header(self, count: int) -> str:
        """Return what stands before a record."""
        return ""


def _record(key: str, paper: PaperMetadata) -> dict[str, Any]:
    venue, date = prose(paper.get("venue") or ""), paper.get("publication_date") or ""
    values = {
        "type_of_reference": "JOUR" if venue else "GEN",
        "id": key,
        "authors": [clean(f"{name.family}, {name.given}") if name.given else name.family for name in names(paper)],
        "title": title(paper),
        "secondary_title": venue,
        "year": str(paper.get("year") or ""),
        "date": clean(date).replace("-", "/"),
        "doi": clean(paper.get("doi") or ""),
        "urls": [address] if (address := link(paper)) else [],
        "abstract": prose(paper.get("abstract") or ""),
        "notes": notices(paper),
    }
    return {name: value for name, value in values.items() if value}
