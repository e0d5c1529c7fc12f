"""Records from outside: checked with messages a person understands, and merged where they are of the same work."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.errors import InputError
from core.identifiers import aliases, file_key, merge, unify
from core.metadata import PaperMetadata
from core.stores.papers import PaperStore

_RECORDS = TypeAdapter(list[PaperMetadata])
#: Identifiers that some catalogues give as numbers.
_NUMBERS = ("pmid", "pmcid")


async def collected(papers: Iterable[PaperMetadata], store: PaperStore) -> dict[str, PaperMetadata]:
    """Return `papers` by their id, each work once, with what the store has learned of them filled in."""
    found = await asyncio.to_thread(lambda: unify(map(_identified, checked(list(papers)))))
    bare = [name for name, paper in found.items() if not paper.get("title")]
    for name, paper in (await store.papers(bare)).items():
        found[name] = merge(found[name], paper)
    return found


def _identified(paper: PaperMetadata) -> PaperMetadata:
    """Return `paper`; one that is nothing but a PDF is identified by its content."""
    if not paper.get("pdf_path") or aliases(paper):
        return paper
    try:
        with Path(paper["pdf_path"]).open("rb") as file:
            return {**paper, "pdf_sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    except (OSError, ValueError):  # it will fail when it is asked for; until then its path tells it from others
        return {**paper, "pdf_sha256": file_key(paper["pdf_path"])}


def validated(papers: object) -> list[PaperMetadata]:
    """Return `papers` as records, each work once; raise `InputError` naming the first fields that cannot be used."""
    if not papers:
        raise InputError(
            "no papers given: `papers` needs at least one record, e.g. {'doi': '10.1371/journal.pone.0000308'}"
        )
    return list(unify(checked(papers)).values())


def checked(papers: object) -> list[PaperMetadata]:
    """Return `papers` as records; catalogues write null for what they do not know, and numbers for identifiers."""
    try:
        return _RECORDS.validate_python(_told(papers))
    except ValidationError as error:
        told = [
            f"papers{''.join(f'[{part!r}]' for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()[:3]
        ]
        raise InputError(f"{error.error_count()} unusable fields: " + "; ".join(told)) from error


def _told(value: object) -> object:
    """Return `value` without the gaps in it: what is null is not known."""
    if isinstance(value, list | tuple):
        return [_told(each) for each in value if each is not None]
    if isinstance(value, dict):
        known = {key: _told(each) for key, each in value.items() if each is not None}
        return known | {key: str(known[key]) for key in _NUMBERS if key in known}
    return value
