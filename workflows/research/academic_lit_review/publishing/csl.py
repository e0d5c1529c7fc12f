"""References as CSL-JSON (`references.json`), for Zotero, Pandoc and citation processors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.byline import Name, names, title
from workflows.research.academic_lit_review.inputs.record import clean, prose
from workflows.research.academic_lit_review.publishing.reference import link, notices


def csl(keys: Mapping[str, str], papers: Mapping[str, PaperMetadata]) -> str:
    """Return an item for every paper that has a key."""
    items = [_item(key, papers.get(paper_id, {})) for paper_id, key in keys.items()]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def _item(key: str, paper: PaperMetadata) -> dict[str, Any]:
    venue = prose(paper.get("venue") or "")
    values = {
        "id": key,
        "type": "article-journal" if venue else "article",
        "title": title(paper),
        "author": [_person(name) for name in names(paper)],
        "issued": {"date-parts": [[paper["year"]]]} if paper.get("year") else None,
        "container-title": venue,
        "DOI": clean(paper.get("doi") or ""),
        "PMID": clean(paper.get("pmid") or ""),
        "PMCID": clean(paper.get("pmcid") or ""),
        "URL": link(paper),
        "abstract": prose(paper.get("abstract") or ""),
        "note": "; ".join(notices(paper)),
    }
    return {name: value for name, value in values.items() if value}


def _person(name: Name) -> dict[str, str]:
    return {"family": name.family, "given": name.given} if name.given else {"literal": name.family}
