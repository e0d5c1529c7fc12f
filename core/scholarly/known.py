"""By which identifiers a paper is known."""

from __future__ import annotations

import re

from core.identifiers import aliases
from core.metadata import PaperMetadata

ARXIV_DOI = "10.48550/arxiv."
#: Prefixes of preprint servers: arXiv, bioRxiv and medRxiv, Research Square, ChemRxiv, Preprints.org, PsyArXiv and OSF,
#: SSRN, TechRxiv, Authorea.
_PREPRINT = re.compile(
    r"10\.(?:48550/arxiv\.|1101/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,}|21203/rs\.|26434/chemrxiv|20944/preprints|3123[45]/osf"
    r"|31234/|2139/ssrn|36227/techrxiv|22541/au\.)"
)


def schemes(paper: PaperMetadata) -> dict[str, str]:
    """Return the identifiers of `paper` by scheme: `doi`, `arxiv`, `pmid`, `pmcid`, `openalex`, in this order."""
    return dict(scheme(alias) for alias in aliases(paper) if not alias.startswith("sha256:"))


def scheme(alias: str) -> tuple[str, str]:
    """Return an identifier as `core.identifiers.aliases` writes it as its scheme and its value."""
    if alias.startswith("10."):
        return "doi", alias
    name, _, value = alias.partition(":")
    return name, value


def doi_of(paper: PaperMetadata) -> str:
    """Return the DOI of `paper`, that of its e-print if it has no other, or nothing."""
    known = schemes(paper)
    return known.get("doi") or (ARXIV_DOI + known["arxiv"] if "arxiv" in known else "")


def of_preprint(doi: str) -> bool:
    """Tell whether a normalised DOI is one that a preprint server gives."""
    return _PREPRINT.match(doi) is not None


def first(paper: PaperMetadata) -> str:
    """Return the strongest identifier of `paper`, or nothing."""
    return next(iter(aliases(paper)), "")


def bare(alias: str) -> PaperMetadata:
    """Return a record that holds nothing but the identifier `alias`."""
    name, value = scheme(alias)
    keys = {"doi": "doi", "arxiv": "arxiv_id", "pmid": "pmid", "pmcid": "pmcid", "openalex": "openalex_id"}
    return {keys[name]: value} if name in keys else {}  # type: ignore[misc]
