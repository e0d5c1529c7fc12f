"""What each catalogue is asked, to the letter: by the rules of its documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.metadata import PaperMetadata
from core.scholarly.arxiv import ArXiv
from core.scholarly.cache import MemoryCache
from core.scholarly.crossref import Crossref
from core.scholarly.europepmc import EuropePMC
from core.scholarly.found import Query
from core.scholarly.openalex import OpenAlex
from core.scholarly.semanticscholar import SemanticScholar
from tests.unit.scholarly.fakehttp import Answer, FakeHttp, settings
from tests.unit.scholarly.test_other_answers import feed

QUERY = Query("holy basil, (stress) AND sleep?", limit=30, from_year=2015, to_year=2020, language="en")
DOI: PaperMetadata = {"doi": "10.5555/A/b(1)"}


def works(*ids: int, count: int | None = None) -> Answer:
    results = [{"id": f"https://openalex.org/W{number}"} for number in ids]
    return Answer({"meta": {"count": len(ids) if count is None else count, "page": 1}, "results": results})


def openalex(*answers: Answer, **given: Any) -> tuple[OpenAlex, FakeHttp]:
    http = FakeHttp(*answers)
    return OpenAlex(settings(**given), http.client, MemoryCache()), http


def paths(http: FakeHttp) -> list[str]:
    return [asked.url.partition("api.openalex.org")[2] for asked in http.asked]


async def test_openalex_is_searched_with_dates_and_language() -> None:
    catalogue, http = openalex(works(1), openalex_api_key="k")
    await catalogue.search(QUERY)

    [asked] = http.asked
    assert asked.url == "https://api.openalex.org/works"
    assert asked.params["search"] == "holy basil stress sleep"
    assert asked.params["filter"] == (
        "from_publication_date:2015-01-01,to_publication_date:2020-12-31,language:en,is_paratext:false"
    )
    assert (asked.params["per_page"], asked.params["page"], asked.params["api_key"]) == (30, 1, "k")
    assert "abstract_inverted_index" in asked.params["select"]
    assert asked.service


async def test_openalex_is_asked_for_a_few_works_one_by_one_which_costs_nothing() -> None:
    catalogue, http = openalex(Answer({"id": "W1"}), openalex_credits=0)
    papers: list[PaperMetadata] = [DOI, {"pmid": "77"}, {"pmcid": "PMC1397864"}, {"arxiv_id": "2401.01234"}, {"openalex_id": "W5", "doi": "10.5555/x"}]  # fmt: skip
    papers.append({"title": "no identifier"})
    found = await catalogue.by_id(papers)

    assert paths(http) == [
        "/works/doi:10.5555%2Fa%2Fb%281%29",
        "/works/pmid:77",
        "/works/pmcid:PMC1397864",
        "/works/doi:10.48550%2Farxiv.2401.01234",
        "/works/W5",
    ]
    assert (len(found.papers), found.errors, catalogue.budget.spent) == (5, (), 0)
    assert not any(asked.service for asked in http.asked)


async def test_openalex_is_asked_for_many_works_by_lists() -> None:
    catalogue, http = openalex(works(*range(50)))
    papers: list[PaperMetadata] = [{"openalex_id": f"W{number}"} for number in range(60)]
    await catalogue.by_id([*papers, {"doi": "10.5555/a,b|c"}])

    lists = [asked.params["filter"] for asked in http.asked if "filter" in asked.params]
    assert [text.count("|") + 1 for text in lists] == [50, 10]
    assert lists[0].startswith("ids.openalex:W0|W1|")
    assert paths(http)[2] == "/works/doi:10.5555%2Fa%2Cb%7Cc"
    assert catalogue.budget.spent == 2


async def test_openalex_without_credits_is_asked_for_many_works_one_by_one() -> None:
    catalogue, http = openalex(Answer({"id": "W1"}), openalex_credits=1)
    found = await catalogue.by_id([{"doi": f"10.5555/{number}"} for number in range(60)])

    assert [("filter" in asked.params) for asked in http.asked].count(True) == 1
    assert len(http.asked) == 11
    assert [error.reason for error in found.errors] == ["bad_answer"]


async def test_openalex_pages_are_paid_for_one_by_one_and_end_with_the_budget() -> None:
    catalogue, http = openalex(works(*range(100), count=900), works(*range(100, 200), count=900), openalex_credits=25)
    found = await catalogue.search(Query("tea", limit=500))

    assert (len(http.asked), len(found.papers), found.total) == (2, 200, 900)
    assert [error.reason for error in found.errors] == ["budget_spent"]
    assert catalogue.budget.spent == 20


async def test_openalex_cites_by_its_own_id() -> None:
    catalogue, http = openalex(Answer({"id": "https://openalex.org/W7"}), works(8, 9))
    found = await catalogue.citations(DOI, limit=2, from_year=2019)

    assert [asked.params.get("filter") for asked in http.asked] == [None, "cites:W7,from_publication_date:2019-01-01"]
    assert http.asked[1].params["sort"] == "cited_by_count:desc"
    assert [paper["openalex_id"] for paper in found.papers] == ["W8", "W9"]


async def test_openalex_references_are_in_the_work() -> None:
    cited = [f"https://openalex.org/W{number}" for number in range(30)]
    catalogue, http = openalex(Answer({"id": "W7", "referenced_works": cited}), works(*range(20)))
    found = await catalogue.references(DOI, limit=20)

    assert http.asked[1].params["filter"] == "ids.openalex:" + "|".join(f"W{number}" for number in range(20))
    assert (len(found.papers), found.total) == (20, 30)


async def test_openalex_says_when_it_does_not_know_whose_citations_are_wanted() -> None:
    catalogue, _ = openalex(Answer(b"<!doctype html><h1>Not Found</h1>", 404))

    [error] = (await catalogue.citations(DOI)).errors
    assert (error.operation, error.reason) == ("citations", "http_404")
    assert (await catalogue.by_id([DOI])).missing == ("10.5555/a/b(1)",)


async def test_a_work_that_was_merged_is_known_by_both_ids() -> None:
    catalogue, _ = openalex(Answer({"id": "https://openalex.org/W2"}))
    [paper] = (await catalogue.by_id([{"openalex_id": "W1"}])).papers

    assert (paper["openalex_id"], paper["versions"]) == ("W2", [{"openalex_id": "W1"}])


async def test_crossref_is_asked_politely_and_for_papers_only() -> None:
    http = FakeHttp(Answer({"message": {"total-results": 0, "items": []}}))
    await Crossref(settings(), http.client, MemoryCache()).search(QUERY)

    [asked] = http.asked
    assert asked.params["mailto"] == "reader@library.net"
    assert asked.params["query.bibliographic"] == "holy basil stress sleep"
    assert asked.params["filter"].startswith("type:journal-article,type:proceedings-article,")
    assert asked.params["filter"].endswith(",from-pub-date:2015,until-pub-date:2020")
    assert (asked.params["rows"], asked.params["offset"]) == (30, 0)


async def test_crossref_is_asked_for_many_dois_at_once() -> None:
    items = [{"DOI": f"10.5555/{number}"} for number in range(39)]
    http = FakeHttp(Answer({"message": {"items": items}}))
    papers: list[PaperMetadata] = [{"doi": f"10.5555/{number}"} for number in range(40)]
    found = await Crossref(settings(), http.client, MemoryCache()).by_id([*papers, {"arxiv_id": "2401.01234"}])

    [asked] = http.asked
    assert asked.params["filter"].split(",")[:2] == ["doi:10.5555/0", "doi:10.5555/1"]
    assert (len(found.papers), found.missing) == (39, ("10.5555/39",))


async def test_crossref_says_plainly_that_it_has_no_such_doi() -> None:
    http = FakeHttp(Answer(b"Resource not found.", 404))
    crossref = Crossref(settings(), http.client, MemoryCache())

    assert (await crossref.by_id([DOI])).missing == ("10.5555/a/b(1)",)
    assert http.asked[0].url == "https://api.crossref.org/works/10.5555%2Fa%2Fb%281%29"
    assert (await crossref.references(DOI)).missing == ("10.5555/a/b(1)",)


def results(*ids: int, cursor: str = "", **envelope: Any) -> Answer:
    found = [{"id": str(number), "source": "MED", "pmid": str(number)} for number in ids]
    return Answer({"hitCount": 9, "nextCursorMark": cursor, "resultList": {"result": found}, **envelope})


async def test_europepmc_is_searched_with_dates_and_language() -> None:
    http = FakeHttp(results(1))
    await EuropePMC(settings(), http.client, MemoryCache()).search(QUERY)

    assert http.asked[0].url == "https://www.ebi.ac.uk/europepmc/webservices/rest/search"
    assert http.asked[0].params == {
        "query": "(holy basil stress sleep) AND FIRST_PDATE:[2015-01-01 TO 2020-12-31] AND LANG:eng",
        "resultType": "core", "format": "json", "pageSize": 30, "cursorMark": "*",
    }  # fmt: skip


async def test_europepmc_is_walked_until_the_cursor_stands_still() -> None:
    http = FakeHttp(results(1, cursor="A"), results(2, cursor="B"), results(cursor="B"))
    found = await EuropePMC(settings(), http.client, MemoryCache()).search(Query("tea", limit=1000))

    assert [asked.params["cursorMark"] for asked in http.asked] == ["*", "A", "B"]
    assert [paper["pmid"] for paper in found.papers] == ["1", "2"]


async def test_europepmc_is_asked_for_identifiers_of_every_kind_at_once() -> None:
    http = FakeHttp(results(77))
    papers: list[PaperMetadata] = [DOI, {"pmid": "77"}, {"pmcid": "PMC1397864"}, {"doi": '10.5555/"x'}, {"arxiv_id": "2401.01234"}]  # fmt: skip
    found = await EuropePMC(settings(), http.client, MemoryCache()).by_id(papers)

    [asked] = http.asked
    assert asked.params["query"] == ('DOI:"10.5555/a/b(1)" OR (EXT_ID:"77" AND SRC:MED) OR PMCID:"PMC1397864"')
    assert found.missing == ("10.5555/a/b(1)", "pmcid:PMC1397864")


async def test_europepmc_is_asked_where_a_doi_is_before_its_references() -> None:
    place = Answer({"hitCount": 1, "resultList": {"result": [{"id": "PPR9", "source": "PPR"}]}})
    http = FakeHttp(place, Answer({"hitCount": 1, "referenceList": {"reference": [{"id": "5", "source": "MED"}]}}))
    found = await EuropePMC(settings(), http.client, MemoryCache()).references(DOI)

    assert http.asked[1].url.endswith("/rest/PPR/PPR9/references")
    assert found.papers[0]["pmid"] == "5"


async def test_europepmc_citations_are_kept_to_the_years_here() -> None:
    rows = [{"id": str(year), "source": "MED", "pubYear": year, "citedByCount": year} for year in (2010, 2015, 2020)]
    http = FakeHttp(Answer({"hitCount": 3, "citationList": {"citation": rows}}))
    found = await EuropePMC(settings(), http.client, MemoryCache()).citations({"pmid": "1"}, from_year=2012)

    assert [paper["year"] for paper in found.papers] == [2020, 2015]


async def test_arxiv_is_asked_for_the_telling_words() -> None:
    http = FakeHttp(Answer(feed()))
    await ArXiv(settings(), http.client, MemoryCache()).search(
        Query("What is the effect of tea on mice?", from_year=2020)
    )

    assert http.asked[0].url == "https://export.arxiv.org/api/query"
    assert http.asked[0].params["search_query"] == (
        "all:effect AND all:tea AND all:mice AND submittedDate:[202001010000 TO 299912312359]"
    )


async def test_arxiv_is_asked_again_when_a_page_is_empty_that_should_not_be() -> None:
    http = FakeHttp(
        Answer(feed(total=580)), Answer(feed("<entry><id>http://arxiv.org/abs/2401.01234v1</id></entry>", total=1))
    )
    found = await ArXiv(settings(), http.client, MemoryCache()).search(Query("tea"))

    assert ([paper["arxiv_id"] for paper in found.papers], found.errors) == (["2401.01234"], ())
    hollow = await ArXiv(settings(), FakeHttp(Answer(feed(total=580))).client, MemoryCache()).search(Query("tea"))
    assert (hollow.papers, hollow.errors[0].reason) == ((), "bad_answer")


async def test_arxiv_ids_are_asked_for_together() -> None:
    http = FakeHttp(Answer(feed("<entry><id>http://arxiv.org/abs/2401.01234v1</id></entry>", total=1)))
    papers: list[PaperMetadata] = [{"arxiv_id": "2401.01234v2"}, {"doi": "10.48550/arXiv.hep-th/9901001"}, DOI]
    found = await ArXiv(settings(), http.client, MemoryCache()).by_id(papers)

    assert http.asked[0].params["id_list"] == "2401.01234,hep-th/9901001"
    assert found.missing == ("arxiv:hep-th/9901001",)


async def test_semantic_scholar_gets_its_key_in_a_header_and_ids_in_a_batch() -> None:
    http = FakeHttp(Answer([None, {"paperId": "x", "title": "T"}]))
    catalogue = SemanticScholar(settings(semanticscholar_api_key="k"), http.client, MemoryCache())
    found = await catalogue.by_id([DOI, {"pmcid": "PMC1397864"}, {"openalex_id": "W1"}])

    [asked] = http.asked
    assert (asked.headers, asked.json) == ({"x-api-key": "k"}, {"ids": ["DOI:10.5555/a/b(1)", "PMCID:1397864"]})
    assert (found.missing, found.papers[0]["title"]) == (("10.5555/a/b(1)",), "T")


async def test_semantic_scholar_answers_for_as_many_as_were_asked() -> None:
    http = FakeHttp(Answer([None]))
    found = await SemanticScholar(settings(), http.client, MemoryCache()).by_id([DOI, {"pmid": "1"}])

    assert [error.reason for error in found.errors] == ["bad_answer"]


async def test_semantic_scholar_is_walked_until_there_is_no_next() -> None:
    page = json.dumps({"offset": 0, "next": 2, "data": [{"citingPaper": {"title": "A"}}]}).encode()
    last = json.dumps({"offset": 2, "data": [{"citingPaper": {"title": "B"}}]}).encode()
    http = FakeHttp(Answer(page), Answer(last))
    found = await SemanticScholar(settings(), http.client, MemoryCache()).citations(DOI, from_year=2019)

    assert [paper["title"] for paper in found.papers] == ["A", "B"]
    assert http.asked[0].url.endswith("/graph/v1/paper/DOI:10.5555%2Fa%2Fb%281%29/citations")
    assert [asked.params["offset"] for asked in http.asked] == [0, 2]
    assert http.asked[0].params["publicationDateOrYear"] == "2019:"


@pytest.mark.parametrize("limit", [0, 1, 100, 101])
async def test_no_catalogue_gives_more_than_was_wanted(limit: int) -> None:
    catalogue, _ = openalex(works(*range(100), count=900))

    assert len((await catalogue.search(Query("tea", limit=limit))).papers) <= limit


async def test_one_identifier_without_an_answer_does_not_keep_the_others_from_theirs() -> None:
    broken, fine = Answer(b"", 500), Answer({"id": "W1"})
    catalogue, http = openalex(fine, broken, fine, broken, fine)
    found = await catalogue.by_id([{"pmid": str(number)} for number in range(1, 6)])

    assert (len(http.asked), len(found.papers)) == (5, 3)
    assert [error.reason for error in found.errors] == ["http_500"]
