"""Papers out of RIS (`.ris`), as EndNote, Zotero and most databases write it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.inputs.record import (
    MAX_CHARS,
    Note,
    assemble,
    authors,
    doi_in,
    person,
    prose,
    usable,
)

Fields = dict[str, list[str]]

_LINE = re.compile(r"([A-Z][A-Z0-9])\s{1,2}-(?:\s(.*)|$)")
_AUTHORS = ("AU", "A1")
#: Where databases put addresses, and identifiers among other things: notes, C2 (EndNote's PMCID), accession number.
_ADDRESSES = ("UR", "LK", "L1", "L2")
_NOTES = ("N1", "M3", "C2", "AN")


def parse(text: str, folder: Path) -> Iterator[PaperMetadata | Note]:
    """Yield the papers of a `.ris` file, and a note for every record that is none."""
    for line, fields in _records(text):
        paper = _paper(fields, folder)
        yield paper if usable(paper) else Note(f"line {line}", "the record has neither identifier nor title")


def _records(text: str) -> Iterator[tuple[int, Fields]]:
    """Yield each record with its first line. A record ends with `ER` or where the next begins: `ER` may be missing."""
    start, last, fields = 0, "", _empty()
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        match = _LINE.match(line.strip())
        tag, value = (match.group(1), match.group(2) or "") if match else ("", line.strip())
        if tag not in ("TY", "ER"):
            last = _add(fields, tag or last, value, more=not tag)
            continue
        if start:
            yield start, fields
        start, last, fields = (number if tag == "TY" else 0), "", _empty()
    if start:
        yield start, fields


def _empty() -> Fields:
    return defaultdict(list)


def _add(fields: Fields, tag: str, value: str, *, more: bool) -> str:
    """Add a value, or `more` of the one before it, which went on in the next line; return the tag."""
    if not more:
        fields[tag].append(value)
    elif value and tag in fields and len(fields[tag][-1]) < MAX_CHARS:
        fields[tag][-1] += f" {value}"
    return tag


def _paper(fields: Fields, folder: Path) -> PaperMetadata:
    def get(*tags: str) -> str:
        return next((found for tag in tags for value in fields.get(tag, ()) if (found := prose(value))), "")

    return assemble(
        {
            "doi": doi_in(" ".join(fields.get("DO", ()))),
            "title": get("TI", "T1", "CT", "BT"),
            "authors": authors(person(prose(name)) for tag in _AUTHORS for name in fields.get(tag, ())),
            "venue": get("JF", "JO", "T2", "JA", "J2", "BT", "PB"),
            "abstract": get("AB", "N2"),
        },
        addresses=[part for tag in _ADDRESSES for value in fields.get(tag, ()) for part in value.split(";")],
        notes=[value for tag in _NOTES for value in fields.get(tag, ())],
        dates=[get(tag).replace("/", "-").strip("-") for tag in ("DA", "PY", "Y1")],
        files=fields.get("L1", ()),
        folder=folder,
    )
