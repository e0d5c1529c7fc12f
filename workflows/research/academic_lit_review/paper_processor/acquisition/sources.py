"""The open access ladder: where a paper's full text may be, in the order in which it is worth asking.

Order after what works for programs in 2026: arXiv, the PMC bucket, Europe PMC, stated open access addresses, the
landing page, then full text as XML or HTML. The retrieve-academic service comes after all of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from core.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid
from core.metadata import PaperMetadata
from core.settings import Settings

Kind = Literal["file", "page", "listing", "jats", "html", "local", "job", "stored"]


@dataclass(frozen=True)
class Location:
    """One place to ask: `kind` says how, `license` and `evidence` what the source states, `depth` the landing hops."""

    source: str
    url: str
    kind: Kind = "file"
    license: str = ""
    evidence: str = ""
    version: str = ""
    depth: int = 0

    @property
    def host(self) -> str:
        """The lane this location is paced in."""
        try:
            return urlsplit(self.url).netloc.lower() or self.source
        except ValueError:  # "http://[": what is wrong with it is said when it is asked
            return self.source


LOCAL = "local"
#: Stated addresses asked for one paper; catalogues list a handful, and a record must not send us round the world.
MAX_STATED = 20
#: A file that an earlier run has taken in.
STORED = "stored"


def local(paper: PaperMetadata, settings: Settings) -> list[Location]:
    """Return the PDF the caller gave."""
    path = paper.get("pdf_path")
    return [Location(LOCAL, path, "local", evidence="given by the user")] if path else []


def arxiv(paper: PaperMetadata, settings: Settings) -> list[Location]:
    """Return the e-print's PDF."""
    found = normalize_arxiv(paper.get("arxiv_id")) or normalize_arxiv(normalize_doi(paper.get("doi")))
    return (
        [Location("arxiv", f"{settings.arxiv_url}/pdf/{found}", evidence="arXiv e-print", version="preprint")]
        if found
        else []
    )


def pmc(paper: PaperMetadata, settings: Settings) -> list[Location]:
    """Return the listing of the paper's versions in PMC's open data bucket."""
    found = normalize_pmcid(paper.get("pmcid")) if paper.get("pmcid") else None
    return [Location("pmc", f"{settings.pmc_url}/?list-type=2&prefix={found}.", "listing")] if found else []


def europepmc(paper: PaperMetadata, settings: Settings) -> list[Location]:
    """Return Europe PMC's rendering of the PDF."""
    found = normalize_pmcid(paper.get("pmcid")) if paper.get("pmcid") else None
    url = f"{settings.europepmc_url}/articles/{found}?pdf=render"
    return [Location("europepmc", url, evidence="Europe PMC full text")] if found else []


def stated(paper: PaperMetadata, settings: Settings) -> list[Location]:
    """Return the open access addresses the catalogues state, best first."""
    license_, status = paper.get("license") or "", paper.get("oa_status") or "open access"
    urls = [url for url in paper.get("oa_urls") or [] if isinstance(url, str) and url.strip()][:MAX_STATED]
    return [Location("oa_url", url.strip(), license=license_, evidence=f"stated as {status}") for url in urls]


def landing(paper: PaperMetadata, settings: Settings) -> list[Location]:
    """Return the page the DOI leads to."""
    doi = normalize_doi(paper.get("doi"))
    return [Location("landing", f"{settings.doi_url}/{quote(doi, safe='/:;()')}", "page")] if doi else []


def full_text_xml(paper: PaperMetadata, settings: Settings) -> list[Location]:
    """Return Europe PMC's JATS full text, for papers whose PDF nobody serves."""
    found = normalize_pmcid(paper.get("pmcid")) if paper.get("pmcid") else None
    url = f"{settings.europepmc_rest_url}/{found}/fullTextXML"
    return [Location("europepmc_xml", url, "jats", evidence="Europe PMC open access full text")] if found else []


Source = Callable[[PaperMetadata, Settings], list[Location]]

LADDER: tuple[Source, ...] = (local, arxiv, pmc, europepmc, stated, landing, full_text_xml)


def locations(paper: PaperMetadata, settings: Settings) -> list[Location]:
    """Return every place to ask for `paper`, in order, each address once."""
    found: dict[str, Location] = {}
    for source in LADDER:
        for location in source(paper, settings):
            found.setdefault(location.url, location)
    return list(found.values())
