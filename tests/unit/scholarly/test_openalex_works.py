"""What OpenAlex says becomes a record; what it leaves out or makes up does no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import FetchError
from core.metadata import PaperMetadata
from core.scholarly.openalex_works import MAX_WORDS, in_order, read_page, read_work
from tests.unit.scholarly.genuine import genuine

WORK: dict[str, Any] = {
    "id": "https://openalex.org/W42",
    "doi": "https://doi.org/10.5555/ABC",
    "display_name": "A <i>study</i> of things &amp; others",
    "publication_year": 2019,
    "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/777", "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/1397864"},
    "language": "en",
    "type": "article",
    "primary_location": {"landing_page_url": "https://doi.org/10.5555/abc", "version": "publishedVersion", "source": None},
    "best_oa_location": {"is_oa": True, "pdf_url": "https://repo.net/a.pdf", "license": "cc-by"},
    "locations": [
        None,
        {"is_oa": False, "pdf_url": "https://closed.net/b.pdf"},
        {"is_oa": True, "landing_page_url": "https://repo.net/page", "pdf_url": None, "is_published": None},
        {"is_oa": True, "landing_page_url": "https://arxiv.org/abs/2401.01234v2", "pdf_url": "https://arxiv.org/pdf/2401.01234v2"},
    ],
    "open_access": {"is_oa": True, "oa_status": "green", "oa_url": None},
    "authorships": [
        {"author": {"id": None, "display_name": "Ada Byron", "orcid": "https://orcid.org/0000-0001"}, "institutions": []},
        {"author": {"display_name": None}, "raw_author_name": "C. Babbage", "institutions": [{"display_name": "Trinity"}]},
    ],
    "cited_by_count": 7,
    "is_retracted": False,
    "referenced_works": ["https://openalex.org/W1", "https://openalex.org/A5", "https://openalex.org/W2"],
    "abstract_inverted_index": {"world": [1], "Hello": [0, 2]},
    "brand_new_key": {"of": "a later year"},
}  # fmt: skip


def read(**changes: Any) -> PaperMetadata:
    return read_work(json.dumps({**WORK, **changes}).encode()).papers[0]


def test_a_work_becomes_a_record() -> None:
    assert read() == {
        "doi": "10.5555/abc",
        "title": "A study of things & others",
        "authors": [{"name": "Ada Byron", "orcid": "0000-0001"}, {"name": "C. Babbage", "institution": "Trinity"}],
        "year": 2019,
        "abstract": "Hello world Hello",
        "openalex_id": "W42",
        "pmid": "777",
        "pmcid": "PMC1397864",
        "arxiv_id": "2401.01234",
        "is_oa": True,
        "oa_status": "green",
        "oa_urls": ["https://repo.net/a.pdf", "https://repo.net/page"],
        "license": "cc-by",
        "cited_by_count": 7,
        "referenced_works": ["openalex:W1", "openalex:W2"],
        "is_retracted": False,
        "version": "published",
        "type": "article",
        "language": "en",
        "sources": ["openalex"],
    }


@pytest.mark.parametrize("key", sorted(WORK.keys() - {"id"}))
def test_any_field_may_be_null_or_missing(key: str) -> None:
    assert read(**{key: None})["openalex_id"] == "W42"
    assert read_work(json.dumps({name: value for name, value in WORK.items() if name != key}).encode()).papers


@pytest.mark.parametrize("year", [0, 20190, -5, "soon", 3000])
def test_a_year_that_cannot_be_is_not_believed(year: object) -> None:
    assert "year" not in read(publication_year=year)


@pytest.mark.parametrize("wrong", [{"id": None}, {"authorships": "Byron"}, {"locations": [5]}, {"display_name": ["a"]}])
def test_a_work_of_another_shape_is_no_answer(wrong: dict[str, Any]) -> None:
    with pytest.raises(FetchError, match="bad_answer"):
        read(**wrong)


def test_one_bad_record_does_not_spoil_a_page() -> None:
    body = {"meta": {"count": 2, "page": 1}, "results": [{**WORK, "authorships": 5}, WORK]}

    listing = read_page(json.dumps(body).encode())

    assert (len(listing.papers), listing.total) == (1, 2)
    assert listing.unreadable == ("authorships: Input should be a valid tuple",)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"results": []}', b'{"meta": {}, "results": 5}', b'{"error": "x"}', b"[" * 9999]
)
def test_what_is_no_page_is_no_empty_page(body: bytes) -> None:
    with pytest.raises(FetchError, match="bad_answer"):
        read_page(body)


def test_a_first_page_that_tells_of_results_and_has_none_is_a_fault() -> None:
    with pytest.raises(FetchError, match="tells of 9 results"):
        read_page(b'{"meta": {"count": 9, "page": 1}, "results": []}')
    assert read_page(b'{"meta": {"count": 9, "page": 4}, "results": []}').papers == ()


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ({}, 0),
        ({"far": [10**12], "near": [0]}, 1),
        ({"before": [-1], "all": [0]}, 1),
        ({"many": list(range(10 * MAX_WORDS))}, MAX_WORDS),
        ({f"w{place}": [place] for place in range(30_000)}, MAX_WORDS),
    ],
)
def test_an_inverted_index_of_any_size_costs_no_more_than_an_abstract(index: dict[str, list[int]], words: int) -> None:
    abstract = in_order(index)

    assert len(abstract.split()) <= words
    assert len(abstract) <= 20_000
    assert bool(abstract) == bool(words)


def test_the_recorded_work_of_2026() -> None:
    paper = read_work(genuine("openalex/work_singleton_2026-02.json")).papers[0]

    assert (paper["doi"], paper["pmid"], paper["year"]) == ("10.7717/peerj.4375", "29456894", 2018)
    assert (paper["license"], paper["oa_status"]) == ("cc-by", "gold")
    assert paper["oa_urls"] == ["https://doaj.org/article/13b0006802e745a6973c19b2ecb9b97a"]
    assert paper["abstract"].startswith(
        "Despite growing interest in Open Access (OA) to scholarly literature, there is"
    )
    assert paper["referenced_works"][0] == "openalex:W1560783210"
    assert [author["name"] for author in paper["authors"]] == ["Heather Piwowar", "Jason Priem", "Vincent Larivière"]


def test_the_recorded_work_of_2025() -> None:
    paper = read_work(genuine("openalex/work_by_doi_2025-08_prewalden.json")).papers[0]

    assert (paper["doi"], paper["pmid"]) == ("10.1016/j.xgen.2025.100814", "40120586")
    assert "abstract" not in paper


def test_the_recorded_list() -> None:
    listing = read_page(genuine("openalex/list_search_2026-10.json"))

    assert (listing.total, listing.unreadable) == (2649976, ())
    assert listing.papers[0]["authors"] == [
        {"name": "Ana Lucic", "institution": "University of Illinois Urbana-Champaign"}
    ]
    assert "version" not in listing.papers[0]


@pytest.mark.parametrize("name", ["oa-in-openalex1", "not-oa-in-openalex"])
def test_the_recorded_selections_are_no_works(name: str) -> None:
    """Their request did not select the id."""
    with pytest.raises(FetchError, match="id: Field required"):
        read_work(genuine(f"openalex/select_open_access_{name}.json"))
