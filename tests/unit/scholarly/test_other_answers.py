"""What arXiv, Semantic Scholar and Unpaywall say becomes records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import FetchError
from core.scholarly.arxiv_feed import read_feed
from core.scholarly.semanticscholar_papers import read_batch, read_links, read_search
from core.scholarly.unpaywall import read_answer, unusable_email
from tests.unit.scholarly.genuine import genuine

FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
 xmlns="http://www.w3.org/2005/Atom">
<opensearch:totalResults>{total}</opensearch:totalResults><opensearch:startIndex>{start}</opensearch:startIndex>
{entries}</feed>"""
ENTRY = """<entry><id>http://arxiv.org/abs/hep-th/9901001v3</id><title>A  title
 over lines</title><summary>We do &lt;things&gt;.</summary><published>1999-01-02T00:00:00Z</published>
<author><name>Ada Byron</name><arxiv:affiliation>Trinity</arxiv:affiliation></author><author><name>C. Babbage</name>
</author><arxiv:doi>10.5555/ABC</arxiv:doi><arxiv:journal_ref>Phys. Rev. 5 (1999)</arxiv:journal_ref></entry>"""


def feed(entries: str = "", total: int = 0, start: int = 0) -> bytes:
    return FEED.format(entries=entries, total=total, start=start).encode()


def test_an_entry_of_arxiv_becomes_a_record() -> None:
    listing = read_feed(feed(ENTRY, total=40))

    assert listing.total == 40
    assert listing.papers == (
        {
            "doi": "10.5555/abc",
            "title": "A title over lines",
            "authors": [{"name": "Ada Byron", "institution": "Trinity"}, {"name": "C. Babbage"}],
            "year": 1999,
            "publication_date": "1999-01-02",
            "venue": "Phys. Rev. 5 (1999)",
            "abstract": "We do <things>.",
            "arxiv_id": "hep-th/9901001",
            "is_oa": True,
            "oa_status": "green",
            "version": "preprint",
            "type": "preprint",
            "sources": ["arxiv"],
        },
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (feed(total=580), "bad_answer"),
        (feed("<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>odd</summary></entry>"), "http_400"),
        (b"Rate exceeded.", "bad_answer"),
        (b"<html><body/></html>", "bad_answer"),
        (b"", "bad_answer"),
        (b'<!DOCTYPE feed [<!ENTITY a "aaaa">]><feed xmlns="http://www.w3.org/2005/Atom">', "bad_answer"),
    ],
)  # fmt: skip
def test_a_feed_that_is_none_is_no_empty_feed(body: bytes, reason: str) -> None:
    with pytest.raises(FetchError) as caught:
        read_feed(body)
    assert caught.value.reason == reason


def test_a_feed_may_be_empty_and_may_end() -> None:
    assert read_feed(feed()).papers == ()
    assert read_feed(feed(total=40, start=40)).papers == ()


def test_a_feed_cannot_make_us_read_files_or_grow() -> None:
    evil = (
        b'<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + feed(ENTRY.replace("A  title", "&x;"), total=1).partition(b"?>")[2]
    )

    assert "root:" not in str(read_feed(evil).papers)


def test_the_recorded_feed() -> None:
    listing = read_feed(genuine("arxiv/query_2026-10.xml"))

    assert (listing.total, [paper["arxiv_id"] for paper in listing.papers]) == (580, ["2507.08065", "2602.18764"])
    assert listing.papers[1]["authors"] == [{"name": "Andreas Schlapbach"}]


def test_the_recorded_error_feed() -> None:
    with pytest.raises(FetchError, match="incorrect id format for 1234"):
        read_feed(genuine("arxiv/error_feed.xml"))


PAPER: dict[str, Any] = {
    "paperId": "abc",
    "externalIds": {"DOI": "10.5555/ABC", "ArXiv": "2401.01234", "PubMed": "77", "PubMedCentral": "1397864", "CorpusId": 5},
    "title": "A title",
    "venue": "bioRxiv",
    "journal": {"name": "Cell Genomics"},
    "year": 2024,
    "citationCount": 3,
    "isOpenAccess": True,
    "openAccessPdf": {"url": "https://repo.net/a.pdf", "status": "GREEN", "license": "CCBY"},
    "publicationTypes": None,
    "authors": [{"authorId": None, "name": "Ada Byron"}, {"name": None}],
}  # fmt: skip


def scholar(**changes: Any) -> Any:
    return read_batch(json.dumps([{**PAPER, **changes}]).encode()).papers[0]


def test_a_paper_of_semantic_scholar_becomes_a_record() -> None:
    assert scholar() == {
        "doi": "10.5555/abc",
        "title": "A title",
        "authors": [{"name": "Ada Byron"}],
        "year": 2024,
        "venue": "Cell Genomics",
        "pmid": "77",
        "pmcid": "PMC1397864",
        "arxiv_id": "2401.01234",
        "is_oa": True,
        "oa_status": "green",
        "oa_urls": ["https://repo.net/a.pdf"],
        "license": "cc-by",
        "cited_by_count": 3,
        "version": "published",
        "sources": ["semanticscholar"],
    }


