"""`PaperMetadata`: what is known of one paper before it is read."""

from __future__ import annotations

from typing_extensions import TypedDict


class Author(TypedDict, total=False):
    """One author of a paper."""

    name: str
    orcid: str
    institution: str


class Notice(TypedDict, total=False):
    """What was published about a paper later; `kind` is `retraction`, `expression_of_concern` or `correction`.

    `date` is ISO, to the day, month or year; `source` names the catalogue that told.
    """

    kind: str
    doi: str
    pmid: str
    date: str
    source: str


class Version(TypedDict, total=False):
    """Another record of the same work: its preprint, its published form, or a duplicate in a catalogue.

    `version` is `preprint`, `accepted` or `published`.
    """

    version: str
    doi: str
    arxiv_id: str
    pmid: str
    pmcid: str
    openalex_id: str


class PaperMetadata(TypedDict, total=False):
    """The record of one paper; every key may be missing, also the DOI.

    `referenced_works` and `notice_of` hold identifiers as `core.identifiers.aliases` writes them. `version` is that of
    a `Version`, `language` an ISO 639-1 code; `sources` are the catalogues that know the paper, `origins` tells which
    of them a field is from.
    """

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
    notices: list[Notice]
    notice_of: list[str]
    version: str
    versions: list[Version]
    type: str
    language: str
    sources: list[str]
    origins: dict[str, str]
    relevance_score: float
    discovery_method: str
    pdf_path: str
    pdf_sha256: str
