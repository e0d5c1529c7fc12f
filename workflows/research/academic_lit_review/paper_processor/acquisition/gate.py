"""Admission: is this file really the full text of this paper?"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from core.conversion.inspect import Inspection
from core.errors import NotAdmitted
from core.identifiers import fold, normalize_arxiv, normalize_doi
from core.metadata import PaperMetadata

#: Average characters a page below which a PDF is a scan. The sparsest page of our 47 real papers has several hundred.
MIN_PAGE_CHARS = 100
#: Share of glyphs without a meaning from which a text layer cannot be compared with anything.
GARBLED = 0.1
#: Characters below which a PDF is a cover sheet, a stub or an error page.
MIN_CHARS = 800
#: `rapidfuzz.fuzz.partial_ratio` of folded titles from which two are the same; allows for ligatures and lost accents.
SAME_TITLE = 88
#: Titles shorter than this are found in any text; they need an author's surname beside them.
SHORT_TITLE = 25
#: How much of a text is searched for its title and identifiers.
FRONT_CHARS = 20_000

#: Titles are compared up to this length; hostile ones must cost nothing.
TITLE_CHARS = 300
#: The same score from which a text that also states the DOIs of others is taken for the one its DOI says.
LIKE_TITLE = 60

_OTHER_KIND = re.compile(
    r"\b(correction|corrigendum|erratum|retraction (?:note|notice)|"
    r"supplementary (?:materials?|information|data|files?|figures?|methods?|tables?|text)|supporting information|"
    r"peer review (?:report|file|history))\b"
)
#: What stands before the title of the paper on a text about it.
_ABOUT = re.compile(
    r"\b(?:addendum|comments?|commentary|corrections?|corrigendum|erratum|expression of concern|reply|response|"
    r"retraction(?: note| notice)?|supplementary \w+|supporting information)"
    r" (?:for|of|on|regarding|to)(?: the)?(?: (?:article|comment on|paper))?\s*$"
)
_REFERENCES = re.compile(
    r"^[^\S\n]*(?:\d+\.?[^\S\n]*)?(?:references(?: and notes)?|notes and references|bibliography|literature cited|"
    r"works cited|literatur(?:verzeichnis)?|références|referencias|referências|bibliografia|riferimenti)"
    r"[^\S\n]*:?[^\S\n]*(?:$|\[?1[\].])",
    re.IGNORECASE | re.MULTILINE,
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")


@dataclass(frozen=True)
class Admission:
    """By what a file is known: `doi`, `arxiv_id`, `title`, `given` by the user, or `unverified`: nothing to compare.

    An `unseen` one is a scan on which nothing was found to compare: what it is will be seen when it has a text.
    """

    identity: str
    pages: int
    unseen: bool = False


def admit(seen: Inspection, paper: PaperMetadata, *, given: bool = False, scans: bool = False) -> Admission:
    """Return why the inspected file is the full text of `paper`, or raise `NotAdmitted` with the reason it is not.

    With `scans` pages without text are let in, for a converter that can read them.
    """
    if seen.pages == 0:
        raise NotAdmitted("empty", "the PDF has no pages")
    lacking = without_text(seen)
    if lacking and not scans:
        raise NotAdmitted("no_text_layer", lacking)
    if not lacking and seen.sampled == seen.pages and seen.chars < MIN_CHARS:
        raise NotAdmitted("not_full_text", f"only {seen.chars} characters on {seen.pages} pages")
    if given:
        return Admission("given", seen.pages)
    unreadable = bool(lacking) or (scans and seen.garbled >= GARBLED)
    try:
        identity = identify(seen.text, paper, stated=f"{seen.doi} {seen.title}")
    except NotAdmitted:
        if not unreadable:
            raise
        identity = "unverified"
    return Admission(identity, seen.pages, unseen=unreadable and identity == "unverified")


def without_text(seen: Inspection) -> str:
    """Return in what way the pages lack a text layer; empty when they have one."""
    if seen.chars < MIN_PAGE_CHARS * max(1, seen.sampled):
        return f"{seen.chars} characters on {seen.sampled} of {seen.pages} pages: a scan"
    if len(seen.page_chars) > 2 and sum(seen.page_chars[1:]) < MIN_PAGE_CHARS * (len(seen.page_chars) - 1):
        return f"only the first of {seen.pages} pages has text: a scan behind a cover sheet"
    return ""


def identify(text: str, paper: PaperMetadata, *, stated: str = "") -> str:
    """Return by what `text` (its beginning, and what its metadata has `stated`) is known to be `paper`.

    A title counts only where readers see it: in the metadata of real PDFs stands that of another paper of the journal.
    """
    front = _REFERENCES.split(text[:FRONT_CHARS], maxsplit=1)[0]
    title, doi = _title(paper), normalize_doi(paper.get("doi"))
    words = fold(front)
    score = _likeness(title, words)
    _same_kind(front, words, title, score)
    if doi and (doi in _dois(stated) or _printed(doi, front[:6000], alone=bool(title) and score < LIKE_TITLE)):
        return "doi"
    if (arxiv := normalize_arxiv(paper.get("arxiv_id") or paper.get("doi"))) and f"arxiv:{arxiv}" in front.lower():
        return "arxiv_id"
    if not title:
        if doi and (others := _dois(stated)):
            raise NotAdmitted("wrong_paper", f"its metadata states {min(others)}")
        return "unverified"
    if score >= SAME_TITLE and (len(title) >= SHORT_TITLE or _names_author(front, paper)):
        return "title"
    raise NotAdmitted("wrong_paper", f"its first pages match the title by {score:.0f} of 100: {_opening(front)!r}")


def _title(paper: PaperMetadata) -> str:
    """Return the title for comparison; catalogues hand on the markup of italics and formulas."""
    return fold(_MARKUP.sub("", html.unescape(paper.get("title") or "")))[:TITLE_CHARS]


def _likeness(title: str, words: str) -> float:
    """Return how much of `title` stands in `words`, 0 to 100, spaces or not: they come and go in a text layer."""
    if len(words) < len(title):
        return fuzz.ratio(title, words)
    score = fuzz.partial_ratio(title, words)
    return (
        score if score >= SAME_TITLE else max(score, fuzz.partial_ratio(*(t.replace(" ", "") for t in (title, words))))
    )


def _same_kind(front: str, words: str, title: str, score: float) -> None:
    """Refuse a correction of, a comment on or a supplement to the paper: it carries the paper's own title and DOI."""
    match = _OTHER_KIND.search(fold(front)[:150])
    if not match and title and score >= SAME_TITLE:
        place = fuzz.partial_ratio_alignment(title, words)
        match = _ABOUT.search(words[: place.dest_start][-80:]) if place else None
    if match and match.group().strip() not in title:
        raise NotAdmitted("wrong_paper", f"it calls itself {match.group().strip()!r}")


def _printed(doi: str, text: str, *, alone: bool) -> bool:
    """Tell whether `text` states `doi`; `alone`: and no other, for a text that cites the paper states its own, too."""
    if doi not in _dois(text):
        return False
    whole = {normalize_doi(found) or "" for found in _DOI.findall(text)}
    return not alone or all(doi.startswith(other) or other.startswith(doi) for other in whole)


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