@pytest.mark.parametrize(
    "pdf", [None, {"url": "", "status": "CLOSED", "license": None}, {"url": "http://arxiv.org/pdf/2301.10035", "status": "CLOSED"}]
)  # fmt: skip
def test_a_closed_copy_is_no_copy(pdf: object) -> None:
    assert not {"oa_urls", "oa_status"} & scholar(openAccessPdf=pdf).keys()


@pytest.mark.parametrize("key", sorted(PAPER))
def test_any_field_may_be_null(key: str) -> None:
    assert scholar(**{key: None})["sources"] == ["semanticscholar"]


def test_a_batch_keeps_the_places_of_the_unknown() -> None:
    listing = read_batch(json.dumps([None, PAPER, None, {"title": 5.5, "authors": 1}]).encode())

    assert (len(listing.papers), listing.missing, len(listing.unreadable)) == (1, ("0", "2"), 1)


def test_the_last_page_has_no_next() -> None:
    assert read_search(b'{"total": 0, "offset": 0}').papers == ()
    assert read_search(json.dumps({"total": 1, "offset": 0, "data": [PAPER]}).encode()).next == ""
    assert read_links(json.dumps({"offset": 0, "next": 100, "data": []}).encode()).next == "100"


def test_papers_without_an_id_there_are_told_by_what_else_is_known() -> None:
    rows = [{"citedPaper": {"paperId": None, "title": "Old"}}, {"citedPaper": {"paperId": None}}, {"citedPaper": None}]

    assert [paper["title"] for paper in read_links(json.dumps({"data": rows}).encode()).papers] == ["Old"]


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (read_search, b'{"message": "Internal server error"}'),
        (read_search, b'{"total": 70499, "offset": 0, "next": 100, "data": []}'),
        (read_links, b'{"data": null, "citingPaperInfo": {"openAccessPdf": {"disclaimer": "elided"}}}'),
        (read_batch, b'{"error": "No valid paper ids given"}'),
    ],
)
def test_an_answer_without_its_list_is_no_empty_list(read: Any, body: bytes) -> None:
    with pytest.raises(FetchError, match="bad_answer"):
        read(body)


def test_the_recorded_answers_of_semantic_scholar() -> None:
    batch = read_batch(genuine("semanticscholar/batch_with_null.json"))
    cited = read_links(genuine("semanticscholar/references_page.json"))
    citing = read_links(genuine("semanticscholar/citations_page.json"))
    found = read_search(genuine("semanticscholar/search.json"))
    whole = read_batch(b"[" + genuine("semanticscholar/paper_by_doi.json") + b"]").papers[0]

    assert batch.missing == ("0",)
    assert (batch.papers[0]["doi"], batch.papers[0]["version"]) == ("10.2139/ssrn.288970", "preprint")
    assert (cited.next, citing.next, found.total) == ("50", "100", 70499)
    assert len(cited.papers) == len(citing.papers) == len(found.papers) == 3
    assert (whole["pmcid"], whole["venue"], whole["version"]) == ("PMC12008803", "Cell Genomics", "published")
    assert "oa_urls" not in whole


def test_an_answer_of_unpaywall_becomes_a_record() -> None:
    best = {"url": "https://repo.net/a.pdf", "url_for_pdf": "https://repo.net/a.pdf", "license": "cc-by", "evidence": "deprecated"}  # fmt: skip
    other = {"url": "https://doi.org/10.5555/abc", "pmh_id": "oai:pubmedcentral.nih.gov:4234579", "url_for_pdf": None}
    said = {"doi": "10.5555/ABC", "title": "T", "year": 2014, "is_oa": True, "oa_status": "bronze", "z_authors": None}
    body = json.dumps({**said, "best_oa_location": best, "oa_locations": [best, other]}).encode()

    paper = read_answer(body).papers[0]

    assert (paper["doi"], paper["pmcid"], paper["license"]) == ("10.5555/abc", "PMC4234579", "cc-by")
    assert paper["oa_urls"] == ["https://repo.net/a.pdf"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"HTTP_status_code": 200, "error": true, "message": "x"}', b"oops"])
def test_an_answer_without_a_doi_is_none(body: bytes) -> None:
    with pytest.raises(FetchError, match="bad_answer"):
        read_answer(body)


@pytest.mark.parametrize(
    ("name", "is_oa", "urls", "pmcid"),
    [
        ("case1_200", False, None, None),
        ("case2_200", False, None, None),
        ("case3_200", True, None, None),
        ("case4_200", True, ["https://www.pnas.org/content/pnas/111/45/E4832.full.pdf"], "PMC4234579"),
        ("gold_2025-08", True, None, "PMC12008803"),
    ],
)
def test_the_recorded_answers_of_unpaywall(name: str, is_oa: bool, urls: object, pmcid: str | None) -> None:
    paper = read_answer(genuine(f"unpaywall/v2_{name}.json")).papers[0]

    assert (paper["is_oa"], paper.get("oa_urls"), paper.get("pmcid")) == (is_oa, urls, pmcid)


@pytest.mark.parametrize(
    ("email", "usable"),
    [
        ("reader@library.net", True),
        ("", False),
        ("reader", False),
        ("you@example.com", False),
        ("you@mail.example.org", False),
        ("me@localhost", False),
    ],
)
def test_unpaywall_wants_a_real_address(email: str, usable: bool) -> None:
    assert (unusable_email(email) == "") is usable
