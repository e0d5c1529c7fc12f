"""Records of one work become one paper, whoever tells of it and in whatever order."""

from __future__ import annotations

import random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.identifiers import aliases
from core.metadata import PaperMetadata
from core.scholarly.merge import preprint, surnames, unite
from core.scholarly.trust import names, settle, tidy

TITLE = "Effects of holy basil on the memory of mice"


def paper(source: str, **fields: Any) -> PaperMetadata:
    return cast(PaperMetadata, {"sources": [source], **fields})


def authors(*listed: str) -> list[dict[str, str]]:
    return [{"name": name} for name in listed]


def one(*papers: PaperMetadata) -> PaperMetadata:
    [merged] = unite(papers).values()
    return merged


def test_each_field_is_from_whom_its_order_of_trust_names_first() -> None:
    merged = one(
        paper("semanticscholar", doi="10.5555/a", title="A title", venue="bioRxiv", year=2024, cited_by_count=9, pmcid="PMC111"),
        paper("openalex", doi="10.5555/a", title="A Title", year=2025, cited_by_count=3, abstract="short", oa_status="green"),
        paper("unpaywall", doi="10.5555/a", oa_status="gold", is_oa=True),
        paper("crossref", doi="10.5555/a", title="A title: whole", year=2025),
        paper("europepmc", doi="10.5555/a", abstract="The whole abstract", pmcid="PMC222"),
    )  # fmt: skip

    assert (merged["title"], merged["year"], merged["venue"]) == ("A title: whole", 2025, "bioRxiv")
    assert (merged["cited_by_count"], merged["oa_status"], merged["pmcid"]) == (3, "gold", "PMC222")
    assert merged["abstract"] == "The whole abstract"
    assert merged["sources"] == ["crossref", "europepmc", "openalex", "semanticscholar", "unpaywall"]
    assert merged["origins"]["venue"] == "semanticscholar"
    assert merged["versions"] == [{"pmcid": "PMC111"}]


def test_lists_are_joined_and_one_who_knows_of_a_retraction_is_enough() -> None:
    notice = {"kind": "retraction", "doi": "10.5555/n", "source": "crossref"}
    merged = one(
        paper("openalex", doi="10.5555/a", is_retracted=False, referenced_works=["openalex:W1"], oa_urls=["https://a.net/2"]),
        paper("unpaywall", doi="10.5555/a", oa_urls=["https://a.net/1", "https://a.net/2"]),
        paper("crossref", doi="10.5555/a", is_retracted=True, notices=[notice], referenced_works=["10.5555/b"]),
        paper("crossref", doi="10.5555/a", notices=[notice]),
    )  # fmt: skip

    assert merged["is_retracted"] is True
    assert merged["notices"] == [notice]
    assert merged["oa_urls"] == ["https://a.net/1", "https://a.net/2"]
    assert merged["referenced_works"] == ["10.5555/b", "openalex:W1"]


def test_a_record_without_identifier_goes_to_the_work_it_describes() -> None:
    merged = one(
        paper("crossref", doi="10.5555/a", title=TITLE, authors=authors("Ada Byron", "C. Babbage"), year=2019),
        paper("semanticscholar", title=f"{TITLE}.".upper(), authors=authors("Byron A"), year=2020, cited_by_count=4),
    )

    assert (merged["doi"], merged["cited_by_count"]) == ("10.5555/a", 4)


@pytest.mark.parametrize(
    "other",
    [
        {"title": TITLE, "authors": authors("C. Darwin"), "year": 2019},
        {"title": TITLE, "authors": authors("Ada Byron"), "year": 2015},
        {"title": TITLE, "year": 2019},
        {"title": TITLE, "authors": authors("Ada Byron"), "year": 2019, "doi": "10.5555/b"},
        {"title": TITLE + " and men", "authors": authors("Ada Byron"), "year": 2019},
    ],
    ids=["other authors", "other year", "no authors", "other DOI", "other title"],
)
def test_what_may_be_another_work_stays_another(other: dict[str, Any]) -> None:
    first = paper("crossref", doi="10.5555/a", title=TITLE, authors=authors("Ada Byron"), year=2019)

    assert len(unite([first, paper("openalex", **other)])) == 2


