"""Identifiers are normalised, compared and made safe for file names."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identifiers import (
    aliases,
    file_key,
    fold,
    normalize_arxiv,
    normalize_doi,
    normalize_openalex,
    normalize_pmcid,
    normalize_pmid,
    paper_id,
    unify,
)
from core.metadata import PaperMetadata


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1371/JOURNAL.PONE.0000308", "10.1371/journal.pone.0000308"),
        ("https://doi.org/10.1371/journal.pone.0000308", "10.1371/journal.pone.0000308"),
        ("http://dx.doi.org/10.1000/ABC%2Fd", "10.1000/abc/d"),
        ("(doi:10.1234/abc.def).", "10.1234/abc.def"),
        ("10.3389/fmicb.2018.01096/pdf", "10.3389/fmicb.2018.01096"),
        ("10.1234/abc.pdf", "10.1234/abc"),
        (
            "10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O",
            "10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o",
        ),
        ("10.1016/s0140-6736(05)67889-0", "10.1016/s0140-6736(05)67889-0"),
        ("10.1/../../../evil", None),
        ("not a doi", None),
        ("", None),
        (None, None),
    ],
)
def test_a_doi_is_the_same_in_every_spelling(text: str | None, doi: str | None) -> None:
    assert normalize_doi(text) == doi


@pytest.mark.parametrize(
    ("text", "arxiv"),
    [
        ("2401.01234", "2401.01234"),
        ("arXiv:2401.01234v3", "2401.01234"),
        ("https://arxiv.org/abs/2401.01234", "2401.01234"),
        ("https://arxiv.org/pdf/2401.01234v2.pdf", "2401.01234"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("math.GT/0309136", "math.gt/0309136"),
        ("10.48550/arXiv.2401.01234", "2401.01234"),
        ("https://doi.org/10.48550/arXiv.2401.01234", "2401.01234"),
        ("10.1234/abc", None),
        ("", None),
    ],
)
def test_an_arxiv_id_is_the_same_in_every_spelling(text: str, arxiv: str | None) -> None:
    assert normalize_arxiv(text) == arxiv


def test_other_identifiers_are_reduced_to_their_plain_form() -> None:
    assert normalize_pmid("PMID: 123456") == normalize_pmid(123456) == "123456"
    assert normalize_pmid("https://pubmed.ncbi.nlm.nih.gov/123456/") == "123456"
    assert (
        normalize_pmcid("pmc1397864")
        == normalize_pmcid("https://pmc.ncbi.nlm.nih.gov/articles/PMC1397864/")
        == "PMC1397864"
    )
    assert normalize_openalex("https://openalex.org/W2741809807") == "W2741809807"
    assert normalize_pmid("x") is None


def test_the_strongest_identifier_names_the_paper() -> None:
    paper: PaperMetadata = {"doi": "10.5555/A", "arxiv_id": "2401.01234", "pmcid": "PMC123456"}

    assert paper_id(paper) == "10.5555/a"
    assert aliases(paper) == ["10.5555/a", "arxiv:2401.01234", "pmcid:PMC123456"]


def test_the_arxiv_doi_and_the_arxiv_id_are_one_identity() -> None:
    assert (
        paper_id({"doi": "10.48550/arXiv.2401.01234"}) == paper_id({"arxiv_id": "2401.01234v2"}) == "arxiv:2401.01234"
    )


def test_a_paper_without_identifiers_is_known_by_what_it_is_called() -> None:
    """f13: `doi=None` as a key made five papers one."""
    one: PaperMetadata = {"title": "Bees on Roofs", "authors": [{"name": "A. Müller"}], "year": 2020}
    same: PaperMetadata = {"title": "Bees on roofs.", "authors": [{"name": "a muller"}], "year": 2020}
    other: PaperMetadata = {"title": "Bees on Roofs", "authors": [{"name": "B. Smith"}], "year": 2020}

    assert paper_id(one) == paper_id(same)
    assert paper_id(one) != paper_id(other)


def test_a_doi_in_another_case_is_the_same_paper() -> None:
    """f13, f19: one work given three times."""
    merged = unify([{"doi": "10.5555/X"}, {"doi": "https://doi.org/10.5555/x", "title": "T"}, {"doi": "10.5555/x"}])

    assert merged == {"10.5555/x": {"doi": "10.5555/X", "title": "T"}}


def test_records_that_share_any_identifier_become_one_and_keep_every_address() -> None:
    merged = unify(
        [
            {"arxiv_id": "2401.01234", "oa_urls": ["https://a.example/1"]},
            {"pmid": "77777", "title": "T"},
            {
                "doi": "10.5555/x",
                "arxiv_id": "2401.01234",
                "pmid": "77777",
                "oa_urls": ["https://b.example/2", "https://a.example/1"],
            },
        ]
    )

    assert list(merged) == ["10.5555/x"]
    assert merged["10.5555/x"]["title"] == "T"
    assert merged["10.5555/x"]["oa_urls"] == ["https://a.example/1", "https://b.example/2"]


def test_the_first_record_wins_a_contested_field() -> None:
    assert unify([{"doi": "10.5555/x", "year": 2020}, {"doi": "10.5555/x", "year": 1999}])["10.5555/x"]["year"] == 2020


def test_folding_ignores_case_accents_ligatures_and_punctuation() -> None:
    assert fold("The ﬁrst “Café”—a  Study") == "the first cafe a study"


@given(st.text())
def test_a_file_key_is_safe_whatever_it_is_made_from(identifier: str) -> None:
    """f18: file names made from DOIs escaped their folder."""
    key = file_key(identifier)

    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


def test_a_hostile_identifier_costs_nothing() -> None:
    assert normalize_doi("10.1000/x" + ").)." * 100_000) == "10.1000/x"


def test_thousands_of_records_are_merged_in_a_moment() -> None:
    papers: list[PaperMetadata] = [{"doi": f"10.5555/{n}", "pmid": str(100_000 + n)} for n in range(20_000)]
    started = time.process_time()

    assert len(unify(papers)) == 20_000
    assert time.process_time() - started < 5


@given(st.lists(st.fixed_dictionaries({}, optional={
    "doi": st.sampled_from(["10.5555/a", "10.5555/A", "10.5555/b", ""]),
    "arxiv_id": st.sampled_from(["2401.00001", "2401.00002"]),
    "pmid": st.sampled_from(["111111", "222222"]),
    "title": st.sampled_from(["One", "Two"]),
})))  # fmt: skip
def test_merging_is_complete_and_stable(papers: list[PaperMetadata]) -> None:
    merged = unify(papers)

    assert unify(merged.values()) == merged
    assert {alias for paper in papers for alias in aliases(paper)} >= {a for p in merged.values() for a in aliases(p)}
