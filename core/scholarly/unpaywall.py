"""Unpaywall: where open copies of a DOI are, under which licence and in which version."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from urllib.parse import quote

from core.errors import FetchError
from core.http import HttpClient
from core.identifiers import normalize_doi, normalize_pmcid
from core.metadata import Author, PaperMetadata
from core.scholarly.cache import Cache
from core.scholarly.found import Found, Listing
from core.scholarly.known import schemes
from core.scholarly.license import license_of
from core.scholarly.line import Ask, Line, surely
from core.scholarly.places import Place, addresses, arxiv_in, pmcid_in
from core.scholarly.prose import plain
from core.scholarly.reading import Shape, Year, parsed, record
from core.settings import Settings

NAME = "unpaywall"

#: Addresses that the service refuses with 422 as nobody's, and what is none at all.
_NOBODY = re.compile(r"@(?:[\w.-]*\.)?example\.(?:com|org|net)$|@(?:localhost|test)$", re.I)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PMH = re.compile(r"^oai:pubmedcentral\.nih\.gov:(\d+)$")


class _Location(Shape):
    url: str = ""
    url_for_pdf: str = ""
    url_for_landing_page: str = ""
    license: str = ""
    pmh_id: str = ""


class _Author(Shape):
    raw_author_name: str = ""


class _Answer(Shape):
    doi: str
    title: str = ""
    genre: str = ""
    published_date: str = ""
    year: Year = None
    journal_name: str = ""
    is_oa: bool | None = None
    oa_status: str = ""
    best_oa_location: _Location = _Location()
    oa_locations: tuple[_Location, ...] = ()
    z_authors: tuple[_Author, ...] = ()


class Unpaywall:
    """Knows the DOIs of Crossref, and of each whether and where it can be read."""

    name = NAME

    def __init__(self, settings: Settings, http: HttpClient, cache: Cache) -> None:
        secret = {"email": settings.contact_email}
        self._line = Line(NAME, settings.unpaywall_url, settings, http, cache, secret=secret)

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        """Return what is known of these DOIs, one request each; those of other registries than Crossref are missing."""
        dois = [doi for paper in papers if (doi := schemes(paper).get("doi"))]
        return await self._line.collect("by_id", self._by_id(list(dict.fromkeys(dois))))

    async def _by_id(self, dois: list[str]) -> AsyncGenerator[Listing]:
        for doi in dois:
            yield await surely(self._one(doi))

    async def _one(self, doi: str) -> Listing:
        ask = Ask(f"/{quote(doi, safe='/')}", read_answer, absent=frozenset({404}))
        return await self._line.ask(ask) or Listing(missing=(doi,))


def unusable_email(email: str) -> str:
    """Return why the service would refuse this address, nothing if it would not."""
    if not email:
        return "it wants an e-mail address: set LIT_REVIEW_CONTACT_EMAIL"
    if not _EMAIL.fullmatch(email) or _NOBODY.search(email):
        return "it wants a real e-mail address, LIT_REVIEW_CONTACT_EMAIL is none"
    return ""


def read_answer(body: bytes) -> Listing:
    """Read what is known of one DOI."""
    answer = parsed(_Answer, body)
    doi = normalize_doi(answer.doi)
    if doi is None:
        raise FetchError("bad_answer", "speaks of no DOI")
    best, places = answer.best_oa_location, (answer.best_oa_location, *answer.oa_locations)
    urls = [url for each in places for url in (each.url, each.url_for_pdf, each.url_for_landing_page)]
    pmh = next((match[1] for each in places if (match := _PMH.match(each.pmh_id))), "")
    found = record(
        NAME,
        doi=doi,
        title=plain(answer.title),
        authors=[Author(name=plain(each.raw_author_name)) for each in answer.z_authors if each.raw_author_name],
        year=answer.year,
        publication_date=answer.published_date,
        venue=plain(answer.journal_name),
        pmcid=normalize_pmcid(pmh) or pmcid_in(urls),
        arxiv_id=arxiv_in(urls),
        is_oa=answer.is_oa,
        oa_status=answer.oa_status,
        oa_urls=addresses(Place(each.url_for_pdf, each.url_for_landing_page or each.url) for each in places),
        license=license_of(best.license),
        version="preprint" if answer.genre == "posted-content" else "published",
    )
    return Listing((found,))
