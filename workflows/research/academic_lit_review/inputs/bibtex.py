"""Papers out of BibTeX and BibLaTeX (`.bib`)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bibtexparser.entrypoint import parse_string
from bibtexparser.exceptions import BlockAbortedException
from bibtexparser.middlewares.names import split_multiple_persons_names
from bibtexparser.model import Block, Entry, ParsingFailedBlock

from core.identifiers import normalize_arxiv, normalize_pmcid, normalize_pmid
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.inputs.latex import decode
from workflows.research.academic_lit_review.inputs.record import (
    MAX_CHARS,
    Note,
    assemble,
    authors,
    clean,
    doi_in,
    person,
    prose,
    usable,
)

_VENUES = ("journal", "journaltitle", "booktitle", "series", "publisher", "school", "institution")


def parse(text: str, folder: Path) -> Iterator[PaperMetadata | Note]:
    """Yield the papers of a `.bib` file, and a note for every entry that is none."""
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it logs each broken entry; ours are notes
    library = parse_string(text)
    strings = {key.lower(): str(value.value) for key, value in library.strings_dict.items()}
    for block in library.blocks:
        entry = _entry(block)
        where = f"line {(block.start_line or 0) + 1}"
        if isinstance(block, ParsingFailedBlock) and entry is None:
            yield Note(where, _reason(block))
        elif entry is not None:
            fields = {field.key.lower(): _value(str(field.value), strings) for field in reversed(entry.fields)}
            paper = _paper(fields, folder)
            yield paper if usable(paper) else Note(where, f"entry {entry.key!r} has neither identifier nor title")


def _entry(block: Block) -> Entry | None:
    """Return the entry of `block`; one whose key or field occurs twice is an entry like any other."""
    if isinstance(block, ParsingFailedBlock):
        block = block.ignore_error_block or block
    return block if isinstance(block, Entry) else None


def _reason(block: ParsingFailedBlock) -> str:
    error = block.error
    text = error.abort_reason if isinstance(error, BlockAbortedException) else str(error)
    return f"not BibTeX: {clean(text)}"


def _value(raw: str, strings: Mapping[str, str]) -> str:
    """Return a value whose parts are joined with `#` as one, and an abbreviation in full."""
    raw = raw[: 2 * MAX_CHARS].strip()
    if raw.startswith('"'):
        raw = re.sub(r'"\s*#\s*"', "", raw).strip('"')
    return strings.get(raw.lower(), raw)


def _paper(fields: Mapping[str, str], folder: Path) -> PaperMetadata:
    def get(*names: str) -> str:
        return next((found for name in names if (found := prose(decode(fields.get(name, ""))))), "")

    return assemble(
        {
            "doi": doi_in(_verbatim(fields.get("doi", ""))),
            "title": get("title"),
            "authors": authors(map(_name, split_multiple_persons_names(fields.get("author", "")))),
            "venue": get(*_VENUES),
            "abstract": get("abstract"),
            "pmid": normalize_pmid(_verbatim(fields.get("pmid", ""))) or "",
            "pmcid": normalize_pmcid(_verbatim(fields.get("pmcid", ""))) or "",
            "arxiv_id": _eprint(fields) or "",
        },
        addresses=[_verbatim(fields.get(name, "")) for name in ("url", "ee", "howpublished")],
        notes=[_verbatim(fields.get(name, "")) for name in ("note", "annote", "howpublished", "journal")],
        dates=[get("date"), get("year"), get("issued")],
        files=_files(fields.get("file", "")),
        folder=folder,
    )


def _name(name: str) -> str:
    """Return one author's name; a name that is all braces is an organisation and never turned around."""
    return clean(decode(name)) if re.fullmatch(r"\{.*\}", name.strip(), re.S) else person(decode(name))


def _verbatim(text: str) -> str:
    """Return an identifier or address without the LaTeX that protects its characters."""
    return re.sub(r"\\(?=[\W_])|\\url|[{}$]", "", text)


def _eprint(fields: Mapping[str, str]) -> str | None:
    kind = fields.get("archiveprefix") or fields.get("eprinttype") or ""
    return normalize_arxiv(_verbatim(fields.get("eprint", ""))) if "arxiv" in kind.lower() else None


def _files(text: str) -> Iterator[str]:
    """Yield the paths in a `file` field: plain, or `description:path:type` as Zotero and JabRef write it."""
    for part in re.split(r"(?<!\\);", text):
        yield part.strip()
        yield from (piece.replace("\\", "") for piece in re.split(r"(?<!\\):", part))
