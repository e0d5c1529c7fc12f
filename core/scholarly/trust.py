"""Whom to believe when catalogues contradict each other, field by field; and the record that comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from core.identifiers import aliases, normalize_arxiv, normalize_doi, paper_id
from core.metadata import Notice, PaperMetadata, Version
from core.scholarly.known import bare, of_preprint

#: Who says best what a paper is: publishers (Crossref), indexers, those who gather from others, and last whoever gave
#: us the record, for bibliographies are typed by hand.
GIVEN = "given"
_ORDER = ("crossref", "europepmc", "openalex", "arxiv", "semanticscholar", "unpaywall", GIVEN)
#: Europe PMC's and arXiv's abstracts are whole, Crossref's have lost their layout, OpenAlex's were taken to pieces.
_ABSTRACT = ("europepmc", "crossref", "arxiv", "semanticscholar", "openalex", GIVEN)
_OPEN = ("unpaywall", "openalex", "europepmc", "crossref", "arxiv", "semanticscholar", GIVEN)
_PUBMED = ("europepmc", "openalex", "unpaywall", "semanticscholar", GIVEN)
_ORDERS: dict[str, Sequence[str]] = {
    "abstract": _ABSTRACT,
    "is_oa": _OPEN,
    "oa_status": _OPEN,
    "license": ("crossref", "europepmc", *_OPEN),
    "pmid": _PUBMED,
    "pmcid": _PUBMED,
    "arxiv_id": ("arxiv", "semanticscholar", "openalex", "unpaywall", GIVEN),
    "cited_by_count": ("openalex", "semanticscholar", "crossref", "europepmc", GIVEN),
    "type": ("europepmc", "crossref", "semanticscholar", "arxiv", "openalex", GIVEN),
    "pdf_path": (GIVEN,),
    "pdf_sha256": (GIVEN,),
}
#: Fields of which the published version's value is taken before the preprint's, whoever states it.
_OF_VERSION = frozenset({"doi", "title", "authors", "year", "publication_date", "venue", "version", "type"})
_PREPRINT = ":preprint"
_JOINED = frozenset(
    {"oa_urls", "referenced_works", "notices", "notice_of", "versions", "sources", "origins", "is_retracted",
     "relevance_score", "discovery_method"}
)  # fmt: skip
_IDS = ("doi", "arxiv_id", "pmid", "pmcid", "openalex_id")


def settle(records: Sequence[PaperMetadata]) -> PaperMetadata:
    """Return what `records` of one work say together, the same in whatever order they come.

    A contested field is from whom its order of trust names first (`origins` says who that was); lists are joined; one
    who knows of a retraction is enough. Identifiers that lose become `versions`.
    """
    ordered = sorted(
        map(tidy, records), key=lambda record: (_place("oa_urls", _origin("", record)), _canonical(record))
    )
    contested = sorted({key for record in ordered for key in record} - _JOINED)
    best = {key: _best(key, ordered) for key in contested}
    settled: dict[str, Any] = {key: value for key, (value, _) in best.items() if value not in (None, "", [])}
    settled |= {key: value for key, value in _joined(ordered).items() if value not in (None, "", [])}
    settled["origins"] = {key: origin for key, (_, origin) in best.items() if key in settled}
    versions = _versions(ordered, cast(PaperMetadata, settled))
    return cast(PaperMetadata, settled | ({"versions": versions} if versions else {}))


def _best(key: str, records: Iterable[PaperMetadata]) -> tuple[Any, str]:
    claims = [(record.get(key), _origin(key, record)) for record in records if record.get(key) not in (None, "", [])]
    return min(claims, key=lambda claim: _rank(key, *claim), default=(None, ""))


def _rank(key: str, value: Any, origin: str) -> tuple[Any, ...]:
    """Return the place of a claim: by version, then by trust; of two by the same the longer, then by the alphabet."""
    early = origin.endswith(_PREPRINT) or (key == "doi" and of_preprint(str(value).lower()))
    text = _canonical(value)
    return early, _place(key, origin), -len(text), text, origin


def _place(key: str, origin: str) -> int:
    order = _ORDERS.get(key, _OPEN if key == "oa_urls" else _ORDER)
    name = origin.removesuffix(_PREPRINT)
    whole = (*order, *(each for each in (*_ORDER, name) if each not in order))
    return whole.index(name)


def _origin(key: str, record: PaperMetadata) -> str:
    """Return whom a field of `record` is from."""
    known = record.get("origins", {}).get(key)
    if known:
        return known
    sources = record.get("sources") or []
    name = sources[0] if len(sources) == 1 else GIVEN
    return name + _PREPRINT if key in _OF_VERSION and record.get("version") == "preprint" else name


def _joined(records: Sequence[PaperMetadata]) -> dict[str, Any]:
    retracted = [record["is_retracted"] for record in records if "is_retracted" in record]
    scores = [record["relevance_score"] for record in records if "relevance_score" in record]
    return {
        "oa_urls": list(dict.fromkeys(url for record in records for url in record.get("oa_urls") or [])),
        "referenced_works": sorted({name for record in records for name in record.get("referenced_works") or []}),
        "notices": _notices(records),
        "notice_of": sorted({name for record in records for name in record.get("notice_of") or []}),
        "sources": sorted({name for record in records for name in record.get("sources") or []}),
        "is_retracted": any(retracted) if retracted else None,
        "relevance_score": max(scores, default=None),
        "discovery_method": min(filter(None, (record.get("discovery_method") for record in records)), default=None),
    }


def _notices(records: Iterable[PaperMetadata]) -> list[Notice]:
    told = {_canonical(notice): notice for record in records for notice in record.get("notices") or []}
    return [told[text] for text in sorted(told)]


def _versions(records: Iterable[PaperMetadata], settled: PaperMetadata) -> list[Version]:
    """Return every identifier of the work that `settled` does not bear itself, each once."""
    told: dict[str, str] = {}
    for record in records:
        for version in (*_own(record), *(record.get("versions") or [])):
            for alias in aliases(cast(PaperMetadata, version)):
                told[alias] = max(told.get(alias, ""), version.get("version", ""))
    others = sorted(told.keys() - set(aliases(settled)))
    return [_version(alias, told[alias]) for alias in others]


def _own(record: PaperMetadata) -> Iterator[Version]:
    """Yield the identifiers that a record bears, those of a preprint as such."""
    early = _origin("doi", record).endswith(_PREPRINT) or of_preprint(record.get("doi", ""))
    for key, value in record.items():
        if key in _IDS and value:
            of_eprint = key == "arxiv_id" or (key == "doi" and early)
            yield cast(Version, {key: value, **({"version": "preprint"} if of_eprint else {})})


def _version(alias: str, kind: str) -> Version:
    found = cast(Version, dict(bare(alias)))
    return Version(**found, version=kind) if kind else found


def tidy(record: PaperMetadata) -> PaperMetadata:
    """Return `record` with its DOI in lower case; that of an e-print is its arXiv id, and bears no name of its own."""
    doi, arxiv = normalize_doi(record.get("doi")), normalize_arxiv(record.get("arxiv_id"))
    eprint = normalize_arxiv(doi)
    tidied = {**record, **({"doi": doi} if doi else {})}
    if eprint:
        del tidied["doi"]
        tidied["arxiv_id"] = eprint
        if arxiv not in (None, eprint):
            tidied["versions"] = [*(record.get("versions") or []), Version(version="preprint", arxiv_id=str(arxiv))]
    return cast(PaperMetadata, tidied)


def names(paper: PaperMetadata) -> list[str]:
    """Return every name of a tidy paper: its identifiers, else its description, and those of its other versions."""
    known = aliases(paper) or [paper_id(paper)]
    for version in paper.get("versions") or []:
        known += aliases(cast(PaperMetadata, version))
    return list(dict.fromkeys(known))


def _canonical(value: Mapping[str, Any] | Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
