"""What arXiv's feed says of e-prints, read into records."""

from __future__ import annotations

from lxml import etree

from core.errors import FetchError
from core.identifiers import normalize_arxiv, normalize_doi
from core.metadata import Author, PaperMetadata
from core.scholarly.found import Listing
from core.scholarly.prose import clean
from core.scholarly.reading import record, refuse_hollow

NAME = "arxiv"

_SPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "arxiv": "http://arxiv.org/schemas/atom",
    "search": "http://a9.com/-/spec/opensearch/1.1/",
}
_ERRORS = "arxiv.org/api/errors"


def read_feed(body: bytes) -> Listing:
    """Read a feed; errors come as one, with a single entry that is no paper."""
    feed = _feed(body)
    entries = feed.findall("atom:entry", _SPACES)
    for entry in entries:
        if _ERRORS in _text(entry, "atom:id"):
            raise FetchError("http_400", clean(_text(entry, "atom:summary"))[:200])
    total = _number(_text(feed, "search:totalResults"))
    refuse_hollow(total, entries, begins=_number(_text(feed, "search:startIndex")) < total)
    papers = [_paper(entry) for entry in entries]
    told = tuple(paper for paper in papers if paper.get("arxiv_id"))
    return Listing(told, total, unreadable=("an entry without an arXiv id",) * (len(papers) - len(told)))


def _feed(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        feed = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise FetchError("bad_answer", f"not a feed: {error.msg}"[:200]) from error
    if etree.QName(feed).localname != "feed":
        raise FetchError("bad_answer", "not a feed")
    return feed


def _paper(entry: etree._Element) -> PaperMetadata:
    """Return an e-print; what it calls its DOI is that of the published version."""
    published = _text(entry, "atom:published")[:10]
    doi = normalize_doi(_text(entry, "arxiv:doi"))
    venue = clean(_text(entry, "arxiv:journal_ref"))
    return record(
        NAME,
        doi=doi,
        title=clean(_text(entry, "atom:title")),
        authors=[_author(author) for author in entry.findall("atom:author", _SPACES)],
        year=int(published[:4]) if published[:4].isdecimal() else None,
        publication_date=published,
        venue=venue or "arXiv",
        abstract=clean(_text(entry, "atom:summary")),
        arxiv_id=normalize_arxiv(_text(entry, "atom:id")),
        is_oa=True,
        oa_status="green",
        version="preprint",
        type="preprint",
    )


def _author(element: etree._Element) -> Author:
    author = Author(name=clean(_text(element, "atom:name")))
    if place := clean(_text(element, "arxiv:affiliation")):
        author["institution"] = place
    return author


def _text(element: etree._Element, path: str) -> str:
    return element.findtext(path, "", _SPACES) or ""


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() and len(text) < 12 else 0
