"""What Crossref says becomes a record, with the notices that retract or correct it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import FetchError
from core.metadata import PaperMetadata
from core.scholarly.crossref_works import read_cited, read_page, read_work
from tests.unit.scholarly.genuine import genuine

WORK: dict[str, Any] = {
    "DOI": "10.5555/ABC",
    "title": ["Effects of <i>Ocimum</i>\n on mice"],
    "author": [
        {"given": "Ada", "family": "Byron", "ORCID": "http://orcid.org/0000-0001", "affiliation": [{"name": "Trinity"}]},
        {"name": "The Tulsi Group", "affiliation": []},
    ],
    "container-title": ["Journal of Things"],
    "abstract": "<jats:title>Abstract</jats:title><jats:sec><jats:title>Background</jats:title><jats:p>Mice &lt; 5 g.</jats:p></jats:sec>",
    "type": "journal-article",
    "language": "en",
    "published": {"date-parts": [[2019, 3]]},
    "issued": {"date-parts": [[2018]]},
    "license": [
        {"URL": "https://www.elsevier.com/tdm/userlicense/1.0/", "content-version": "tdm"},
        {"URL": "http://creativecommons.org/licenses/by-nc/4.0/", "content-version": "vor"},
    ],
    "link": [{"URL": "https://press.net/a.pdf", "content-type": "application/pdf"}],
    "is-referenced-by-count": 3,
    "reference": [
        {"key": "1", "DOI": "10.1/x"},
        {"key": "2", "DOI": "10.5555/Cited", "article-title": "Cited", "author": "Doe", "year": "2001"},
        {"key": "3", "unstructured": "Somebody, somewhere"},
        {"key": "4", "volume-title": "A book", "year": "n.d."},
    ],
    "relation": {"has-preprint": [{"id-type": "doi", "id": "10.1101/2018.01.01.123456"}], "cites": [], "odd": {"a": 1}},
}  # fmt: skip


def read(**changes: Any) -> PaperMetadata:
    return read_work(json.dumps({"status": "ok", "message": {**WORK, **changes}}).encode()).papers[0]


def test_a_work_becomes_a_record() -> None:
    assert read() == {
        "doi": "10.5555/abc",
        "title": "Effects of Ocimum on mice",
        "authors": [
            {"name": "Ada Byron", "orcid": "0000-0001", "institution": "Trinity"},
            {"name": "The Tulsi Group"},
        ],
        "year": 2019,
        "publication_date": "2019-03",
        "venue": "Journal of Things",
        "abstract": "Background: Mice < 5 g.",
        "is_oa": True,
        "oa_urls": ["https://press.net/a.pdf"],
        "license": "cc-by-nc",
        "cited_by_count": 3,
        "referenced_works": ["10.5555/cited"],
        "version": "published",
        "versions": [{"version": "preprint", "doi": "10.1101/2018.01.01.123456"}],
        "type": "article",
        "language": "en",
        "sources": ["crossref"],
    }


@pytest.mark.parametrize("key", sorted(WORK.keys() - {"DOI"}))
def test_any_field_may_be_null_or_missing(key: str) -> None:
    assert read(**{key: None})["doi"] == "10.5555/abc"


def test_a_licence_for_text_mining_is_none_for_reading() -> None:
    paper = read(license=[{"URL": "http://creativecommons.org/licenses/by/4.0/", "content-version": "tdm"}])

    assert not {"license", "is_oa", "oa_urls"} & paper.keys()


@pytest.mark.parametrize("date", [[[None]], [[]], [], [[20190, 1]], "2019", None])
def test_a_date_that_is_none_is_not_made_up(date: object) -> None:
    paper = read(published={"date-parts": date}, issued=None)

    assert not {"year", "publication_date"} & paper.keys()


@pytest.mark.parametrize(
    ("said", "kind", "retracted"),
    [
        ("retraction", "retraction", True),
        ("withdrawal", "retraction", True),
        ("removal", "retraction", True),
        ("partial_retraction", "correction", None),
        ("expression_of_concern", "expression_of_concern", None),
        ("corrigendum", "correction", None),
        ("erratum", "correction", None),
    ],
)
def test_notices_are_told_by_the_work_they_are_about(said: str, kind: str, retracted: bool | None) -> None:
    paper = read(**{"updated-by": [{"DOI": "10.5555/N", "type": said, "updated": {"date-parts": [[2024, 3, 6]]}}]})

    assert paper["notices"] == [{"kind": kind, "source": "crossref", "doi": "10.5555/n", "date": "2024-03-06"}]
    assert paper.get("is_retracted") is retracted


def test_a_notice_names_the_works_it_is_about_and_is_not_retracted_itself() -> None:
    paper = read(**{"update-to": [{"DOI": "10.5555/Bad", "type": "retraction"}, {"DOI": "10.5555/e", "type": "new_edition"}]})  # fmt: skip

    assert paper["notice_of"] == ["10.5555/bad"]
    assert not {"is_retracted", "notices"} & paper.keys()


def test_a_work_that_is_updated_in_place_is_its_own_notice() -> None:
    paper = read(**{"update-to": [{"DOI": "10.5555/abc", "type": "retraction"}]})

    assert paper["is_retracted"] is True
    assert "notice_of" not in paper


@pytest.mark.parametrize(
    ("title", "retracted"),
    [
        ("RETRACTED: Effects of things", True),
        ("RETRACTED ARTICLE: Effects of things", True),
        ("[Retracted] Effects of things", True),
        ("Retraction: Effects of things", None),
        ("Retracted papers: a survey", None),
    ],
)
def test_a_title_may_say_that_a_work_is_retracted(title: str, retracted: bool | None) -> None:
    assert read(title=[title]).get("is_retracted") is retracted


def test_preprints_are_told_from_papers() -> None:
    paper = read(type="posted-content", relation={"is-preprint-of": [{"id": "10.5555/final"}]})

    assert (paper["version"], paper["type"]) == ("preprint", "preprint")
    assert paper["versions"] == [{"version": "published", "doi": "10.5555/final"}]


def test_references_are_what_the_publisher_deposited() -> None:
    listing = read_cited(json.dumps({"message": WORK}).encode())

    assert listing.total == 4
    assert [paper.get("doi") or paper["title"] for paper in listing.papers] == ["10.5555/cited", "A book"]
    assert listing.papers[0]["authors"] == [{"name": "Doe"}]


@pytest.mark.parametrize("body", [b"Resource not found.", b"[]", b'{"message": []}', b'{"message": {"items": 5}}'])
def test_what_is_no_page_is_no_empty_page(body: bytes) -> None:
    with pytest.raises(FetchError, match="bad_answer"):
        read_page(body)


def test_the_recorded_work() -> None:
    paper = read_work(genuine("crossref/work_by_doi.json")).papers[0]

    assert (paper["doi"], paper["license"], paper["year"]) == ("10.1016/j.xgen.2025.100814", "cc-by", 2025)
    assert [author["name"] for author in paper["authors"]] == ["Michael Herger", "Christina M. Kajba", "Megan Buckley"]
    assert paper["referenced_works"][0] == "10.1038/gim.2015.30"
    assert "oa_urls" not in paper


def test_the_recorded_references() -> None:
    listing = read_cited(genuine("crossref/work_by_doi.json"))

    assert listing.papers[0]["title"].startswith("Standards and guidelines for the interpretation of sequence variants")


def test_the_recorded_lists() -> None:
    selected = read_page(genuine("crossref/works_query_select.json"))
    titled = read_page(genuine("crossref/works_query_title_select.json"))
    empty = read_page(genuine("crossref/works_query_empty.json"))

    assert (selected.papers[0]["doi"], selected.total) == ("10.1155/2022/8341966", 4664899)
    assert titled.papers[0]["authors"][0]["name"] == "Andres M. Bran"
    assert (empty.papers, empty.total) == ((), 0)
