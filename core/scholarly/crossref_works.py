"""What Crossref says of a work, read into a record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from core.identifiers import normalize_arxiv, normalize_doi
from core.metadata import Author, Notice, PaperMetadata, Version
from core.scholarly.found import Listing
from core.scholarly.license import license_of
from core.scholarly.notices import kind_of
from core.scholarly.places import Place, addresses
from core.scholarly.prose import abstract, plain
from core.scholarly.reading import Count, Shape, Year, parsed, readable, record, refuse_hollow

NAME = "crossref"

#: Versions of the text whose licence is that of the text; `tdm` is one for text mining.
_TEXTS = frozenset({"vor", "am", "unspecified"})
_TYPES = {
    "journal-article": "article", "proceedings-article": "article", "posted-content": "preprint", "monograph": "book",
    "book": "book", "book-chapter": "chapter", "dissertation": "thesis", "report": "report", "dataset": "dataset",
}  # fmt: skip
_RELATED = {"is-preprint-of": "published", "has-preprint": "preprint"}
_RETRACTED = re.compile(r"^\W*(?:retracted|withdrawn)(?: article| paper)?\s*[:\]]", re.I)


def _parts(value: Any) -> list[int]:
    """Return the first date of `date-parts`, as far as it is told; Crossref writes `[[null]]` for none."""
    first = value[0] if isinstance(value, list) and value else []
    told = [part for part in first if isinstance(part, int)] if isinstance(first, list) else []
    return told[:3] if told and 1000 <= told[0] <= 2999 else []


class _Date(Shape):
    parts: Annotated[list[int], BeforeValidator(_parts)] = Field(default_factory=list, alias="date-parts")

    @property
    def iso(self) -> str:
        return "-".join(f"{part:02}" for part in self.parts)


class _Named(Shape):
    name: str = ""


class _Author(Shape):
    given: str = ""
    family: str = ""
    name: str = ""
    orcid: str = Field("", alias="ORCID")
    affiliation: tuple[_Named, ...] = ()


class _License(Shape):
    url: str = Field("", alias="URL")
    version: str = Field("", alias="content-version")


class _Link(Shape):
    url: str = Field("", alias="URL")
    media: str = Field("", alias="content-type")


class _Update(Shape):
    doi: str = Field("", alias="DOI")
    type: str = ""
    updated: _Date = _Date()


class _Related(Shape):
    id: str = ""


class _Cited(Shape):
    doi: str = Field("", alias="DOI")
    article: str = Field("", alias="article-title")
    volume: str = Field("", alias="volume-title")
    journal: str = Field("", alias="journal-title")
    author: str = ""
    year: Year = None


class _Work(Shape):
    doi: str = Field(alias="DOI")
    title: tuple[str, ...] = ()
    subtitle: tuple[str, ...] = ()
    author: tuple[_Author, ...] = ()
    venue: tuple[str, ...] = Field((), alias="container-title")
    abstract: str = ""
    type: str = ""
    language: str = ""
    published: _Date = _Date()
    issued: _Date = _Date()
    license: tuple[_License, ...] = ()
    link: tuple[_Link, ...] = ()
    cited_by: Count = Field(None, alias="is-referenced-by-count")
    reference: tuple[_Cited, ...] = ()
    update_to: tuple[_Update, ...] = Field((), alias="update-to")
    updated_by: tuple[_Update, ...] = Field((), alias="updated-by")
    relation: dict[str, Any] = Field(default_factory=dict)


class _Single(Shape):
    message: _Work


class _Query(Shape):
    start: Count = Field(None, alias="start-index")


class _Items(Shape):
    query: _Query = _Query()
    total: Count = Field(None, alias="total-results")
    items: list[Any]


class _Page(Shape):
    message: _Items


def read_page(body: bytes) -> Listing:
    """Read a page of works."""
    page = parsed(_Page, body).message
    refuse_hollow(page.total, page.items, begins=page.query.start == 0)
    works, unreadable = readable(_Work, page.items)
    return Listing(tuple(map(_paper, works)), page.total, unreadable=unreadable)


def read_work(body: bytes) -> Listing:
    """Read a single work."""
    return Listing((_paper(parsed(_Single, body).message),))


def read_cited(body: bytes) -> Listing:
    """Read what a single work cites; of some references Crossref has nothing that a paper can be told by."""
    cited = parsed(_Single, body).message.reference
    papers = tuple(paper for paper in map(_reference, cited) if paper.get("doi") or paper.get("title"))
    return Listing(papers, len(cited))


def _reference(cited: _Cited) -> PaperMetadata:
    return record(
        NAME,
        doi=normalize_doi(cited.doi),
        title=plain(cited.article or cited.volume),
        authors=[Author(name=plain(cited.author))] if cited.author else [],
        year=cited.year,
        venue=plain(cited.journal),
    )


def _paper(work: _Work) -> PaperMetadata:
    doi = normalize_doi(work.doi)
    title = plain(next(iter(work.title), ""))
    date = work.published if work.published.parts else work.issued
    license_ = next(filter(None, (license_of(each.url) for each in work.license if each.version in _TEXTS)), "")
    notices, notice_of = _notices(work, doi)
    retracted = any(notice["kind"] == "retraction" for notice in notices) or bool(_RETRACTED.match(title))
    return record(
        NAME,
        doi=doi,
        title=title,
        authors=[_author(each) for each in work.author],
        year=date.parts[0] if date.parts else None,
        publication_date=date.iso if len(date.parts) > 1 else "",
        venue=plain(next(iter(work.venue), "")),
        abstract=abstract(work.abstract),
        arxiv_id=normalize_arxiv(doi),
        is_oa=True if license_ else None,
        oa_urls=addresses(Place(each.url) for each in work.link if license_ and each.media == "application/pdf"),
        license=license_,
        cited_by_count=work.cited_by,
        referenced_works=list(dict.fromkeys(name for each in work.reference if (name := normalize_doi(each.doi)))),
        is_retracted=retracted or None,
        notices=notices,
        notice_of=notice_of,
        version=_version(work.type),
        versions=list(_versions(work.relation)),
        type=_TYPES.get(work.type),
        language=work.language.lower()[:2],
    )


def _version(kind: str) -> str | None:
    return "preprint" if kind == "posted-content" else "published" if kind in _TYPES else None


def _author(given: _Author) -> Author:
    author = Author(name=plain(f"{given.given} {given.family}".strip() or given.name))
    if orcid := given.orcid.rstrip("/").rpartition("/")[2]:
        author["orcid"] = orcid
    if given.affiliation and given.affiliation[0].name:
        author["institution"] = plain(given.affiliation[0].name)
    return author


def _notices(work: _Work, doi: str | None) -> tuple[list[Notice], list[str]]:
    """Return what was published about this work, and the works that this one is a notice of.

    `updated-by` points from a work to its notices, `update-to` from a notice to the work; one that points to itself
    was retracted or corrected in place.
    """
    of = [name for each in work.update_to if kind_of(each.type) and (name := normalize_doi(each.doi)) and name != doi]
    in_place = [each for each in work.update_to if normalize_doi(each.doi) == doi]
    return list(_published((*work.updated_by, *in_place))), list(dict.fromkeys(of))


def _published(updates: Sequence[_Update]) -> Iterator[Notice]:
    for each in updates:
        notice = Notice(kind=kind_of(each.type), source=NAME)
        if doi := normalize_doi(each.doi):
            notice["doi"] = doi
        if each.updated.iso:
            notice["date"] = each.updated.iso
        if notice["kind"]:
            yield notice


def _versions(relation: dict[str, Any]) -> Iterator[Version]:
    for name, version in _RELATED.items():
        stated = relation.get(name)
        related, _ = readable(_Related, stated if isinstance(stated, list) else [])
        for doi in filter(None, (normalize_doi(each.id) for each in related)):
            yield Version(version=version, doi=doi)
