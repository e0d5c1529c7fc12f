"""Bare identifiers become records, and nothing that was given is lost or overwritten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from core.metadata import PaperMetadata
from core.scholarly.catalogues import Catalogues, open_catalogues
from core.scholarly.completion import complete
from core.scholarly.found import CatalogueError, Found
from core.settings import CATALOGUES
from tests.unit.scholarly.fakehttp import FakeHttp, settings


@dataclass
class Shelf:
    """A catalogue that holds a few records."""

    name: str
    records: list[dict[str, Any]] = field(default_factory=list)
    asked: list[PaperMetadata] = field(default_factory=list)
    takes_s: float = 0.0

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        self.asked += papers
        await asyncio.sleep(self.takes_s)
        return Found(tuple(cast(PaperMetadata, {**each, "sources": [self.name]}) for each in self.records))


def table(*shelves: Shelf) -> Catalogues:
    return Catalogues({shelf.name: shelf for shelf in shelves})


FULL = {"doi": "10.5555/a", "title": "T", "pmcid": "PMC111", "license": "cc-by"}


async def test_a_bare_doi_becomes_a_record() -> None:
    europe = Shelf("europepmc", [{**FULL, "pmid": "7", "is_oa": True}])
    open_ = Shelf("openalex", [{"doi": "10.5555/a", "oa_urls": ["https://a.net/a.pdf"], "title": "t"}])
    completed = await complete([{"doi": "10.5555/A"}], table(europe, open_))

    [paper] = completed.papers
    assert (paper["doi"], paper["title"], paper["pmid"], paper["pmcid"]) == ("10.5555/A", "T", "7", "PMC111")
    assert (paper["oa_urls"], paper["license"]) == (["https://a.net/a.pdf"], "cc-by")
    assert paper["sources"] == ["europepmc", "openalex"]
    assert completed.errors == ()


async def test_what_was_given_is_kept_but_a_retraction_is_told() -> None:
    given: PaperMetadata = {
        "doi": "10.5555/a",
        "title": "My title",
        "oa_urls": ["https://mine.net"],
        "is_retracted": False,
    }
    europe = Shelf("europepmc", [{**FULL, "is_retracted": True, "oa_urls": ["https://other.net"]}])
    [paper] = (await complete([given], table(europe))).papers

    assert (paper["title"], paper["is_retracted"]) == ("My title", True)
    assert paper["oa_urls"] == ["https://mine.net", "https://other.net"]


async def test_papers_that_lack_nothing_or_cannot_be_named_cost_no_request() -> None:
    europe, open_ = Shelf("europepmc"), Shelf("openalex")
    given = [cast(PaperMetadata, FULL), cast(PaperMetadata, {"title": "Unknown"}), cast(PaperMetadata, {})]
    completed = await complete(given, table(europe, open_))

    assert list(completed.papers) == given
    assert (europe.asked, open_.asked) == ([], [])


async def test_each_paper_gets_its_own_record_in_its_own_place() -> None:
    records: list[dict[str, Any]] = [{"doi": "10.5555/b", "title": "B"}, {"pmid": "7", "doi": "10.5555/a", "title": "A"}, {"doi": "10.5555/z", "title": "Z"}]  # fmt: skip
    given: list[PaperMetadata] = [{"pmid": "7"}, {"doi": "10.5555/none"}, {"doi": "10.5555/b"}, {"doi": "10.5555/a"}]
    completed = await complete(given, table(Shelf("europepmc", records)))

    assert [paper.get("title") for paper in completed.papers] == ["A", None, "B", "A"]
    assert completed.papers[0]["doi"] == "10.5555/a"


async def test_the_second_round_asks_only_for_what_is_still_lacking() -> None:
    records: list[dict[str, Any]] = [
        {"doi": "10.5555/open", "title": "O", "oa_urls": ["https://a.net"]},
        {"doi": "10.5555/closed", "title": "C", "is_oa": False},
    ]
    crossref, unpaywall = Shelf("crossref", [{"doi": "10.5555/new", "title": "N"}]), Shelf("unpaywall")
    given: list[PaperMetadata] = [{"doi": f"10.5555/{name}"} for name in ("open", "closed", "new")]
    completed = await complete(given, table(Shelf("openalex", records), crossref, unpaywall))

    assert [paper["doi"] for paper in crossref.asked] == ["10.5555/new"]
    assert [paper["doi"] for paper in unpaywall.asked] == ["10.5555/new"]
    assert [paper["title"] for paper in completed.papers] == ["O", "C", "N"]


@pytest.mark.virtual_clock
async def test_a_catalogue_that_takes_too_long_is_done_without() -> None:
    slow, quick = Shelf("europepmc", [FULL], takes_s=1000), Shelf("openalex", [FULL], takes_s=5)
    began = asyncio.get_running_loop().time()
    completed = await complete([{"doi": "10.5555/a"}], table(slow, quick), deadline_s=10)

    assert asyncio.get_running_loop().time() - began == pytest.approx(10)
    assert completed.papers[0]["title"] == "T"
    assert completed.errors == (CatalogueError("europepmc", "by_id", "timeout", "1 papers in 10 s"),)


async def test_without_catalogues_papers_stay_as_they_are() -> None:
    assert (await complete([{"doi": "10.5555/a"}], table())).papers == ({"doi": "10.5555/a"},)
    assert (await complete([], table())).papers == ()


def test_the_table_says_who_can_be_asked_for_what_and_why_others_cannot() -> None:
    from core.scholarly.cache import MemoryCache

    whole = open_catalogues(settings(), FakeHttp().client, MemoryCache())
    some = open_catalogues(
        settings(catalogues="openalex, unpaywall").model_copy(update={"contact_email": "you@example.com"}),
        FakeHttp().client,
        MemoryCache(),
    )

    assert (list(whole.usable), whole.unusable) == (list(CATALOGUES), {})
    assert [each.name for each in whole.searching] == ["openalex", "europepmc", "crossref", "semanticscholar", "arxiv"]
    assert [each.name for each in whole.referring] == ["openalex", "europepmc", "crossref", "semanticscholar"]
    assert [each.name for each in whole.citing] == ["openalex", "europepmc", "semanticscholar"]
    assert set(whole.advice) == {"openalex", "semanticscholar"}
    assert list(some.usable) == ["openalex"]
    assert some.unusable["unpaywall"] == "it wants a real e-mail address, LIT_REVIEW_CONTACT_EMAIL is none"
    assert some.unusable["arxiv"] == "switched off by LIT_REVIEW_CATALOGUES"
