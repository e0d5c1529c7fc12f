"""What OpenAlex says of a work, read into a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field

from core.identifiers import normalize_doi, normalize_openalex, normalize_pmcid, normalize_pmid
from core.metadata import Author, PaperMetadata
from core.scholarly.found import Listing
from core.scholarly.license import license_of
from core.scholarly.places import VERSIONS, Place, addresses, arxiv_in, pmcid_in
from core.scholarly.prose import MAX_CHARS, plain
from core.scholarly.reading import Count, Shape, Year, parsed, readable, record, refuse_hollow

NAME = "openalex"
#: Words of one abstract that are put in order; the longest real ones have a tenth of them.
MAX_WORDS = 20_000
SELECT = (
    "id,doi,display_name,publication_year,publication_date,ids,language,type,primary_location,best_oa_location,"
    "locations,open_access,authorships,cited_by_count,is_retracted,referenced_works,abstract_inverted_index"
)

_TYPES = {
    "article": "article", "journal-article": "article", "review": "review", "preprint": "preprint", "book": "book",
    "book-chapter": "chapter", "dissertation": "thesis", "dataset": "dataset", "software": "software",
}  # fmt: skip


class _Source(Shape):
    display_name: str = ""
    type: str = ""


class _Location(Shape):
    is_oa: bool = False
    landing_page_url: str = ""
    pdf_url: str = ""
    license: str = ""
    version: str = ""
    source: _Source = _Source()


class _Person(Shape):
    display_name: str = ""
    orcid: str = ""


class _Authorship(Shape):
    author: _Person = _Person()
    institutions: tuple[_Source, ...] = ()
    raw_author_name: str = ""


class _Ids(Shape):
    pmid: str = ""
    pmcid: str = ""


class _Open(Shape):
    is_oa: bool | None = None
    oa_status: str = ""
    oa_url: str = ""


class _Work(Shape):
    id: str
    doi: str = ""
    display_name: str = ""
    publication_year: Year = None
    publication_date: str = ""
    ids: _Ids = _Ids()
    language: str = ""
    type: str = ""
    primary_location: _Location = _Location()
    best_oa_location: _Location = _Location()
    locations: tuple[_Location, ...] = ()
    open_access: _Open = _Open()
    authorships: tuple[_Authorship, ...] = ()
    cited_by_count: Count = None
    is_retracted: bool | None = None
    referenced_works: tuple[str, ...] = ()
    abstract_inverted_index: dict[str, list[int]] = Field(default_factory=dict)


class _Meta(Shape):
    count: Count = None
    page: Count = None


class _Page(Shape):
    meta: _Meta
    results: list[Any]


def read_page(body: bytes) -> Listing:
    """Read a page of works."""
    page = parsed(_Page, body)
    refuse_hollow(page.meta.count, page.results, begins=page.meta.page == 1)
    works, unreadable = readable(_Work, page.results)
    return Listing(tuple(map(_paper, works)), page.meta.count, unreadable=unreadable)


def read_work(body: bytes) -> Listing:
    """Read a single work."""
    return Listing((_paper(parsed(_Work, body)),))


def _paper(work: _Work) -> PaperMetadata:
    places = list(_open(work))
    urls = [url for place in work.locations for url in (place.landing_page_url, place.pdf_url)]
    main = work.primary_location
    doi = normalize_doi(work.doi)
    return record(
        NAME,
        doi=doi,
        title=plain(work.display_name),
        authors=list(map(_author, work.authorships)),
        year=work.publication_year,
        publication_date=work.publication_date,
        venue=plain(main.source.display_name),
        abstract=in_order(work.abstract_inverted_index),
        openalex_id=normalize_openalex(work.id),
        pmid=normalize_pmid(work.ids.pmid),
        pmcid=normalize_pmcid(work.ids.pmcid) or pmcid_in(urls),
        arxiv_id=arxiv_in(urls),
        is_oa=work.open_access.is_oa,
        oa_status=work.open_access.oa_status,
        oa_urls=addresses([*places, Place(page=work.open_access.oa_url)]),
        license=license_of(work.best_oa_location.license),
        cited_by_count=work.cited_by_count,
        referenced_works=_cited(work.referenced_works),
        is_retracted=work.is_retracted,
        version="preprint" if work.type == "preprint" else VERSIONS.get(main.version),
        type=_TYPES.get(work.type),
        language=work.language,
    )


def _open(work: _Work) -> Iterator[Place]:
    for place in (work.best_oa_location, *work.locations):
        if place.is_oa:
            yield Place(place.pdf_url, place.landing_page_url)


def _author(given: _Authorship) -> Author:
    author = Author(name=plain(given.author.display_name or given.raw_author_name))
    if orcid := given.author.orcid.rpartition("/")[2]:
        author["orcid"] = orcid
    if given.institutions:
        author["institution"] = plain(given.institutions[0].display_name)
    return author


def _cited(urls: Iterable[str]) -> list[str]:
    return [f"openalex:{name}" for name in map(normalize_openalex, urls) if name]


def in_order(index: Mapping[str, list[int]]) -> str:
    """Return the abstract that an inverted index stands for; what it claims beyond any abstract's length is cut."""
    places = {place: word for word, found in index.items() for place in found[:MAX_WORDS] if 0 <= place < MAX_WORDS}
    return plain(" ".join(word for _, word in sorted(places.items()))[:MAX_CHARS])