def test_a_title_that_says_nothing_joins_nothing() -> None:
    notes = [
        paper("crossref", title="Editorial", authors=authors("Ada Byron"), year=2019, venue=str(n)) for n in (1, 2)
    ]

    assert len(unite([*notes, paper("crossref", title="Editorial", authors=authors("A. Byron"), year=2019)])) == 2


def test_a_loose_record_that_could_be_of_two_works_is_of_none() -> None:
    works = [
        paper("crossref", doi=f"10.5555/{n}", title=TITLE, authors=authors("Ada Byron"), year=2019) for n in (1, 2)
    ]
    loose = paper("semanticscholar", title=TITLE, authors=authors("Byron A"), year=2019)

    assert len(unite([*works, loose])) == 3


def test_a_preprint_and_its_publication_are_one_paper_and_the_version_is_told() -> None:
    merged = one(
        paper("arxiv", arxiv_id="2401.01234", title=TITLE, authors=authors("Ada Byron"), year=2017, version="preprint",
              venue="arXiv", abstract="As first written"),
        paper("openalex", doi="10.1101/2017.05.05.123456", title=TITLE, authors=authors("Ada Byron"), year=2017,
              version="preprint", openalex_id="W1"),
        paper("semanticscholar", doi="10.5555/a", title=TITLE.title(), authors=authors("A. Byron"), year=2019,
              version="published", venue="Journal"),
    )  # fmt: skip

    assert (merged["doi"], merged["year"], merged["venue"], merged["version"]) == (
        "10.5555/a",
        2019,
        "Journal",
        "published",
    )
    assert (merged["arxiv_id"], merged["abstract"]) == ("2401.01234", "As first written")
    assert merged["versions"] == [{"version": "preprint", "doi": "10.1101/2017.05.05.123456"}]
    assert not preprint(merged)


def test_a_catalogue_may_say_itself_that_two_dois_are_versions() -> None:
    merged = one(
        paper("crossref", doi="10.5555/a", title="Published as this", version="published"),
        paper("crossref", doi="10.1101/123456", title="Once called that", version="preprint",
              versions=[{"version": "published", "doi": "10.5555/a"}]),
    )  # fmt: skip

    assert (merged["doi"], merged["title"]) == ("10.5555/a", "Published as this")
    assert merged["versions"] == [{"version": "preprint", "doi": "10.1101/123456"}]


def test_the_doi_of_an_eprint_gives_way_to_that_of_the_publication() -> None:
    merged = one(
        paper("openalex", doi="10.48550/arxiv.2401.01234", version="preprint"),
        paper("arxiv", arxiv_id="2401.01234", doi="10.5555/a", version="preprint"),
    )

    assert (merged["doi"], merged["arxiv_id"], merged.get("versions")) == ("10.5555/a", "2401.01234", None)


@pytest.mark.parametrize(
    ("doi", "version", "early"),
    [
        ("10.1101/2020.01.01.123456", "", True),
        ("10.1101/gr.123456.111", "", False),
        ("10.2139/ssrn.2250500", "published", True),
        ("10.48550/arXiv.2401.01234", "", True),
        ("10.5555/a", "preprint", True),
        ("10.5555/a", "", False),
        ("", "", False),
    ],
)
def test_preprints_are_known_by_their_server(doi: str, version: str, early: bool) -> None:
    assert preprint({"doi": doi, "version": version}) is early


@pytest.mark.parametrize(
    "name", ["Ipseeta Mohanty", "Mohanty I", "Mohanty IS", "Mohanty, Ipseeta", "I. S. Mohanty Jr.", "MOHANTY"]
)
def test_a_surname_is_the_same_in_every_spelling(name: str) -> None:
    assert surnames({"authors": [{"name": name}]}) == {"mohanty"}


