"""`read_inputs`: from what stands on a command line to papers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.errors import InputError
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.inputs import bibtex, csl, jsonl, ris
from workflows.research.academic_lit_review.inputs.files import is_pdf, pdfs, read_text, writable_name
from workflows.research.academic_lit_review.inputs.identifier import identify
from workflows.research.academic_lit_review.inputs.record import Note

ACCEPTED = """\
Accepted are:
  a DOI               10.1371/journal.pone.0000308  doi:10.1371/...  https://doi.org/10.1371/...
  an arXiv paper      2101.00001  arXiv:hep-th/9901001  https://arxiv.org/abs/2101.00001
  a PubMed id         pmid:16504000  https://pubmed.ncbi.nlm.nih.gov/16504000/
  a PMC id            PMC1397864  https://pmc.ncbi.nlm.nih.gov/articles/PMC1397864/
  a bibliography      refs.bib  refs.ris  refs.json (CSL-JSON)  refs.jsonl (one paper record a line)
  a PDF               paper.pdf
  a folder of PDFs    papers/"""

Parse = Callable[[str, Path], Iterator[PaperMetadata | Note]]

_FORMATS: dict[str, Parse] = {
    **dict.fromkeys((".bib", ".bibtex", ".biblatex"), bibtex.parse),
    ".ris": ris.parse,
    ".json": csl.parse,
    ".csljson": csl.parse,
    **dict.fromkeys((".jsonl", ".ndjson"), jsonl.parse),
}
#: Notes shown of one file; a file of another format would give one for each of its lines.
_MAX_NOTES = 20


class _Unrecognised(InputError):
    """An input that is of no accepted kind: the user is shown which are."""


@dataclass(frozen=True)
class Inputs:
    """The papers that were named, in the given order, and what the user should know about the reading."""

    papers: list[PaperMetadata]
    notes: tuple[str, ...] = ()


def read_inputs(inputs: Sequence[str]) -> Inputs:
    """Return the papers named by `inputs`; raise one `InputError` that tells of every input that names none."""
    papers: list[PaperMetadata] = []
    notes: list[str] = []
    errors: list[InputError] = []
    for text in inputs:
        try:
            found = _read(text)
        except InputError as error:
            errors.append(error)
            continue
        papers += found.papers
        notes += found.notes
    if not papers and not errors:
        errors = [_Unrecognised("nothing to read")]
    if errors:
        shown = [str(error) for error in errors]
        raise InputError("\n".join([*shown, ACCEPTED] if any(isinstance(e, _Unrecognised) for e in errors) else shown))
    return Inputs(papers, tuple(dict.fromkeys(notes)))


def _read(text: str) -> Inputs:
    path = os.path.expanduser(text)
    if os.path.isdir(path):
        return _folder(path)
    if os.path.exists(path):
        return _file(path)
    paper = identify(text)
    if paper is not None:
        return Inputs([paper])
    if "://" in text:
        raise _Unrecognised(f"{text}: not the address of an article; download the PDF and give its path")
    if Path(path).suffix.lower() in (*_FORMATS, ".pdf") or os.sep in path:
        raise InputError(f"{text}: no such file")
    hint = f"; for a PubMed id write pmid:{text.strip()}" if text.strip().isdecimal() else ""
    raise _Unrecognised(f"{text!r} is not recognised{hint}")


def _folder(path: str) -> Inputs:
    notes: list[str] = []
    found = pdfs(path, lambda error: notes.append(f"{error.filename}: cannot be read: {error.strerror}"))
    unnamed = [name for name in found if not writable_name(name)]
    notes += [f"{name!a}: skipped, its name is not valid UTF-8; rename it" for name in unnamed]
    papers = [_pdf(name) for name in found if writable_name(name)]
    if not papers:
        raise InputError("\n".join([f"{path}: no PDF in this folder", *notes]))
    return Inputs(papers, tuple(notes))


def _file(path: str) -> Inputs:
    parse = _FORMATS.get(Path(path).suffix.lower())
    if parse is not None:
        return _bibliography(path, parse)
    if not os.path.isfile(path) or not is_pdf(path):
        raise _Unrecognised(f"{path}: neither a PDF nor a bibliography")
    if not writable_name(path):
        raise InputError(f"{path!a}: its name is not valid UTF-8; rename it")
    return Inputs([_pdf(path)])


def _pdf(path: str) -> PaperMetadata:
    return PaperMetadata(pdf_path=os.path.abspath(path))


def _bibliography(path: str, parse: Parse) -> Inputs:
    text, remark = read_text(path)
    entries = list(parse(text, Path(path).parent))
    papers = [entry for entry in entries if not isinstance(entry, Note)]
    notes = [f"{path}: {remark}"] if remark else []
    notes += _shown(path, [entry for entry in entries if isinstance(entry, Note)])
    if not papers:
        raise InputError("\n".join([f"{path}: no usable entry in this file", *notes]))
    return Inputs(papers, tuple(notes))


def _shown(path: str, notes: list[Note]) -> list[str]:
    shown = [f"{path}, {note}" if note.where else f"{path}: {note}" for note in islice(notes, _MAX_NOTES)]
    rest = len(notes) - len(shown)
    return [*shown, f"{path}: and {rest} more like these"] if rest else shown
