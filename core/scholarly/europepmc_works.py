"""What Europe PMC says of a paper, read into a record."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from core.errors import FetchError
from core.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from core.metadata import Author, Notice, PaperMetadata, Version
from core.scholarly.found import Listing
from core.scholarly.license import license_of
from core.scholarly.notices import RETRACTION, kind_of
from core.scholarly.places import Place, addresses
from core.scholarly.prose import abstract, plain
from core.scholarly.reading import Camel, Count, Year, parsed, readable, record, refuse_hollow

NAME = "europepmc"

#: ISO 639-1 codes of the languages papers are written in, and how this service spells them (ISO 639-2/B).
LANGUAGES = {
    "en": "eng", "de": "ger", "fr": "fre", "es": "spa", "it": "ita", "pt": "por", "ru": "rus", "zh": "chi", "ja": "jpn",
    "ko": "kor", "pl": "pol", "nl": "dut", "tr": "tur", "cs": "cze", "hu": "hun", "sv": "swe", "da": "dan", "no": "nor",
    "fi": "fin", "uk": "ukr", "ar": "ara", "fa": "per", "he": "heb", "hr": "hrv", "ro": "rum",
}  # fmt: skip
_ISO = {spelled: code for code, spelled in LANGUAGES.items()}
_TYPES = {
    "review": "review", "systematic review": "review", "review-article": "review", "preprint": "preprint",
    "research-article": "article", "journal article": "article",
}  # fmt: skip


class _OrcId(Camel):
    type: str = ""
    value: str = ""


class _Affiliation(Camel):
    affiliation: str = ""


class _Affiliations(Camel):
    author_affiliation: tuple[_Affiliation, ...] = ()


class _Author(Camel):
    full_name: str = ""
    first_name: str = ""
    last_name: str = ""
    collective_name: str = ""
    author_id: _OrcId = _OrcId()
    author_affiliation_details_list: _Affiliations = _Affiliations()


class _Authors(Camel):
    author: tuple[_Author, ...] = ()


class _Journal(Camel):
    title: str = ""


class _Issue(Camel):
    journal: _Journal = _Journal()


class _Types(Camel):
    pub_type: tuple[str, ...] = ()


class _Url(Camel):
    availability_code: str = ""
    document_style: str = ""
    url: str = ""


class _Urls(Camel):
    full_text_url: tuple[_Url, ...] = ()


class _Comment(Camel):
    id: str = ""
    source: str = ""
    type: str = ""


class _Comments(Camel):
    comment_correction: tuple[_Comment, ...] = ()


class _Result(Camel):
    id: str
    source: str
    pmid: str = ""
    pmcid: str = ""
    doi: str = ""
    title: str = ""
    author_string: str = ""
    author_list: _Authors = _Authors()
    journal_info: _Issue = _Issue()
    journal_title: str = ""
    pub_year: Year = None
    first_publication_date: str = ""
    abstract_text: str = ""
    language: str = ""
    pub_type_list: _Types = _Types()
    full_text_url_list: _Urls = _Urls()
    comment_correction_list: _Comments = _Comments()
    is_open_access: str = ""
    cited_by_count: Count = None
    license: str = ""


class _Link(Camel):
    id: str = ""
    source: str = ""
    doi: str = ""
    title: str = ""
    author_string: str = ""
    journal_abbreviation: str = ""
    pub_year: Year = None
    cited_by_count: Count = None


class _Results(Camel):
    result: tuple[Any, ...] = ()


class _References(Camel):
    reference: tuple[Any, ...] = ()


class _Citations(Camel):
    citation: tuple[Any, ...] = ()


class _Request(Camel):
    cursor_mark: str = ""


class _Answer(Camel):
    request: _Request = _Request()
    err_code: Count = None
    err_msg: str = ""
    hit_count: Count = None
    next_cursor_mark: str = ""
    result_list: _Results | None = None
    reference_list: _References | None = None
    citation_list: _Citations | None = None


def read_search(body: bytes) -> Listing:
    """Read a page of results; `next` is the cursor of the page after it."""
    answer = _answered(body)
    if answer.result_list is None:
        raise FetchError("bad_answer", "no list of results")
    refuse_hollow(answer.hit_count, answer.result_list.result, begins=answer.request.cursor_mark == "*")
    results, unreadable = readable(_Result, answer.result_list.result)
    return Listing(tuple(map(_paper, results)), answer.hit_count, answer.next_cursor_mark, unreadable)


def read_place(body: bytes) -> Listing:
    """Read where the service keeps the first result: `next` is its `<source>/<id>`."""
    answer = _answered(body)
    results, _ = readable(_Result, answer.result_list.result if answer.result_list else ())
    return Listing(tuple(map(_paper, results)), next=next((f"{each.source}/{each.id}" for each in results), ""))


def read_links(body: bytes) -> Listing:
    """Read a page of references or citations."""
    answer = _answered(body)
    if answer.reference_list is None and answer.citation_list is None and answer.hit_count is None:
        raise FetchError("bad_answer", "no list of references or citations")
    items = (answer.reference_list.reference if answer.reference_list else ()) or (
        answer.citation_list.citation if answer.citation_list else ()
    )
    links, unreadable = readable(_Link, items)
    papers = (_linked(link) for link in links)
    return Listing(tuple(paper for paper in papers if len(paper) > 1), answer.hit_count, unreadable=unreadable)


def _answered(body: bytes) -> _Answer:
    """Return the answer; raise for the errors that come as a success."""
    answer = parsed(_Answer, body)
    if answer.err_code or answer.err_msg:
        code = answer.err_code or 0
        raise FetchError(f"http_{code}" if 400 <= code < 600 else "bad_answer", plain(answer.err_msg)[:200])
    return answer


def _linked(link: _Link) -> PaperMetadata:
    return record(
        NAME,
        doi=normalize_doi(link.doi),
        pmid=normalize_pmid(link.id) if link.source == "MED" else None,
        pmcid=normalize_pmcid(link.id) if link.source == "PMC" else None,
        title=plain(link.title).rstrip("."),
        authors=_names(link.author_string),
        year=link.pub_year,
        venue=plain(link.journal_abbreviation),
        cited_by_count=link.cited_by_count,
        version="preprint" if link.source == "PPR" else None,
    )


def _paper(found: _Result) -> PaperMetadata:
    types = {name.casefold() for name in found.pub_type_list.pub_type}
    notices = list(_notices(found.comment_correction_list))
    retracted = "retracted publication" in types or any(notice["kind"] == RETRACTION for notice in notices)
    doi = normalize_doi(found.doi)
    return record(
        NAME,
        doi=doi,
        title=plain(found.title).rstrip("."),
        authors=[_author(each) for each in found.author_list.author] or _names(found.author_string),
        year=found.pub_year,
        publication_date=found.first_publication_date,
        venue=plain(found.journal_info.journal.title or found.journal_title),
        abstract=abstract(found.abstract_text),
        pmid=normalize_pmid(found.pmid),
        pmcid=normalize_pmcid(found.pmcid),
        arxiv_id=normalize_arxiv(doi),
        is_oa={"Y": True, "N": False}.get(found.is_open_access),
        oa_urls=addresses(map(_place, _open(found.full_text_url_list))),
        license=license_of(found.license),
        cited_by_count=found.cited_by_count,
        is_retracted=retracted or None,
        notices=notices,
        notice_of=[f"pmid:{each.id}" for each in _others(found.comment_correction_list, " of") if kind_of(each.type)],
        version="preprint" if found.source == "PPR" else "published" if found.source in ("MED", "PMC") else None,
        versions=list(_versions(found.comment_correction_list)),
        type="preprint"
        if found.source == "PPR"
        else next(filter(None, map(_TYPES.get, sorted(types, reverse=True))), None),
        language=_ISO.get(found.language),
    )


def _type(types: Container[str]) -> str | None:
    """Return the first of the kinds we know, of which a review comes before an article."""
    return next((kind for name, kind in _TYPES.items() if name in types), None)


def _author(given: _Author) -> Author:
    name = f"{given.first_name} {given.last_name}".strip() if given.first_name else given.full_name
    author = Author(name=plain(name or given.collective_name))
    if given.author_id.type == "ORCID" and given.author_id.value:
        author["orcid"] = given.author_id.value
    places = given.author_affiliation_details_list.author_affiliation
    if places and places[0].affiliation:
        author["institution"] = plain(places[0].affiliation)
    return author


def _names(text: str) -> list[Author]:
    return [Author(name=name) for part in plain(text).rstrip(".").split(",") if (name := part.strip())]


def _open(urls: _Urls) -> Iterator[_Url]:
    return (each for each in urls.full_text_url if each.availability_code in ("OA", "F"))


def _place(each: _Url) -> Place:
    return Place(pdf=each.url) if each.document_style == "pdf" else Place(page=each.url)


def _others(comments: _Comments, way: str) -> list[_Comment]:
    """Return the PubMed records that this one points to: `... in` at what says it of us, `... of` at what we say it."""
    return [each for each in comments.comment_correction if each.type.casefold().endswith(way) and each.source == "MED"]


def _notices(comments: _Comments) -> Iterator[Notice]:
    for each in _others(comments, " in"):
        if kind := kind_of(each.type):
            notice = Notice(kind=kind, source=NAME)
            if pmid := normalize_pmid(each.id):
                notice["pmid"] = pmid
            yield notice


def _versions(comments: _Comments) -> Iterator[Version]:
    for each in comments.comment_correction:
        pmid = normalize_pmid(each.id) if each.source == "MED" else None
        if "preprint" in each.type.casefold() and pmid:
            yield Version(version="published", pmid=pmid)
