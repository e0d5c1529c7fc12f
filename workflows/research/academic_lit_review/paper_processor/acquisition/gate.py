"""Admission: is this file really the full text of this paper?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from core.conversion.inspect import Inspection
from core.errors import NotAdmitted
from core.identifiers import fold, normalize_arxiv, normalize_doi
from core.metadata import PaperMetadata

#: Average characters a page below which a PDF is a scan. The sparsest page of our 47 real papers has several hundred.
MIN_PAGE_CHARS = 100
#: Characters below which a PDF is a cover sheet, a stub or an error page.
MIN_CHARS = 800
#: `rapidfuzz.fuzz.partial_ratio` of folded titles from which two are the same; allows for ligatures and lost accents.
SAME_TITLE = 88
#: Titles shorter than this are found in any text; they need an author's surname beside them.
SHORT_TITLE = 25
#: How much of a text is searched for its title and identifiers.
FRONT_CHARS = 20_000

_OTHER_KIND = re.compile(
    r"\b(correction|corrigendum|erratum|retraction (?:note|notice)|retracted|"
    r"supplementary (?:material|information|data|file)|supporting information|peer review (?:report|file|history))\b"
)
_REFERENCES = re.compile(r"\n\s*(?:\d+\.?\s*)?(?:references|bibliography|literature cited)\s*\n", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")


@dataclass(frozen=True)
class Admission:
    """By what a file is known: `doi`, `arxiv_id`, `title`, `given` by the user, or `unverified`: nothing to compare."""

    identity: str
    pages: int


def admit(seen: Inspection, paper: PaperMetadata, *, given: bool = False) -> Admission:
    """Return why the inspected file is the full text of `paper`, or raise `NotAdmitted` with the reason it is not."""
    if seen.pages == 0:
        raise NotAdmitted("empty", "the PDF has no pages")
    if seen.chars < MIN_PAGE_CHARS * max(1, seen.sampled):
        raise NotAdmitted("no_text_layer", f"{seen.chars} characters on {seen.sampled} of {seen.pages} pages: a scan")
    if seen.sampled == seen.pages and seen.chars < MIN_CHARS:
        raise NotAdmitted("not_full_text", f"only {seen.chars} characters on {seen.pages} pages")
    return Admission("given" if given else identify(seen.text, paper, stated=f"{seen.doi} {seen.title}"), seen.pages)


def identify(text: str, paper: PaperMetadata, *, stated: str = "") -> str:
    """Return by what `text` (its beginning, and what its metadata has `stated`) is known to be `paper`."""
    front = _REFERENCES.split(text[:FRONT_CHARS], maxsplit=1)[0]
    title, doi = fold(paper.get("title") or ""), normalize_doi(paper.get("doi"))
    _same_kind(front, title)
    if doi and doi in _dois(f"{stated}\n{front[:6000]}"):
        return "doi"
    if (arxiv := normalize_arxiv(paper.get("arxiv_id") or paper.get("doi"))) and f"arxiv:{arxiv}" in front.lower():
        return "arxiv_id"
    if not title:
        return "unverified"
    score = fuzz.partial_ratio(title, fold(f"{stated}\n{front}"))
    if score >= SAME_TITLE and (len(title) >= SHORT_TITLE or _names_author(front, paper)):
        return "title"
    raise NotAdmitted("wrong_paper", f"its first pages match the title by {score:.0f} of 100: {_opening(front)!r}")


def _same_kind(front: str, title: str) -> None:
    """Refuse a correction of, or a supplement to, the paper: it carries the paper's own title and DOI."""
    match = _OTHER_KIND.search(fold(front)[:150])
    if match and match.group() not in title:
        raise NotAdmitted("wrong_paper", f"it calls itself {match.group()!r}")


def _dois(text: str) -> set[str]:
    """Return the DOIs in `text`, also those broken by a line end."""
    found = _DOI.findall(text) + _DOI.findall(re.sub(r"(?<=[/.\-\d])\s*\n\s*", "", text))
    return {doi for doi in map(normalize_doi, found) if doi}


def _names_author(front: str, paper: PaperMetadata) -> bool:
    surnames = [fold(author.get("name") or "").split()[-1:] for author in paper.get("authors") or []]
    names = {surname[0] for surname in surnames if surname}
    return not names or bool(names & set(fold(front).split()))


def _opening(front: str) -> str:
    return " ".join(front.split())[:80]
