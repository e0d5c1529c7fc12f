"""What Europe PMC says becomes a record; its errors come as successes and are not taken for such."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import FetchError
from core.metadata import PaperMetadata
from core.scholarly.europepmc_works import read_links, read_place, read_search
from tests.unit.scholarly.genuine import genuine, genuine_json

RESULT: dict[str, Any] = {
    "id": "123",
    "source": "MED",
    "pmid": "123",
    "pmcid": "PMC7487765",
    "doi": "10.5555/ABC",
    "title": "<h1>Virological failure</h1>, <i>in vivo</i>.",
    "authorList": {
        "author": [
            {
                "fullName": "Byron A", "firstName": "Ada", "lastName": "Byron",
                "authorId": {"type": "ORCID", "value": "0000-0001"},
                "authorAffiliationDetailsList": {"authorAffiliation": [{"affiliation": "Trinity"}]},
            },
            {"collectiveName": "The Tulsi Group"},
        ]
    },
    "journalInfo": {"yearOfPublication": 2020, "journal": {"title": "The lancet. <h2>HIV</h2>"}},
    "pubYear": "2020",
    "firstPublicationDate": "2020-09-01",
    "abstractText": "<h4>Background</h4>Little is known.<h4>Methods: </h4>We looked (p&lt;0.05).",
    "language": "eng",
    "pubTypeList": {"pubType": ["research-article", "Review"]},
    "fullTextUrlList": {
        "fullTextUrl": [
            {"availabilityCode": "S", "documentStyle": "pdf", "url": "https://paid.net/a.pdf"},
            {"availabilityCode": "OA", "documentStyle": "pdf", "url": "https://europepmc.org/articles/PMC7487765?pdf=render"},
            {"availabilityCode": "F", "documentStyle": "html", "url": "https://press.net/a"},
            {"availabilityCode": "OA", "documentStyle": "pdf", "url": "https://press.net/a.pdf"},
        ]
    },
    "isOpenAccess": "Y",
    "citedByCount": 4,
    "license": "cc by",
}  # fmt: skip


def body(*results: dict[str, Any], **envelope: Any) -> bytes:
    return json.dumps({"hitCount": len(results), "resultList": {"result": list(results)}, **envelope}).encode()


def read(**changes: Any) -> PaperMetadata:
    return read_search(body({**RESULT, **changes})).papers[0]


def test_a_result_becomes_a_record() -> None:
    assert read() == {
        "doi": "10.5555/abc",
        "title": "Virological failure, in vivo",
        "authors": [{"name": "Ada Byron", "orcid": "0000-0001", "institution": "Trinity"}, {"name": "The Tulsi Group"}],
        "year": 2020,
        "publication_date": "2020-09-01",
        "venue": "The lancet. HIV",
        "abstract": "Background: Little is known. Methods: We looked (p<0.05).",
        "pmid": "123",
        "pmcid": "PMC7487765",
        "is_oa": True,
        "oa_urls": ["https://press.net/a.pdf", "https://press.net/a"],
        "license": "cc-by",
        "cited_by_count": 4,
        "version": "published",
        "type": "review",
        "language": "en",
        "sources": ["europepmc"],
    }


@pytest.mark.parametrize("key", sorted(RESULT.keys() - {"id", "source"}))
def test_any_field_may_be_null_or_missing(key: str) -> None:
    assert read(**{key: None})["sources"] == ["europepmc"]


@pytest.mark.parametrize(("said", "open_"), [("Y", True), ("N", False), ("maybe", None), (None, None)])
def test_yes_and_no_are_words(said: object, open_: bool | None) -> None:
    assert read(isOpenAccess=said).get("is_oa") is open_


def test_authors_may_be_one_line() -> None:
    paper = read(authorList=None, authorString="Gupta-Wright A, Fielding K, van Oosterhout J.")

    assert [author["name"] for author in paper["authors"]] == ["Gupta-Wright A", "Fielding K", "van Oosterhout J"]


@pytest.mark.parametrize(
    ("said", "kind", "retracted"),
    [
        ("Retraction in", "retraction", True),
        ("Expression of concern in", "expression_of_concern", None),
        ("Erratum in", "correction", None),
    ],
)
def test_notices_are_told_by_the_record_they_are_about(said: str, kind: str, retracted: bool | None) -> None:
    comments = [{"type": said, "id": "124", "source": "MED"}, {"type": "Comment in", "id": "125", "source": "MED"}]
    paper = read(commentCorrectionList={"commentCorrection": comments})

    assert paper["notices"] == [{"kind": kind, "source": "europepmc", "pmid": "124"}]
    assert paper.get("is_retracted") is retracted


def test_a_retracted_publication_says_so_in_its_types() -> None:
    assert read(pubTypeList={"pubType": ["Retracted Publication"]})["is_retracted"] is True


def test_a_notice_names_the_record_it_is_about() -> None:
    paper = read(commentCorrectionList={"commentCorrection": [{"type": "Retraction of", "id": "99", "source": "MED"}]})

    assert paper["notice_of"] == ["pmid:99"]
    assert "is_retracted" not in paper


def test_a_preprint_is_linked_with_its_publication() -> None:
    comments = [{"type": "Preprint of", "id": "555", "source": "MED"}]
    paper = read(source="PPR", pmid=None, commentCorrectionList={"commentCorrection": comments})

    assert (paper["version"], paper["type"]) == ("preprint", "preprint")
    assert paper["versions"] == [{"version": "published", "pmid": "555"}]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b'{"errCode": 404, "errMsg": "Invalid page size provided."}', "http_404"),
        (b'{"errCode": 12, "errMsg": "Out of order"}', "bad_answer"),
        (b'{"errMsg": "Out of order"}', "bad_answer"),
        (b'{"hitCount": 0}', "bad_answer"),
        (b"<html>maintenance</html>", "bad_answer"),
        (b'{"resultList": {"result": {"a": 1}}}', "bad_answer"),
        (b'{"hitCount": 7, "request": {"cursorMark": "*"}, "resultList": {"result": []}}', "bad_answer"),
    ],
)
def test_an_error_that_comes_as_a_success_is_an_error(answer: bytes, reason: str) -> None:
    with pytest.raises(FetchError) as caught:
        read_search(answer)
    assert caught.value.reason == reason


def test_the_end_of_a_walk_is_an_empty_page() -> None:
    assert read_search(body(hitCount=7, nextCursorMark="abc", request={"cursorMark": "abc"})).next == "abc"


def test_references_are_rows_of_their_own_kind() -> None:
    rows = [
        {"id": "66", "source": "MED", "title": "Cited.", "authorString": "Smith J, Doe A", "pubYear": 2010, "doi": "10.5555/C"},
        {"id": "PPR1", "source": "PPR", "title": "Early", "pubYear": "2021"},
        {"match": "N"},
    ]  # fmt: skip
    first, second = read_links(json.dumps({"hitCount": 3, "referenceList": {"reference": rows}}).encode()).papers

    assert (first["pmid"], first["doi"], first["year"], first["title"]) == ("66", "10.5555/c", 2010, "Cited")
    assert (second["version"], second.get("pmid")) == ("preprint", None)
    assert read_links(b'{"hitCount": 0, "citationList": {"citation": []}}').papers == ()
    with pytest.raises(FetchError, match="bad_answer"):
        read_links(b"{}")


def test_a_place_is_source_and_id() -> None:
    assert read_place(body({**RESULT, "source": "PPR", "id": "PPR77"})).next == "PPR/PPR77"
    assert read_place(body()).next == ""


def test_the_recorded_page() -> None:
    listing = read_search(genuine("europepmc/search_core_v6.4.json"))

    assert (listing.total, listing.next) == (2, "AoIIQAY21Cg0MjAwODc2NA==")
    paper = listing.papers[0]
    assert paper["title"].startswith("Virological failure, HIV-1 drug resistance")
    assert (paper["pmcid"], paper["license"], paper["is_oa"], paper["year"]) == ("PMC7487765", "cc-by", True, 2020)
    assert paper["authors"][0]["name"] == "Ankur Gupta-Wright"
    assert "oa_urls" not in paper


def test_the_recorded_error() -> None:
    with pytest.raises(FetchError, match="Invalid page size"):
        read_search(genuine("europepmc/error_in_200.json"))


def test_the_recorded_envelope_of_2026_tells_of_more_than_it_holds() -> None:
    with pytest.raises(FetchError, match="tells of 13341 results"):
        read_search(genuine("europepmc/search_envelope_v6.9.json"))


def test_a_recorded_record_of_the_corpus() -> None:
    """The recording wraps every value in a list, as XML was turned into JSON."""
    paper = read_search(body(unwrapped(genuine_json("europepmc/getpapers_record.json")))).papers[0]

    assert (paper["doi"], paper["pmid"], paper["pmcid"]) == ("10.1155/2017/9217567", "28400848", "PMC5376420")
    assert [author.get("orcid") for author in paper["authors"]] == ["0000-0003-2861-2140", "0000-0002-5876-6565"]
    assert (paper["type"], paper["language"], paper["license"]) == ("review", "en", "cc-by")
    assert paper["abstract"].startswith("Tulsi, also known as holy basil")


def unwrapped(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        whole = key in ("author", "pubType", "fullTextUrl")
        return [unwrapped(part) for part in value] if whole else unwrapped(value[0])
    if isinstance(value, dict) and "_" in value:
        return {"type": value["$"]["type"], "value": value["_"]}
    return {name: unwrapped(part, name) for name, part in value.items()} if isinstance(value, dict) else value
