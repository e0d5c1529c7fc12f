"""One `PaperMetadata` out of the loose values a bibliography holds."""

from __future__ import annotations

import html
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from core.identifiers import aliases, fold, normalize_arxiv, normalize_doi
from core.metadata import Author, PaperMetadata
from workflows.research.academic_lit_review.inputs.files import writable_name
from workflows.research.academic_lit_review.inputs.identifier import identify

#: Longest value kept, in characters; longer ones are cut. The longest abstracts in Crossref are about this long.
MAX_CHARS = 20_000
#: Longest identifier believed, in characters; the longest registered DOIs are about half of this.
MAX_ID = 500
#: Longest address believed, in characters: what browsers and servers agree on.
_MAX_URL = 2000

_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_TAG = re.compile(
    r"</?(?:i|b|u|em|strong|span|sub|sup|sc|scp|p|title|sec|br|(?:jats|mml):[a-z]+)(?:\s[^<>]{0,200})?/?>", re.I
)
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")
_DATE = re.compile(r"\d{4}(-\d{2}){1,2}")
_DOI = re.compile(r"(?:^|[\s(:/])(10\.\d{4,9}/\S+)", re.I)
_ARXIV = re.compile(r"arxiv(?:\.org/(?:abs|pdf|html)/|:\s*)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})", re.I)
_PMID = re.compile(r"(?:\bpmid:?\s*|pubmed\.ncbi\.nlm\.nih\.gov/|europepmc\.org/article/med/)(\d{1,9})\b", re.I)
_PMCID = re.compile(r"\b(PMC\d{3,9})\b", re.I)
#: A note with one of these words names other works than the entry's own.
_OTHER_WORK = re.compile(r"errat|corrig|correct|comment|retract|reply|review of|replac|cited|see also", re.I)
_SUFFIX = re.compile(r"(?:jr|sr|i{1,3}|iv)\.?", re.I)


@dataclass(frozen=True)
class Note:
    """Something a reader of the input should know: where it is, and what was found there."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


def clean(text: str) -> str:
    """Return `text` in one line, without invisible characters and in composed form."""
    return " ".join(unicodedata.normalize("NFC", _HIDDEN.sub(" ", text[:MAX_CHARS])).split())


def prose(text: str) -> str:
    """Return `clean` text without the mark-up catalogues leave in titles and abstracts."""
    return clean(_TAG.sub("", html.unescape(text[:MAX_CHARS])))


def doi_in(text: str) -> str:
    """Return the DOI in `text`, normalised, or an empty string."""
    return normalize_doi(text[:MAX_ID]) or ""


def person(name: str) -> str:
    """Return `Last, First` as `First Last`; a third part is the suffix of BibTeX (second) or RIS (third)."""
    parts = [clean(part) for part in name.split(",")]
    if not all(parts) or not 2 <= len(parts) <= 3:
        return clean(name)
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[2]):
        parts[1:] = parts[2], parts[1]
    return " ".join([parts[-1], *parts[:-1]])


def authors(names: Iterable[str]) -> list[Author]:
    """Return `names` as authors, without the empty ones and "others"."""
    known = [name for name in names if name and name.casefold() not in ("others", "et al.", "et al")]
    return [Author(name=name) for name in known]


def assemble(
    known: PaperMetadata,
    *,
    addresses: Iterable[str] = (),
    notes: Iterable[str] = (),
    dates: Iterable[str] = (),
    files: Iterable[str] = (),
    folder: Path = Path(),
) -> PaperMetadata:
    """Return `known` without its empty values, completed with what the looser fields of a bibliography hold.

    `addresses` and `notes` are searched for identifiers; `dates` are spellings of the date, the most telling first;
    `files` are attachments, seen from `folder`.
    """
    paper = compact(known)
    urls = [url for address in addresses for url in address.split() if len(url) <= _MAX_URL and _web(url)]
    paper.update(_missing(paper, [*filter(None, map(identify, urls)), *map(_noted, notes)]))
    if places := [url for url in urls if url.lower().endswith(".pdf") or not aliases(paper)]:
        paper["oa_urls"] = places
    paper.update(_date([clean(date) for date in dates]))
    paper.update(_attached(folder, files))
    return paper


def compact(values: Mapping[str, Any]) -> PaperMetadata:
    """Return `values` without the empty ones."""
    return cast(PaperMetadata, {key: value for key, value in values.items() if value not in ("", [], None)})


def _missing(paper: PaperMetadata, found: Iterable[PaperMetadata]) -> PaperMetadata:
    """Return the identifiers in `found` that `paper` lacks; the first of a kind counts."""
    merged: dict[str, Any] = {}
    for identifiers in found:
        merged = {**identifiers, **merged}
    return compact({key: value for key, value in merged.items() if key not in paper})


def _noted(note: str) -> PaperMetadata:
    """Return the identifiers in a note, unless it speaks of another work."""
    if _OTHER_WORK.search(note):
        return {}
    doi, arxiv, pmid, pmcid = (
        match and match.group(1) for match in (pattern.search(note) for pattern in (_DOI, _ARXIV, _PMID, _PMCID))
    )
    return compact({"doi": doi_in(doi or ""), "arxiv_id": normalize_arxiv(arxiv), "pmid": pmid, "pmcid": pmcid})


def _web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)


def _date(texts: list[str]) -> PaperMetadata:
    """Return the first year in `texts`, and the date when it is given to the month."""
    year = next((int(match.group(1)) for text in texts if (match := _YEAR.search(text))), None)
    return compact({"year": year, "publication_date": next(filter(_DATE.fullmatch, texts), "")})


def _attached(folder: Path, names: Iterable[str]) -> PaperMetadata:
    """Return the first PDF among `names` that exists, relative ones seen from `folder`."""
    for name in names:
        path = os.path.abspath(os.path.join(folder, name.removeprefix("file://")))
        if name.lower().endswith(".pdf") and os.path.isfile(path) and writable_name(path):
            return {"pdf_path": path}
    return {}


def usable(paper: PaperMetadata) -> bool:
    """Tell whether `paper` can be told from others: by an identifier, a title or a file."""
    return bool(aliases(paper) or fold(paper.get("title") or "") or paper.get("pdf_path"))
