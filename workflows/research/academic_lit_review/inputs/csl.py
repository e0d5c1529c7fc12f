"""Papers out of CSL-JSON (`.json`), as Zotero, Crossref and citation processors write it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.identifiers import normalize_pmcid, normalize_pmid
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.inputs.record import Note, assemble, authors, clean, doi_in, prose, usable


def parse(text: str, _folder: Path) -> Iterator[PaperMetadata | Note]:
    """Yield the papers of a CSL-JSON file (a list, one item or `{"items": [...]}`), and a note for what is none."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        yield Note(f"line {error.lineno}", f"not JSON: {error.msg} (column {error.colno})")
        return
    except (ValueError, RecursionError) as error:
        yield Note("", f"not usable JSON: {error}")
        return
    for number, item in enumerate(_items(data), start=1):
        yield _entry(number, item)


def _items(data: Any) -> list[Any]:
    if isinstance(data, dict):
        inner = data.get("items", data.get("message", [data]))
        return inner if isinstance(inner, list) else [inner]
    return data if isinstance(data, list) else [data]


def _entry(number: int, item: Any) -> PaperMetadata | Note:
    where = f"entry {number}"
    if not isinstance(item, dict):
        return Note(where, f"a JSON object was expected, not {json.dumps(item)[:40]}")
    paper = _paper({str(key).casefold(): value for key, value in item.items()})
    return paper if usable(paper) else Note(where, "has neither identifier nor title")


def _text(value: Any) -> str:
    """Return a value as text; Crossref wraps titles and venues in lists."""
    if isinstance(value, list):
        return next((found for part in value if (found := _text(part))), "")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return prose(value) if isinstance(value, str) else str(value) if abs(value) < 10**12 else ""


def _paper(item: Mapping[str, Any]) -> PaperMetadata:
    return assemble(
        {
            "doi": doi_in(_text(item.get("doi"))),
            "title": _text(item.get("title")),
            "authors": authors(map(_name, _list(item.get("author")))),
            "venue": _text(item.get("container-title")) or _text(item.get("publisher")),
            "abstract": _text(item.get("abstract")),
            "pmid": normalize_pmid(_text(item.get("pmid"))) or "",
            "pmcid": normalize_pmcid(_text(item.get("pmcid"))) or "",
        },
        addresses=[_text(item.get("url"))],
        notes=[_text(item.get(key)) for key in ("note", "id", "number", "container-title")],
        dates=[*_dates(item.get("issued")), _text(item.get("year"))],
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _name(author: Any) -> str:
    if not isinstance(author, dict):
        return _text(author)
    parts = (author.get(key) for key in ("given", "non-dropping-particle", "dropping-particle", "family", "suffix"))
    return clean(" ".join(map(_text, parts))) or _text(author.get("literal")) or _text(author.get("name"))


def _dates(issued: Any) -> list[str]:
    """Return the spellings of a CSL date, `date-parts` as an ISO date first."""
    if not isinstance(issued, dict):
        return [_text(issued)]
    first = next(iter(_list(issued.get("date-parts"))), None)
    parts = [_text(part) for part in _list(first)][:3]
    return ["-".join(part.zfill(2) for part in parts if part), _text(issued.get("raw")), _text(issued.get("literal"))]
