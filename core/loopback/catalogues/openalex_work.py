"""A work with every key that the real ones of OpenAlex have."""

from __future__ import annotations

from typing import Any

from core.loopback.catalogues.index import Entry, Index

#: What nobody here asks about a work.
_UNUSED: dict[str, Any] = {
    "institutions": [],
    "countries_distinct_count": 0,
    "institutions_distinct_count": 0,
    "corresponding_author_ids": [],
    "corresponding_institution_ids": [],
    "apc_list": None,
    "apc_paid": None,
    "fwci": None,
    "has_fulltext": False,
    "citation_normalized_percentile": None,
    "cited_by_percentile_year": None,
    "biblio": {"volume": None, "issue": None, "first_page": None, "last_page": None},
    "is_paratext": False,
    "is_xpac": False,
    "primary_topic": None,
    "topics": [],
    "keywords": [],
    "concepts": [],
    "mesh": [],
    "sustainable_development_goals": [],
    "awards": [],
    "funders": [],
    "has_content": {"pdf": False, "grobid_xml": False},
    "content_urls": None,
    "related_works": [],
    "counts_by_year": [],
    "updated_date": "2026-09-29T14:09:16.559479",
    "created_date": "2026-08-01T00:00:00",
}


def work(index: Index, entry: Entry) -> dict[str, Any]:
    """Return a work with every key that the real ones have."""
    paper, places = entry.paper, _locations(index, entry)
    doi = f"https://doi.org/{paper['doi']}" if paper.get("doi") else None
    cited = [f"https://openalex.org/{other.work}" for other in index.cited(entry)]
    best = next((place for place in places if place["is_oa"]), None)
    return {
        **_UNUSED,
        "id": f"https://openalex.org/{entry.work}",
        "doi": doi,
        "title": paper.get("title"),
        "display_name": paper.get("title"),
        "publication_year": paper.get("year"),
        "publication_date": paper.get("publication_date") or (f"{paper['year']}-01-01" if paper.get("year") else None),
        "ids": _ids(entry, doi),
        "language": paper.get("language", "en"),
        "primary_location": places[0] if places else None,
        "type": "article",
        "indexed_in": ["crossref"] if doi else [],
        "open_access": {
            "is_oa": best is not None,
            "oa_status": "gold" if best else "closed",
            "oa_url": (best["pdf_url"] or best["landing_page_url"]) if best else None,
            "any_repository_has_fulltext": best is not None,
        },
        "authorships": [_authorship(author, place) for place, author in enumerate(paper.get("authors") or [])][:100],
        "cited_by_count": index.count(entry),
        "is_retracted": bool(paper.get("is_retracted")),
        "locations_count": len(places),
        "locations": places,
        "best_oa_location": best,
        "referenced_works_count": len(cited),
        "referenced_works": cited,
        "abstract_inverted_index": _inverted(paper.get("abstract") or ""),
    }


def _ids(entry: Entry, doi: str | None) -> dict[str, str]:
    told = {
        "openalex": f"https://openalex.org/{entry.work}",
        "doi": doi,
        "pmid": entry.name("pmid") and f"https://pubmed.ncbi.nlm.nih.gov/{entry.name('pmid')}",
        "pmcid": entry.name("pmcid")
        and f"https://www.ncbi.nlm.nih.gov/pmc/articles/{entry.name('pmcid').removeprefix('PMC')}",
    }
    return {key: value for key, value in told.items() if value}


def _locations(index: Index, entry: Entry) -> list[dict[str, Any]]:
    """Return where the work is: the page of its DOI, its e-print, and the open copies of the plan."""
    paper = entry.paper
    places = [_location(f"https://doi.org/{paper['doi']}", None, entry)] if paper.get("doi") else []
    if name := entry.name("arxiv"):
        places.append(_location(f"https://arxiv.org/abs/{name}", f"https://arxiv.org/pdf/{name}", entry))
    if entry.number and (name := entry.name("pmcid")):
        places.append(_location(f"https://www.ncbi.nlm.nih.gov/pmc/articles/{name}", None, entry))
    return places + [_location(url, url, entry) for url in index.addresses(entry)]


def _location(page: str, pdf: str | None, entry: Entry) -> dict[str, Any]:
    is_oa = "doi.org" not in page
    license_ = entry.paper.get("license") or None
    return {
        "id": page.replace("https://doi.org/", "doi:"),
        "is_oa": is_oa,
        "landing_page_url": page,
        "pdf_url": pdf,
        "source": _source(entry.paper.get("venue") or "Invented Repository", "repository" if is_oa else "journal"),
        "license": license_.lower() if license_ and is_oa else None,
        "license_id": f"https://openalex.org/licenses/{license_.lower()}" if license_ and is_oa else None,
        "version": "submittedVersion" if "arxiv.org" in page else "publishedVersion",
        "is_accepted": "arxiv.org" not in page,
        "is_published": None if "arxiv.org" in page else True,
        "raw_source_name": None,
        "raw_type": "journal-article",
    }


def _source(name: str, kind: str) -> dict[str, Any]:
    return {
        "id": "https://openalex.org/S9900000001", "display_name": name, "issn_l": None, "issn": None, "is_oa": True,
        "is_in_doaj": False, "is_core": True, "host_organization": None, "host_organization_name": None,
        "host_organization_lineage": [], "host_organization_lineage_names": [], "type": kind,
    }  # fmt: skip


def _authorship(author: Any, place: int) -> dict[str, Any]:
    orcid = author.get("orcid")
    at = author.get("institution")
    institution = {
        "id": "https://openalex.org/I9900000001", "display_name": at, "ror": None, "country_code": None,
        "type": "education", "lineage": [],
    }  # fmt: skip
    return {
        "author_position": "first" if place == 0 else "middle",
        "author": {
            "id": None,
            "display_name": author.get("name"),
            "orcid": orcid and f"https://orcid.org/{orcid}",
        },
        "institutions": [institution] if at else [],
        "countries": [],
        "is_corresponding": place == 0,
        "raw_author_name": author.get("name"),
        "raw_affiliation_strings": [at] if at else [],
        "affiliations": [],
    }


def _inverted(abstract: str) -> dict[str, list[int]] | None:
    found: dict[str, list[int]] = {}
    for place, word in enumerate(abstract.split()):
        found.setdefault(word, []).append(place)
    return found or None