def test_short_surnames_are_not_taken_for_initials() -> None:
    assert surnames({"authors": [{"name": "Jian Li"}, {"name": "Wu X"}, {"name": "van der Berg"}]}) == {
        "li",
        "wu",
        "berg",
    }


# properties

DOIS = ("10.5555/a", "10.5555/b", "10.1101/2020.01.01.123456", "10.48550/arxiv.2401.01234")
PAPERS = st.fixed_dictionaries(
    {"sources": st.sampled_from(["crossref", "openalex", "europepmc", "arxiv", "semanticscholar"]).map(lambda s: [s])},
    optional={
        "doi": st.sampled_from(DOIS),
        "arxiv_id": st.sampled_from(["2401.01234", "2401.01235"]),
        "pmid": st.sampled_from(["1", "2"]),
        "openalex_id": st.sampled_from(["W1", "W2"]),
        "title": st.sampled_from([TITLE, TITLE + ".", "Another title of another work", "Editorial"]),
        "authors": st.sampled_from([authors("Ada Byron"), authors("Byron A", "C. Babbage"), authors("C. Babbage"), []]),
        "year": st.integers(2015, 2020),
        "version": st.sampled_from(["preprint", "published"]),
        "versions": st.sampled_from([[{"doi": "10.5555/b", "version": "published"}], [{"pmid": "2"}]]),
        "is_retracted": st.booleans(),
        "cited_by_count": st.integers(0, 3),
        "oa_urls": st.lists(st.sampled_from(["https://a.net/1", "https://a.net/2"]), max_size=2),
        "referenced_works": st.lists(st.sampled_from(["10.5555/x", "10.5555/y"]), max_size=2),
        "relevance_score": st.sampled_from([0.1, 0.9]),
    },
).map(lambda fields: cast(PaperMetadata, fields))
MANY = st.lists(PAPERS, max_size=8)


@given(MANY, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_makes_no_difference(papers: list[PaperMetadata], shuffled: random.Random) -> None:
    other = list(papers)
    shuffled.shuffle(other)

    assert unite(other) == unite(papers)


@given(MANY)
@settings(max_examples=150, deadline=None)
def test_uniting_again_changes_nothing(papers: list[PaperMetadata]) -> None:
    united = unite(papers)

    assert unite(united.values()) == united
    assert unite([*papers, *papers]) == united
    assert list(united) == sorted(united)


@given(MANY)
@settings(max_examples=100, deadline=None)
def test_no_identifier_gets_lost_and_none_is_in_two_papers(papers: list[PaperMetadata]) -> None:
    united = [identifiers(each) for each in unite(papers).values()]

    assert set().union(*united) == set().union(*(identifiers(tidy(each)) for each in papers))
    assert sum(map(len, united)) == len(set().union(*united))


def identifiers(paper: PaperMetadata) -> set[str]:
    return {name for name in names(paper) if not name.startswith("hash:")}


@given(st.lists(PAPERS.map(lambda fields: {**fields, "doi": "10.5555/a"}), min_size=2, max_size=6), st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_records_may_come_in_any_number_of_steps(papers: list[Any], at: int) -> None:
    """Only the order in which addresses are asked may differ, for a united record no longer tells whose they were."""
    stepwise = settle([settle(papers[:at] or papers), *papers[at:]])
    at_once = settle(papers)

    assert {**stepwise, "oa_urls": sorted(stepwise.get("oa_urls", []))} == {
        **at_once,
        "oa_urls": sorted(at_once.get("oa_urls", [])),
    }


@given(PAPERS)
def test_a_single_record_keeps_what_it_says(record: PaperMetadata) -> None:
    settled, tidied = settle([record]), dict(tidy(record))

    assert aliases(settled) == aliases(record)
    for key in tidied.keys() - {"versions", "oa_urls", "referenced_works"}:
        assert not tidied[key] or dict(settled)[key] == tidied[key]
