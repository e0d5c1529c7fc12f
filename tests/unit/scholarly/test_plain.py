"""Texts, licences, addresses and notices as catalogues write them are made plain."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.scholarly.license import license_of
from core.scholarly.notices import kind_of
from core.scholarly.places import Place, addresses, arxiv_in, pmcid_in
from core.scholarly.prose import abstract, expression, plain, words


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<i>In vivo</i> effects", "In vivo effects"),
        ("H<sub>2</sub>O &amp; CO<sub>2</sub>", "H2O & CO2"),
        ("if a<b and c>d", "if a<b and c>d"),
        ("p < 0.05", "p < 0.05"),
        ('<mml:math xmlns:mml="http://x"><mml:mi>x</mml:mi></mml:math> rays', "x rays"),
        ("two\n\t lines\u200b", "two lines"),
        ("Cafe\u0301", "Café"),
    ],
)
def test_mark_up_goes_and_comparisons_stay(written: str, read: str) -> None:
    assert plain(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<jats:p>Only text.</jats:p>", "Only text."),
        ("<jats:title>ABSTRACT</jats:title><jats:p>Text.</jats:p>", "Text."),
        ("<jats:title>Aims</jats:title><jats:p>A.</jats:p><jats:title>Results</jats:title><jats:p>B.</jats:p>", "Aims: A. Results: B."),
        ("<h4>Objective: </h4>To see.", "Objective: To see."),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
    ],
)  # fmt: skip
def test_the_headings_of_an_abstract_stay(written: str, read: str) -> None:
    assert abstract(written) == read


def test_hostile_mark_up_costs_nothing() -> None:
    started = time.perf_counter()
    for evil in ("<i " * 100_000, "<h4>" * 100_000, "<" * 100_000, "&lt;h1" * 50_000, "<jats:p" + " a" * 100_000):
        assert len(abstract(evil)) <= 20_000
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('"holy basil" AND (stress OR anxiety)', '"holy basil" AND (stress OR anxiety)'),
        ('does "holy basil work?', "does holy basil work"),
        ("stress) OR DOI:*", "stress DOI"),
        ("what of x[0]?", "what of x 0"),
    ],
)
def test_a_search_that_could_not_be_parsed_is_sent_as_its_words(text: str, sent: str) -> None:
    assert expression(text) == sent


@given(st.text())
def test_words_hold_no_operators(text: str) -> None:
    assert not set(words(text)) & set('"()[]{}:*?^~\\/')


@pytest.mark.parametrize(
    ("stated", "known"),
    [
        ("cc by", "cc-by"),
        ("CC-BY", "cc-by"),
        ("CCBY", "cc-by"),
        ("CC BY 4.0", "cc-by"),
        ("cc-by-nc-nd", "cc-by-nc-nd"),
        ("CC BY-NC-SA", "cc-by-nc-sa"),
        ("http://creativecommons.org/licenses/by-nc/4.0/", "cc-by-nc"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0"),
        ("cc0", "cc0"),
        ("public-domain", "public-domain"),
        ("pd", "public-domain"),
        ("other-oa", ""),
        ("publisher-specific-oa", ""),
        ("https://www.elsevier.com/tdm/userlicense/1.0/", ""),
        ("cc", ""),
        ("", ""),
    ],
)
def test_a_licence_has_many_spellings_and_an_unknown_one_stays_unknown(stated: str, known: str) -> None:
    assert license_of(stated) == known


def test_addresses_that_only_repeat_an_identifier_are_not_asked() -> None:
    places = [
        Place("https://repo.net/a.pdf", "https://repo.net/a"),
        Place("", "https://doi.org/10.5555/abc"),
        Place("", "https://pubmed.ncbi.nlm.nih.gov/1"),
        Place("https://arxiv.org/pdf/2401.01234", "https://export.arxiv.org/abs/2401.01234"),
        Place("https://europepmc.org/articles/PMC1?pdf=render", "https://pmc.ncbi.nlm.nih.gov/articles/PMC1/"),
        Place("ftp://repo.net/b.pdf", "http://["),
        Place("https://other.net/b.pdf", "https://repo.net/a"),
        Place("https://long.net/" + "a" * 3000),
    ]

    assert addresses(places) == ["https://repo.net/a.pdf", "https://other.net/b.pdf", "https://repo.net/a"]


@pytest.mark.parametrize(
    ("url", "pmcid", "arxiv"),
    [
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/12008803", "PMC12008803", ""),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC1397864/", "PMC1397864", ""),
        ("https://europepmc.org/articles/PMC1397864?pdf=render", "PMC1397864", ""),
        ("https://arxiv.org/pdf/2401.01234v2.pdf", "", "2401.01234"),
        ("http://arxiv.org/abs/hep-th/9901001v1", "", "hep-th/9901001"),
        ("https://repo.net/articles/PMC1", "", ""),
    ],
)
def test_addresses_may_hold_an_identifier(url: str, pmcid: str, arxiv: str) -> None:
    assert (pmcid_in([url]), arxiv_in([url])) == (pmcid, arxiv)


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Retraction in", "retraction"), ("Comment in", ""), ("new_version", ""), ("Expression of Concern", "expression_of_concern")],
)  # fmt: skip
def test_what_is_no_notice_is_none(said: str, kind: str) -> None:
    assert kind_of(said) == kind
