"""Identifiers as people type and copy them: DOI, arXiv, PubMed, PubMed Central, with or without a web address."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import unquote, urlsplit

from core.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from core.metadata import PaperMetadata

_DOI = re.compile(r"(?:doi[:\s]\s*)?10\.\d{4,9}/\S+", re.I)
_ARXIV = re.compile(
    r"(?:arxiv:\s*)?(?:\d{4}\.\d{4,5}|(?:[a-z]+-[a-z]+|math|nlin|physics|cs|stat)(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.I
)
_PMID = re.compile(r"(?:pmid|pubmed)[:\s]\s*\d{1,9}", re.I)
_PMCID = re.compile(r"(?:pmcid[:\s]\s*)?PMC\d{3,9}", re.I)
_HOST = re.compile(
    r"(?:www\.|dx\.|export\.)?(?:doi|arxiv|europepmc)\.org/|(?:www|pubmed|pmc)\.ncbi\.nlm\.nih\.gov/", re.I
)
#: What publishers append to a DOI in the addresses of their pages; bioRxiv appends the version.
_PAGE = re.compile(r"(?:v\d+)?(?:/|\.)(?:full|fulltext|full-text|abstract|epdf|pdf|html?|meta|xml)(?:[./].*)?$", re.I)
_VERSION = re.compile(r"(10\.1101/\d{4}\.\d\d\.\d\d\.\d+|10\.1101/\d{6})v\d+.*")


def identify(text: str) -> PaperMetadata | None:
    """Return the paper that the identifier `text` names, or None when it is none."""
    text = text[:1000].strip().strip("<>").strip()
    if re.match(r"https?://", text, re.I) or _HOST.match(text):
        return _address(text if "://" in text else f"https://{text}")
    if _DOI.fullmatch(text):
        return _by(doi=normalize_doi(text))
    if _ARXIV.fullmatch(text):
        return _by(arxiv_id=normalize_arxiv(re.sub(r"\s", "", text)))
    if _PMID.fullmatch(text):
        return _by(pmid=normalize_pmid(re.sub(r"\D", "", text)))
    if _PMCID.fullmatch(text):
        return _by(pmcid=normalize_pmcid(text))
    return None


def _by(**identifiers: str | None) -> PaperMetadata | None:
    return cast(PaperMetadata, {key: value for key, value in identifiers.items() if value}) or None


def _address(url: str) -> PaperMetadata | None:
    """Return the paper behind `url`: of a resolver or repository we know, or any page with a DOI in its path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host, path = parts.netloc.lower(), unquote(parts.path)
    if host.endswith("doi.org"):
        # a DOI may hold any character; the only things cut are what browsers and citation tools add
        return _by(doi=normalize_doi(path))
    if host.endswith("arxiv.org"):
        return _by(arxiv_id=normalize_arxiv(re.sub(r"^/(?:abs|pdf|html)/", "", path).removesuffix(".pdf")))
    if match := re.search(r"/(PMC\d{3,9})\b", path, re.I):
        return _by(pmcid=normalize_pmcid(match.group(1)))
    if match := re.fullmatch(r"/(?:pubmed/|article/med/)?(\d{1,9})/?", path, re.I):
        return _by(pmid=match.group(1)) if host.endswith((".ncbi.nlm.nih.gov", "europepmc.org")) else None
    return _by(doi=_in_page(path))


def _in_page(path: str) -> str | None:
    doi = normalize_doi(path)
    return doi and normalize_doi(_PAGE.sub("", _VERSION.sub(r"\1", doi)))
