"""`PaperMetadata`: what is known of one paper before it is read."""

from __future__ import annotations

from typing_extensions import TypedDict


class Author(TypedDict, total=False):
    """One author of a paper."""

    name: str
    orcid: str
    institution: str


class PaperMetadata(TypedDict, total=False):
    """The record of one paper; every key may be missing, also the DOI."""

    doi: str
    title: str
    authors: list[Author]
    year: int
    publication_date: str
    venue: str
    abstract: str
    openalex_id: str
    pmid: str
    pmcid: str
    arxiv_id: str
    is_oa: bool
    oa_status: str
    oa_urls: list[str]
    cited_by_count: int
    referenced_works: list[str]
    license: str
    is_retracted: bool
    relevance_score: float
    discovery_method: str
    pdf_path: str
    pdf_sha256: str
