"""An invented library for the catalogues: two papers with files, and around them works without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.loopback import Plan, Route, Trouble, leaflets
from core.metadata import PaperMetadata

TREES: PaperMetadata = {
    "doi": "10.5555/trees", "pmid": "91", "pmcid": "PMC9900091", "openalex_id": "W9000000001", "year": 2018,
    "title": "Street trees cool the afternoons of invented cities", "abstract": "Shade of street trees was measured.",
    "authors": [{"name": "Ilse Marrowby", "orcid": "0000-0002-1825-0097", "institution": "Varnholm"}],
    "venue": "Journal of Invented Climate", "license": "cc-by", "publication_date": "2018-04-01",
    "versions": [{"openalex_id": "W8000000001"}],
}  # fmt: skip
BEES: PaperMetadata = {
    "doi": "10.5555/bees", "pmid": "92", "title": "Bees count street trees in invented cities", "year": 2020,
    "authors": [{"name": "Tomas Quennell"}], "referenced_works": ["10.5555/trees"],
}  # fmt: skip
WITHDRAWN: PaperMetadata = {
    "doi": "10.5555/withdrawn", "pmid": "93", "title": "Trees that whisper to street lamps", "year": 2021,
    "authors": [{"name": "Pelagia Holt"}], "is_retracted": True,
    "notices": [{"kind": "retraction", "doi": "10.5555/notice", "pmid": "95", "date": "2023-05-06"}],
}  # fmt: skip
REVIEW: PaperMetadata = {
    "doi": "10.5555/review", "pmid": "94", "title": "A review of street trees and their bees", "year": 2022,
    "authors": [{"name": "Dmitri Vasquell"}], "referenced_works": ["10.5555/trees", "pmid:92", "10.9999/unknown"],
}  # fmt: skip
EPRINT: PaperMetadata = {
    "arxiv_id": "2401.01234", "title": "Street trees cool the afternoons of invented cities", "year": 2017,
    "authors": [{"name": "Ilse Marrowby"}], "abstract": "An early account of shade by street trees.",
}  # fmt: skip


def library(*troubles: Trouble, **options: Any) -> Plan:
    """Return a plan with these works; the first two have a file."""
    [one, two] = leaflets([(Route("pmc"),), (Route("oa_url"),)])
    papers = (replace(one, metadata=TREES), replace(two, metadata=BEES))
    return Plan(papers, known=(WITHDRAWN, REVIEW, EPRINT), troubles=troubles, **options)
