"""The table of catalogues: which can be asked, what each can do, and why some cannot be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from core.http import HttpClient
from core.metadata import PaperMetadata
from core.scholarly.arxiv import ArXiv
from core.scholarly.cache import Cache
from core.scholarly.crossref import Crossref
from core.scholarly.europepmc import EuropePMC
from core.scholarly.found import Found, Query
from core.scholarly.openalex import OpenAlex
from core.scholarly.semanticscholar import SemanticScholar
from core.scholarly.unpaywall import Unpaywall, unusable_email
from core.settings import CATALOGUES, Settings

C = TypeVar("C")


class Catalogue(Protocol):
    """What every catalogue can do."""

    name: str

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        """Return the records of papers known by an identifier."""


@runtime_checkable
class Searching(Protocol):
    """A catalogue that can be searched."""

    name: str

    async def search(self, query: Query) -> Found:
        """Return the papers that match, the most relevant first."""


@runtime_checkable
class Referring(Protocol):
    """A catalogue that knows what a paper cites."""

    name: str

    async def references(self, paper: PaperMetadata, *, limit: int = 200) -> Found:
        """Return what `paper` cites."""


@runtime_checkable
class Citing(Protocol):
    """A catalogue that knows what cites a paper."""

    name: str

    async def citations(
        self, paper: PaperMetadata, *, limit: int = 100, from_year: int | None = None, to_year: int | None = None
    ) -> Found:
        """Return what cites `paper`."""


@dataclass(frozen=True)
class Catalogues:
    """The catalogues that can be asked, by name; why others cannot; and what the user could do for better answers."""

    usable: Mapping[str, Catalogue]
    unusable: Mapping[str, str] = field(default_factory=dict)
    advice: Mapping[str, str] = field(default_factory=dict)

    @property
    def searching(self) -> list[Searching]:
        """Return those that can be searched."""
        return [each for each in self.usable.values() if isinstance(each, Searching)]

    @property
    def referring(self) -> list[Referring]:
        """Return those that know what a paper cites."""
        return [each for each in self.usable.values() if isinstance(each, Referring)]

    @property
    def citing(self) -> list[Citing]:
        """Return those that know what cites a paper."""
        return [each for each in self.usable.values() if isinstance(each, Citing)]


_BUILDERS: dict[str, Callable[[Settings, HttpClient, Cache], Catalogue]] = {
    "openalex": OpenAlex,
    "europepmc": EuropePMC,
    "crossref": Crossref,
    "semanticscholar": SemanticScholar,
    "arxiv": ArXiv,
    "unpaywall": Unpaywall,
}


def open_catalogues(settings: Settings, http: HttpClient, cache: Cache) -> Catalogues:
    """Return the catalogues that `settings` allow; they live as long as `http`, which must be open."""
    unusable = _unusable(settings)
    usable = {name: _BUILDERS[name](settings, http, cache) for name in CATALOGUES if name not in unusable}
    return Catalogues(usable, unusable, {name: text for name, text in _advice(settings).items() if name in usable})


def _unusable(settings: Settings) -> dict[str, str]:
    reasons = {name: "switched off by LIT_REVIEW_CATALOGUES" for name in CATALOGUES if name not in settings.catalogues}
    why = unusable_email(settings.contact_email)
    return {"unpaywall": why} | reasons if why else reasons


def _advice(settings: Settings) -> dict[str, str]:
    advice = {}
    if not settings.openalex_api_key.get_secret_value():
        advice["openalex"] = "a free key (LIT_REVIEW_OPENALEX_API_KEY) gives ten times as many searches a day"
    if not settings.semanticscholar_api_key.get_secret_value():
        advice["semanticscholar"] = "without a key (LIT_REVIEW_SEMANTICSCHOLAR_API_KEY) it refuses most requests"
    if not settings.contact_email:
        advice["crossref"] = "with LIT_REVIEW_CONTACT_EMAIL it answers sooner"
    return advice
