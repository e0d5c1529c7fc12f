"""The catalogues against the loopback internet: what they find, and what becomes of each of their faults."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.http import HttpClient
from core.loopback import Internet, Plan, Trouble
from core.loopback.catalogues import trouble
from core.loopback.corpus import read, samples
from core.metadata import PaperMetadata
from core.scholarly import Catalogues, Found, MemoryCache, Query, StoreCache, complete, open_catalogues, unite
from core.scholarly.cache import Cache
from core.scholarly.openalex import OpenAlex
from core.settings import CATALOGUES, Settings
from core.stores.papers import PaperStore
from tests.trees import EPRINT, TREES, WITHDRAWN, library

CORPUS = os.environ.get("LIT_REVIEW_CORPUS")
REAL = read(Path(CORPUS)) if CORPUS else Plan(())
SAMPLES = samples()
KEY = "the-secret-key-of-a-reader"
EMAIL = "reader@library.net"


@dataclass(frozen=True)
class Desk:
    net: Internet
    settings: Settings
    catalogues: Catalogues

    def __getitem__(self, name: str) -> Any:
        return self.catalogues.usable[name]

    def asked(self, name: str) -> list[str]:
        return [request.path for request in self.net.asked(host=name)]


@asynccontextmanager
async def desk(plan: Plan, home: Path, *, cache: Cache | None = None, **given: Any) -> AsyncIterator[Desk]:
    async with Internet(plan) as net:
        settings = net.settings(home, **{"contact_email": EMAIL, "openalex_api_key": KEY, "max_tries": 1, **given})
        async with HttpClient(settings) as http:
            yield Desk(net, settings, open_catalogues(settings, http, cache or MemoryCache()))


def titles(found: Found) -> set[str]:
    return {paper["title"].split()[0] for paper in found.papers}


@pytest.mark.parametrize("name", ["openalex", "europepmc", "crossref", "semanticscholar"])
async def test_a_search_finds_papers_of_the_years_that_were_asked_for(name: str, tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        found = await at[name].search(Query("street trees", from_year=2018, to_year=2020))

    assert found.errors == ()
    assert {paper["doi"]: paper["year"] for paper in found.papers} == {"10.5555/trees": 2018, "10.5555/bees": 2020}
    assert found.total == 2
    assert found.papers[0]["sources"] == [name]


async def test_arxiv_finds_its_eprints(tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        found = await at["arxiv"].search(Query("the shade of street trees", from_year=2017, to_year=2017))
        later = await at["arxiv"].search(Query("street trees", from_year=2018))
        named = await at["arxiv"].by_id([{"arxiv_id": "2401.01234"}, {"arxiv_id": "2401.99999"}])

    assert [paper["arxiv_id"] for paper in (*found.papers, *named.papers)] == ["2401.01234"] * 2
    assert (later.papers, later.errors, named.missing) == ((), (), ("arxiv:2401.99999",))


@pytest.mark.parametrize("name", [name for name in CATALOGUES if name != "arxiv"])
async def test_papers_are_found_by_identifier_and_the_unknown_are_named(name: str, tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        found = await at[name].by_id([{"doi": "10.5555/TREES"}, {"doi": "10.9999/unknown"}])

    assert (found.missing, found.errors) == (("10.9999/unknown",), ())
    [paper] = found.papers
    assert (paper["doi"], paper["title"], paper["year"]) == ("10.5555/trees", TREES["title"], 2018)
    assert paper["authors"][0]["name"] == "Ilse Marrowby"


@pytest.mark.parametrize("name", ["openalex", "europepmc", "semanticscholar"])
async def test_citations_lead_forwards_and_references_backwards(name: str, tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        citing = await at[name].citations(TREES)
        later = await at[name].citations({"doi": "10.5555/trees"}, from_year=2021)
        cited = await at[name].references({"doi": "10.5555/review"})

    assert titles(citing) == {"Bees", "A"}
    if name != "semanticscholar":  # the loopback one has no filter for years
        assert titles(later) == {"A"}
    assert titles(cited) == {"Street", "Bees"}
    assert [*citing.errors, *later.errors, *cited.errors] == []


async def test_crossref_gives_what_the_publisher_deposited(tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        cited = await at["crossref"].references({"doi": "10.5555/review"})

    assert ([paper["doi"] for paper in cited.papers], cited.total) == (["10.5555/trees", "10.9999/unknown"], 3)


@pytest.mark.parametrize("name", ["openalex", "europepmc", "crossref"])
async def test_a_retraction_is_told_wherever_it_is_known(name: str, tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        [paper] = (await at[name].by_id([WITHDRAWN])).papers

    assert paper["is_retracted"] is True
    assert [notice["kind"] for notice in paper.get("notices", [])] == ([] if name == "openalex" else ["retraction"])


async def test_what_all_catalogues_find_becomes_one_library(tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        found = [await each.search(Query("street trees")) for each in at.catalogues.searching]
    papers = unite(paper for each in found for paper in each.papers)

    assert list(papers) == ["10.5555/bees", "10.5555/review", "10.5555/trees", "10.5555/withdrawn"]
    trees = papers["10.5555/trees"]
    assert trees["sources"] == ["arxiv", "crossref", "europepmc", "openalex", "semanticscholar"]
    assert (trees["arxiv_id"], trees["pmcid"], trees["year"], trees["version"]) == (
        "2401.01234",
        "PMC9900091",
        2018,
        "published",
    )
    assert papers["10.5555/withdrawn"]["is_retracted"]


# OpenAlex and its credits


async def test_credits_are_counted_as_the_headers_tell(tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        await at["openalex"].search(Query("street trees"))
        await at["openalex"].by_id([TREES])
        budget = at["openalex"].budget

    assert (budget.spent, budget.remaining) == (10, 9_990)


async def test_a_search_beyond_the_budget_of_the_run_is_not_made(tmp_path: Path) -> None:
    async with desk(library(), tmp_path, openalex_credits=15) as at:
        await at["openalex"].search(Query("street trees"))
        found = await at["openalex"].search(Query("bees"))
        free = await at["openalex"].by_id([TREES])
        searches = [path for path in at.asked("openalex") if "search=" in path]

    assert (found.papers, [error.reason for error in found.errors]) == ((), ["budget_spent"])
    assert len(searches) == 1
    assert len(free.papers) == 1


@pytest.mark.parametrize("fault", ["budget", "payment"])
async def test_when_the_money_of_the_day_is_gone_single_works_are_still_free(fault: str, tmp_path: Path) -> None:
    async with desk(library(Trouble("openalex", fault, times=1)), tmp_path) as at:
        first = await at["openalex"].search(Query("street trees"))
        second = await at["openalex"].search(Query("bees"))
        free = await at["openalex"].by_id([TREES])

        assert [error.reason for error in (*first.errors, *second.errors)] == ["budget_spent"] * 2
        assert (first.errors[0].retry_after_s or 0) > 0
        assert len(at.asked("openalex")) == 2
        assert len(free.papers) == 1


async def test_a_burst_is_waited_out(tmp_path: Path) -> None:
    async with desk(library(Trouble("openalex", "burst", times=1)), tmp_path, max_tries=2) as at:
        found = await at["openalex"].search(Query("street trees"))

    assert (len(found.papers), found.errors) == (5, ())


async def test_a_work_that_was_merged_is_found_by_its_old_id(tmp_path: Path) -> None:
    async with desk(library(), tmp_path) as at:
        [paper] = (await at["openalex"].by_id([{"openalex_id": "W8000000001"}])).papers

    assert (paper["openalex_id"], paper["versions"]) == ("W9000000001", [{"openalex_id": "W8000000001"}])


async def test_a_filter_that_it_does_not_know_is_answered_with_its_words(tmp_path: Path) -> None:
    async with desk(library(Trouble("openalex", "http_400")), tmp_path) as at:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(at.net.url("crossref") + "/works/10.9999%2Funknown")
        found = await at["openalex"].search(Query("bees"))

    assert (answer.status_code, answer.text) == (404, "Resource not found.")
    assert [error.reason for error in found.errors] == ["http_400"]


# faults

#: What each fault is told as; the catalogue's own words decide for `error_in_200`.
TOLD = {
    "budget": {"budget_spent", "http_429"}, "burst": {"http_429"}, "refused": {"http_429"},
    "payment": {"budget_spent", "http_402"}, "html": {"bad_answer"}, "malformed": {"bad_answer"},
    "wrong_shape": {"bad_answer"}, "hollow": {"bad_answer"}, "error_in_200": {"bad_answer", "http_400", "http_500"},
    "hung": {"timeout"}, "http_500": {"http_500"}, "http_503": {"http_503"},
}  # fmt: skip


def test_every_fault_of_a_catalogue_is_tried() -> None:
    assert TOLD.keys() >= trouble.FAULTS


@pytest.mark.parametrize("fault", sorted(TOLD))
@pytest.mark.parametrize("name", CATALOGUES)
async def test_no_fault_looks_like_an_empty_answer_and_none_is_kept(name: str, fault: str, tmp_path: Path) -> None:
    twice = name == "arxiv" and TOLD[fault] == {"bad_answer"}  # which it is asked about a second time
    plan = library(Trouble(name, fault, times=2 if twice else 1))
    async with desk(plan, tmp_path, idle_timeout_s=0.2, total_timeout_s=0.5, catalogue_timeout_s=0.5) as at:
        found = await ask(at, name)

        assert found.papers == ()
        [error] = found.errors
        assert (error.catalogue, {error.reason} <= TOLD[fault]) == (name, True), error
        if not TOLD[fault] & {"http_429", "budget_spent"}:
            again = await ask(at, name)
            assert (len(again.papers) > 0, again.errors) == (True, ())


async def ask(at: Desk, name: str) -> Found:
    if name == "unpaywall":
        found: Found = await at[name].by_id([TREES])
    else:
        found = await at[name].search(Query("street trees"))
    return found


async def test_one_catalogue_down_costs_nobody_else_anything(tmp_path: Path) -> None:
    async with desk(library(Trouble("europepmc", "http_503")), tmp_path) as at:
        found = {each.name: await each.search(Query("street trees")) for each in at.catalogues.searching}
        completed = await complete([{"doi": "10.5555/trees"}], at.catalogues)

    assert {name for name, each in found.items() if each.errors} == {"europepmc"}
    assert completed.papers[0]["title"] == TREES["title"]
    assert {error.catalogue for error in completed.errors} == {"europepmc"}


async def test_with_all_catalogues_down_papers_stay_as_they_were_and_everyone_says_why(tmp_path: Path) -> None:
    async with desk(library(*(Trouble(name, "http_500") for name in CATALOGUES)), tmp_path) as at:
        completed = await complete([{"doi": "10.5555/trees"}, {"arxiv_id": "2401.01234"}], at.catalogues)

    assert completed.papers == ({"doi": "10.5555/trees"}, {"arxiv_id": "2401.01234"})
    assert {error.catalogue for error in completed.errors} == set(CATALOGUES) - {"semanticscholar"}


async def test_a_catalogue_that_hangs_holds_up_the_others_only_until_the_deadline(tmp_path: Path) -> None:
    async with desk(library(Trouble("openalex", "hung")), tmp_path, idle_timeout_s=30.0, total_timeout_s=30.0) as at:
        completed = await complete([{"doi": "10.5555/trees"}], at.catalogues, deadline_s=0.5)

    assert completed.papers[0]["pmcid"] == "PMC9900091"
    assert [error.reason for error in completed.errors] == ["timeout"]


# completion


async def test_bare_identifiers_of_every_kind_become_records(tmp_path: Path) -> None:
    bare: list[PaperMetadata] = [
        {"doi": "10.5555/trees"}, {"pmid": "92"}, {"arxiv_id": "2401.01234"}, {"openalex_id": "W9000000001"},
        {"doi": "10.9999/unknown"}, {"title": "Without an identifier"},
    ]  # fmt: skip
    async with desk(library(), tmp_path) as at:
        completed = await complete(bare, at.catalogues)
        bees_file = at.net.url("repository")

    trees, bees, eprint, work, unknown, nameless = completed.papers
    assert (trees["title"], trees["pmcid"], trees["license"]) == (TREES["title"], "PMC9900091", "cc-by")
    assert (bees["doi"], bees["oa_urls"]) == ("10.5555/bees", [f"{bees_file}/2/0/paper.pdf"])
    assert (eprint["title"], work["doi"]) == (EPRINT["title"], "10.5555/trees")
    assert (unknown, nameless) == ({"doi": "10.9999/unknown"}, {"title": "Without an identifier"})
    assert completed.errors == ()


async def test_a_completed_paper_is_asked_about_once(tmp_path: Path) -> None:
    async with PaperStore.open(tmp_path) as store, desk(library(), tmp_path, cache=StoreCache(store)) as at:
        first = await complete([{"doi": "10.5555/trees"}, {"doi": "10.9999/unknown"}], at.catalogues)
        asked = len(at.net.requests)
        again = await complete([{"doi": "10.5555/trees"}, {"doi": "10.9999/unknown"}], at.catalogues)

        assert first == again
        assert len(at.net.requests) == asked


# secrets


async def test_keys_and_addresses_of_people_stay_out_of_logs_errors_and_the_store(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given: dict[str, Any] = {"semanticscholar_api_key": KEY}
    async with PaperStore.open(tmp_path) as store:
        async with desk(library(), tmp_path, cache=StoreCache(store), **given) as at:
            for name in at.catalogues.usable:
                await ask(at, name)
            assert any(KEY in path for path in at.asked("openalex"))
        async with desk(library(*(Trouble(name, "http_500") for name in CATALOGUES)), tmp_path, **given) as at:
            told = [str(error) + repr(error) for name in at.catalogues.usable for error in (await ask(at, name)).errors]
            assert KEY not in repr(at.settings) + at.settings.model_dump_json()

    assert len(told) == len(CATALOGUES)
    assert KEY not in "".join(told) + caplog.text
    assert EMAIL not in "".join(told) + caplog.text
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("papers.sqlite*"))


async def test_a_trouble_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown fault 'sulking' of the catalogue openalex"):
        async with Internet(library(Trouble("openalex", "sulking"))):
            pass


# whole libraries


async def test_the_sample_library_can_be_searched_and_walked(tmp_path: Path) -> None:
    async with desk(SAMPLES, tmp_path) as at:
        found = await at["openalex"].search(Query("street trees canopy temperature"))
        [review] = [paper for paper in found.papers if len(paper.get("referenced_works", [])) > 5]
        cited = await at["openalex"].references(review)
        citing = await at["openalex"].citations(cited.papers[0])

    assert len(found.papers) >= 6
    assert len(cited.papers) == len(review["referenced_works"])
    assert review["openalex_id"] in {paper["openalex_id"] for paper in citing.papers}


@pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS is not set: there are no real papers here")
async def test_a_real_topic_can_be_searched_merged_and_walked_both_ways(tmp_path: Path) -> None:
    readable = {served.id for served in REAL.papers}
    async with desk(REAL, tmp_path) as at:
        found = [
            await each.search(Query("Ocimum sanctum holy basil tulsi", limit=60)) for each in at.catalogues.searching
        ]
        papers = unite(paper for each in found for paper in each.papers)
        seeds = [paper for paper in papers.values() if len(paper.get("referenced_works", [])) > 20]
        backwards = [await at["openalex"].references(seed) for seed in seeds[:5]]
        forwards = [await at["openalex"].citations(each) for each in backwards[0].papers[:20]]
        budget = at["openalex"].budget

    assert all(each.errors == () for each in (*found, *backwards, *forwards))
    assert len(papers) < sum(len(each.papers) for each in found) / 2
    assert len(papers.keys() & readable) >= 10
    assert all(len(each.papers) >= 10 for each in backwards)
    assert sum(len(each.papers) for each in forwards) >= 20
    assert budget.spent == 10 + sum(-(-len(each.papers) // 50) for each in backwards) + 20
    assert isinstance(at["openalex"], OpenAlex)


@pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS is not set: there are no real papers here")
async def test_real_papers_are_completed_from_a_lone_identifier(tmp_path: Path) -> None:
    whole = [served.metadata for served in REAL.papers if served.metadata.get("doi")]
    async with desk(REAL, tmp_path) as at:
        completed = await complete([{"doi": paper["doi"]} for paper in whole], at.catalogues)

    assert completed.errors == ()
    for paper, known in zip(completed.papers, whole, strict=True):
        assert paper["title"].rstrip(".") == " ".join(known["title"].split()).rstrip(".")
        assert paper.get("pmcid") == known.get("pmcid") or paper.get("pmcid", "").startswith("PMC99")
        assert paper.get("license", "cc-by").startswith("cc-by")
    assert sum("license" in paper for paper in completed.papers) > len(whole) / 2
