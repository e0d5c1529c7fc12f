"""Where catalogues say that an open copy is: which addresses are worth asking, and which are an identifier."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from core.identifiers import normalize_arxiv, normalize_pmcid

#: How OpenAlex and Unpaywall call the versions of a paper (both follow DRIVER 2.0).
VERSIONS = {"submittedVersion": "preprint", "acceptedVersion": "accepted", "publishedVersion": "published"}

MAX_URL = 2000
#: Addresses that only repeat an identifier: the ladder of open sources has better ways from it to the paper.
_KNOWN = re.compile(
    r"(?:(?:dx\.)?doi\.org/|pubmed\.ncbi\.nlm\.nih\.gov/|(?:www\.ncbi\.nlm\.nih\.gov/pmc|pmc\.ncbi\.nlm\.nih\.gov)/"
    r"|(?:www\.)?europepmc\.org/|(?:[a-z]+\.)?arxiv\.org/)",
    re.I,
)
_PMC = re.compile(r"(?:ncbi\.nlm\.nih\.gov/(?:pmc/)?|europepmc\.org/)articles/(?:PMC)?(\d{3,9})\b", re.I)
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/([^?#]+)", re.I)


class Place(NamedTuple):
    """An open copy: the file if its address is told, and the page about it."""

    pdf: str = ""
    page: str = ""


def addresses(places: Iterable[Place]) -> list[str]:
    """Return what is worth asking, files first, then pages, each once."""
    known = list(places)
    urls = [place.pdf for place in known] + [place.page for place in known]
    return [url for url in dict.fromkeys(urls) if usable(url)]


def usable(url: str) -> bool:
    """Tell whether `url` is a web address that leads on further than an identifier does."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    told = f"{parts.netloc}{parts.path}"
    return parts.scheme in ("http", "https") and len(url) <= MAX_URL and bool(parts.netloc) and not _KNOWN.match(told)


def pmcid_in(urls: Iterable[str]) -> str:
    """Return the PubMed Central id that one of `urls` leads to, or nothing."""
    return next((normalize_pmcid(match[1]) or "" for url in urls if (match := _PMC.search(url[:MAX_URL]))), "")


def arxiv_in(urls: Iterable[str]) -> str:
    """Return the arXiv id that one of `urls` leads to, or nothing."""
    found = (normalize_arxiv(match[1].rstrip("/")) for url in urls if (match := _ARXIV.search(url[:MAX_URL])))
    return next((name for name in found if name), "")
