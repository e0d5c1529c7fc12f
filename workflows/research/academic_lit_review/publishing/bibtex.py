"""References as BibTeX (`references.bib`), in UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.model import Entry, Field

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.byline import Name, names, title
from workflows.research.academic_lit_review.inputs.record import prose
from workflows.research.academic_lit_review.publishing.reference import link

#: What means something to LaTeX. Braces count for BibTeX even after a backslash, so they are named.
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "$%&#_"},
}
_TABLE = str.maketrans(_SPECIAL)
_UNSAFE = re.compile(r'[{}\\\s"%#]')


def bibtex(keys: Mapping[str, str], papers: Mapping[str, PaperMetadata]) -> str:
    """Return an entry for every paper that has a key."""
    library = Library([_entry(key, papers.get(paper_id, {})) for paper_id, key in keys.items()])
    return str(write_string(library))


def escaped(text: str) -> str:
    """Return plain text so that LaTeX prints it as it is."""
    return prose(text).translate(_TABLE)


def _entry(key: str, paper: PaperMetadata) -> Entry:
    venue = escaped(paper.get("venue") or "")
    values = {
        "author": _people(names(paper)),
        "title": escaped(title(paper)),
        "journal": venue,
        "year": str(paper.get("year") or ""),
        "doi": _verbatim(paper.get("doi") or ""),
        "eprint": _verbatim(paper.get("arxiv_id") or ""),
        "archiveprefix": "arXiv" if paper.get("arxiv_id") else "",
        "url": link(paper),
    }
    kind = "article" if venue else "misc"
    return Entry(kind, key, [Field(name, value) for name, value in values.items() if value])


def _people(people: Iterable[Name]) -> str:
    """Return names as BibTeX divides them: what it would divide otherwise stands in braces."""
    return " and ".join(
        f"{_whole(name.family)}, {escaped(name.given)}" if name.given else f"{{{escaped(name.family)}}}"
        for name in people
    )


def _whole(family: str) -> str:
    text = escaped(family)
    return f"{{{text}}}" if "," in text or re.search(r"\band\b", text, re.I) else text


def _verbatim(identifier: str) -> str:
    return _UNSAFE.sub(lambda match: f"%{ord(match.group()):02X}", identifier)
