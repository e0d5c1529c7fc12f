"""The works around the papers of a corpus folder: what these cite, and papers known by their metadata only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from core.identifiers import aliases
from core.metadata import Author, PaperMetadata

_IDS = ("doi", "pmid", "pmcid")
_PLAIN = ("title", "abstract", "publication_date", "venue")


def read(folder: Path) -> tuple[PaperMetadata, ...]:
    """Return what the catalogues know besides the papers of `folder`, and whom these cite."""
    papers = [_paper(record, record.get("references") or []) for record in _lines(folder / "manifest.jsonl")]
    only = [_paper(record, _listed(record)) for record in _lines(folder / "metadata_only.jsonl")]
    cited = [_paper(record, []) for record in _lines(folder / "external_refs.jsonl")]
    return tuple(paper for paper in (*papers, *only, *cited) if aliases(paper))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def _listed(record: dict[str, Any]) -> list[dict[str, str]]:
    dois = [{"doi": name} for name in record.get("reference_dois") or []]
    return dois + [{"pmid": name} for name in record.get("reference_pmids") or []]


def _paper(record: dict[str, Any], references: Iterable[dict[str, Any]]) -> PaperMetadata:
    known = {key: record[key] for key in (*_IDS, *_PLAIN) if record.get(key)}
    if str(record.get("year")).isdecimal():  # some records have it as text
        known["year"] = int(record["year"])
    if record.get("source"):
        known["venue"] = record["source"]
    named = (author if isinstance(author, dict) else {"name": author} for author in record.get("authors") or [])
    authors = [Author(name=author["name"]) for author in named if author.get("name")]
    cited = [aliases(_bare(reference)) for reference in references]
    works = list(dict.fromkeys(names[0] for names in cited if names))
    return cast(PaperMetadata, {**known, "authors": authors, "referenced_works": works})


def _bare(reference: dict[str, Any]) -> PaperMetadata:
    return cast(PaperMetadata, {key: reference[key] for key in _IDS if reference.get(key)})
