"""Citation keys and the names they are made of."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.byline import Name, label, parts, who
from workflows.research.academic_lit_review.citation_keys import citation_keys


def paper(title: str = "A study", year: int | None = 2006, *authors: str) -> PaperMetadata:
    known: PaperMetadata = {"title": title, "authors": [{"name": name} for name in authors]}
    return {**known, "year": year} if year else known


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Ipseeta Mohanty", "Mohanty", "Ipseeta"),
        ("Mohanty I", "Mohanty", "I"),
        ("Mohanty, Ipseeta", "Mohanty", "Ipseeta"),
        ("Ludwig van Beethoven", "van Beethoven", "Ludwig"),
        ("M. S. Baliga", "Baliga", "M. S."),
        ("SK Gupta", "Gupta", "SK"),
        ("Martin Luther King Jr.", "King Jr.", "Martin Luther"),
        ("Plato", "Plato", ""),
        ("PRISMA Working Group", "PRISMA Working Group", ""),
    ],
)
def test_a_name_has_two_parts(name: str, family: str, given: str) -> None:
    assert parts(name) == Name(family, given)


@pytest.mark.parametrize(
    ("author", "key"),
    [
        ("Ipseeta Mohanty", "mohanty2006"),
        ("José Müller-Łukasz", "mullerlukasz2006"),
        ("王小明", "wangxiaoming2006"),
        ("Иван Петров", "petrov2006"),
        ("🙂", "anon2006"),
    ],
)
def test_a_key_is_surname_and_year_in_ascii(author: str, key: str) -> None:
    found = citation_keys({"doi:1": paper("A study", 2006, author)})["doi:1"]

    assert re.fullmatch(r"[a-z0-9-]+", found)
    assert found == key or author == "🙂"


def test_papers_of_one_year_and_name_get_letters_whatever_their_order() -> None:
    papers = {
        "b": paper("Beta", 2006, "A Cohen"),
        "a": paper("Alpha", 2006, "M Cohen"),
        "c": paper("Zeta", 2007, "M Cohen"),
    }

    keys = citation_keys(papers)

    assert keys == {"b": "cohen2006b", "a": "cohen2006a", "c": "cohen2007"}
    assert citation_keys(dict(reversed(papers.items()))) == keys


def test_a_key_that_is_known_stays_and_is_given_to_no_other() -> None:
    papers = {"b": paper("Beta", 2006, "A Cohen"), "a": paper("Alpha", 2006, "M Cohen")}

    assert citation_keys(papers, {"b": "cohen2006"}) == {"b": "cohen2006", "a": "cohen2006a"}


def test_a_paper_without_year_and_authors_has_a_key_too() -> None:
    assert citation_keys({"x": paper("Holy basil", None), "y": {}}) == {"x": "holynd", "y": "untitlednd"}


def test_a_paper_is_named_by_its_authors() -> None:
    assert who(paper("A", 2006, "A Cohen")) == "Cohen"
    assert who(paper("A", 2006, "A Cohen", "B Levy")) == "Cohen and Levy"
    assert label(paper("A", 2006, "A Cohen", "B Levy", "C Roe"), "cohen2006b") == "Cohen et al. 2006b"
    assert label(paper("A report of no author that anyone knows", None)) == "“A report of no author…” n.d."


names = st.text(max_size=30)


@given(st.dictionaries(st.text(min_size=1), st.tuples(names, st.integers(1990, 1992)), max_size=30))
def test_no_two_keys_are_alike_and_all_are_ascii(known: dict[str, tuple[str, int]]) -> None:
    papers = {paper_id: paper(name, year, name) for paper_id, (name, year) in known.items()}

    keys = citation_keys(papers)

    assert len({key.casefold() for key in keys.values()}) == len(papers)
    assert all(re.fullmatch(r"[a-z]+(?:\d{4}|nd)-?[a-z]*", key) for key in keys.values())
