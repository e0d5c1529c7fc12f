"""Identifiers of papers: normalised, compared and turned into names that are safe on disk."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, cast
from urllib.parse import unquote

from core.metadata import PaperMetadata

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV = re.compile(
    r"(?:arxiv[:./]|arxiv\.org/(?:abs|pdf)/)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?"
)
_TAIL = re.compile(r"(?:/pdf|\.pdf|\.html?|[.,;:\"'>\s])+$")
#: The longest identifier looked at; real ones stay far below, and hostile ones must cost nothing.
MAX_CHARS = 500
_ARXIV_DOI = "10.48550/arxiv."

Names = Callable[[PaperMetadata], list[str]]


def normalize_doi(text: str | None) -> str | None:
    """Return the DOI in `text` in lower case without resolver or prefix, or None when there is none.

    DOIs are case-insensitive (DOI Handbook, 2.4). A trailing `.pdf`, as copied from links, is cut.
    """
    match = _DOI.search(unquote((text or "")[: 3 * MAX_CHARS]).strip().lower()[:MAX_CHARS])
    if match is None:
        return None
    return _trim(match.group().replace("\x00", "")) or None


def _trim(doi: str) -> str:
    """Cut what follows a DOI in prose; a closing bracket stays when it was opened inside (SICI DOIs have such)."""
    before = ""
    while doi != before:
        before, doi = doi, _TAIL.sub("", doi)
        if doi.endswith((")", "]")) and doi.count(")") + doi.count("]") > doi.count("(") + doi.count("["):
            doi = doi[:-1]
    return doi


def normalize_arxiv(text: str | None) -> str | None:
    """Return the arXiv id in `text` without prefix and version, or None."""
    found = (text or "").strip().lower().removeprefix("https://").removeprefix("http://").removeprefix("www.")
    found = found.removeprefix("doi.org/").removeprefix(_ARXIV_DOI)
    match = _ARXIV.fullmatch(found)
    return match.group(1) if match else None


def normalize_pmid(text: str | int | None) -> str | None:
    """Return the digits of a PubMed id, or None."""
    match = re.fullmatch(
        r"(?:pmid:\s*|https?://pubmed\.ncbi\.nlm\.nih\.gov/)?(\d{1,9})/?", str(text or "").strip().lower()
    )
    return match.group(1) if match else None


def normalize_pmcid(text: str | int | None) -> str | None:
    """Return a PubMed Central id as `PMC<digits>`, or None."""
    match = re.search(r"(?:pmc)?(\d{3,9})/?$", str(text or "").strip().lower())
    return f"PMC{match.group(1)}" if match else None


def normalize_openalex(text: str | None) -> str | None:
    """Return an OpenAlex work id as `W<digits>`, or None."""
    match = re.search(r"(?:^|/)(w\d+)$", (text or "").strip().lower())
    return match.group(1).upper() if match else None


def paper_id(paper: PaperMetadata) -> str:
    """Return the identity of `paper`: its DOI, else another identifier, else a hash of title, first author and year.

    A paper without a title is told from others by its first address.
    """
    return next(iter(aliases(paper)), None) or _described(paper)


def aliases(paper: PaperMetadata) -> list[str]:
    """Return every identifier of `paper`, strongest first; the arXiv DOI and the arXiv id are one."""
    doi, arxiv = normalize_doi(paper.get("doi")), normalize_arxiv(paper.get("arxiv_id"))
    if doi and doi.startswith(_ARXIV_DOI):
        doi, arxiv = None, normalize_arxiv(doi) or arxiv
    found = [
        doi,
        arxiv and f"arxiv:{arxiv}",
        _prefixed("pmid", normalize_pmid(paper.get("pmid"))),
        _prefixed("pmcid", normalize_pmcid(paper.get("pmcid"))),
        _prefixed("openalex", normalize_openalex(paper.get("openalex_id"))),
        _prefixed("sha256", paper.get("pdf_sha256")),
    ]
    return [alias for alias in found if alias]


def _prefixed(scheme: str, value: str | None) -> str | None:
    return f"{scheme}:{value}" if value else None


def _described(paper: PaperMetadata) -> str:
    authors = paper.get("authors") or [{}]
    parts = [fold(paper.get("title") or ""), fold(authors[0].get("name") or ""), str(paper.get("year") or "")]
    if not parts[0]:  # then whatever there is has to tell it from other papers without a title
        parts += [paper.get("doi") or "", *(paper.get("oa_urls") or [])[:1]]
    return "hash:" + hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def fold(text: str) -> str:
    """Return `text` for comparison: compatibility form, no accents, lower case, words separated by one space."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", plain.casefold()).strip()


def file_key(identifier: str) -> str:
    """Return a name for `identifier` that is safe on every file system: 64 hexadecimal digits."""
    return hashlib.sha256(identifier.encode("utf-8", "replace")).hexdigest()


def unify(papers: Iterable[PaperMetadata]) -> dict[str, PaperMetadata]:
    """Return `papers` by `paper_id`, records that share any identifier merged into one.

    The first record wins a contested field; later ones fill gaps and add their `oa_urls`.
    """
    merged = (reduce(merge, group, PaperMetadata()) for group in groups(papers))
    return {paper_id(paper): paper for paper in merged}


def groups(papers: Iterable[PaperMetadata], names: Names | None = None) -> list[list[PaperMetadata]]:
    """Return `papers` by work: those that share a name, directly or through others, stand together in their order.

    `names` gives the names of a paper, its `aliases` if not told; a paper without any is known by its description.
    """
    owners: dict[str, str] = {}
    records = [(paper, (names or aliases)(paper) or [_described(paper)]) for paper in papers]
    for _, known in records:
        root = _root(owners, known[0])
        for name in known:
            owners[_root(owners, name)] = root
    found: dict[str, list[PaperMetadata]] = {}
    for paper, known in records:
        found.setdefault(_root(owners, known[0]), []).append(paper)
    return list(found.values())


def _root(owners: dict[str, str], name: str) -> str:
    """Return the name that stands for all names known to be of one work (union-find, paths halved on the way)."""
    owners.setdefault(name, name)
    while owners[name] != name:
        owners[name] = owners[owners[name]]
        name = owners[name]
    return name


def merge(first: PaperMetadata, second: PaperMetadata) -> PaperMetadata:
    """Return `first` with its gaps filled from `second`, and the addresses of both."""
    merged: dict[str, Any] = {**second, **{key: value for key, value in first.items() if value not in (None, "", [])}}
    urls = [*(first.get("oa_urls") or []), *(second.get("oa_urls") or [])]
    if urls:
        merged["oa_urls"] = list(dict.fromkeys(urls))
    return cast(PaperMetadata, merged)
