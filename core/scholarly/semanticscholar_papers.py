"""What Semantic Scholar says of a paper, read into a record."""

from __future__ import annotations

from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from core.errors import FetchError
from core.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from core.metadata import Author, PaperMetadata
from core.scholarly.found import Listing
from core.scholarly.known import of_preprint
from core.scholarly.license import license_of
from core.scholarly.places import Place, addresses
from core.scholarly.prose import clean, plain
from core.scholarly.reading import Camel, Count, Shape, Year, parsed, readable, record, refuse_hollow

NAME = "semanticscholar"

LINKED = "title,externalIds,year,authors,venue,citationCount,publicationDate,publicationTypes,isOpenAccess"
FIELDS = LINKED + ",abstract,openAccessPdf,journal"

_TYPES = {"Review": "review", "JournalArticle": "article", "Conference": "article", "Book": "book"}
_PREPRINTS = frozenset({"arxiv", "arxiv.org", "biorxiv", "medrxiv", "chemrxiv"})


class _Ids(Shape):
    doi: str = Field("", alias="DOI")
    arxiv: str = Field("", alias="ArXiv")
    pmid: str = Field("", alias="PubMed")
    pmcid: str = Field("", alias="PubMedCentral")


class _Pdf(Shape):
    url: str = ""
    status: str = ""
    license: str = ""


class _Named(Shape):
    name: str = ""


class _Paper(Camel):
    paper_id: str = ""
    external_ids: _Ids = _Ids()
    title: str = ""
    abstract: str = ""
    venue: str = ""
    journal: _Named = _Named()
    year: Year = None
    publication_date: str = ""
    authors: tuple[_Named, ...] = ()
    citation_count: Count = None
    is_open_access: bool | None = None
    open_access_pdf: _Pdf = _Pdf()
    publication_types: tuple[str, ...] = ()


class _Search(Shape):
    total: Count = None
    offset: Count = None
    next: Count = None
    data: tuple[Any, ...] = ()


class _Links(Shape):
    next: Count = None
    data: list[Any] | None = None


class _Link(Camel):
    cited_paper: _Paper | None = None
    citing_paper: _Paper | None = None


def read_search(body: bytes) -> Listing:
    """Read a page of results; `next` is the offset of the page after it, nothing on the last one."""
    page = parsed(_Search, body)
    if page.total is None:
        raise FetchError("bad_answer", "does not tell how many results there are")
    refuse_hollow(page.total, page.data, begins=not page.offset)
    papers, unreadable = readable(_Paper, page.data)
    return Listing(tuple(map(_paper, papers)), page.total, str(page.next or ""), unreadable)


def read_batch(body: bytes) -> Listing:
    """Read the answer to a list of ids: in its order, null for the unknown; `missing` are their places."""
    try:
        items = TypeAdapter(list[Any]).validate_json(body)
    except ValidationError as error:
        raise FetchError("bad_answer", "not a list of papers") from error
    missing = tuple(str(place) for place, item in enumerate(items) if item is None)
    papers, unreadable = readable(_Paper, [item for item in items if item is not None])
    return Listing(tuple(map(_paper, papers)), unreadable=unreadable, missing=missing)


def read_links(body: bytes) -> Listing:
    """Read a page of references or citations; papers that only their number here tells apart are left out."""
    page = parsed(_Links, body)
    if page.data is None:
        raise FetchError("bad_answer", "the publisher does not let it show these")
    links, unreadable = readable(_Link, page.data)
    papers = [_paper(paper) for link in links if (paper := link.cited_paper or link.citing_paper)]
    return Listing(tuple(paper for paper in papers if len(paper) > 1), None, str(page.next or ""), unreadable)


def _paper(found: _Paper) -> PaperMetadata:
    pdf, names = found.open_access_pdf, found.external_ids
    closed = pdf.status.upper() == "CLOSED"
    doi = normalize_doi(names.doi)
    return record(
        NAME,
        doi=doi,
        title=plain(found.title),
        authors=[Author(name=clean(each.name)) for each in found.authors if each.name],
        year=found.year,
        publication_date=found.publication_date,
        venue=plain(found.journal.name or found.venue),
        abstract=plain(found.abstract),
        pmid=normalize_pmid(names.pmid),
        pmcid=normalize_pmcid(names.pmcid),
        arxiv_id=normalize_arxiv(names.arxiv) or normalize_arxiv(doi),
        is_oa=found.is_open_access,
        oa_status="" if closed else pdf.status.lower(),
        oa_urls=[] if closed else addresses([Place(pdf.url)]),
        license=license_of(pdf.license),
        cited_by_count=found.citation_count,
        version="preprint" if doi and of_preprint(doi) else _version(found),
        type=next((kind for name, kind in _TYPES.items() if name in found.publication_types), None),
    )


def _version(found: _Paper) -> str | None:
    """Return the version that the record is of; its venue may be the preprint's while its journal is not."""
    if found.journal.name and found.journal.name.casefold() not in _PREPRINTS:
        return "published"
    return "preprint" if (found.journal.name or found.venue).casefold() in _PREPRINTS else None
