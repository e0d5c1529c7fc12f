"""What a quote may differ in from its text, and what it may not."""

import time

import pytest

from core.conversion.converter import PageSpan
from core.evidence import Index, Located, find, locate

TEXT = """# Effects of *Ocimum sanctum* on glucose

## Results

The extract did not reduce fasting glucose (p = 0.21), but it lowered **triglycerides** by 12.5% within 8 weeks [3,4].
No significant difference in body weight was observed between the groups. Thirty rats received 5 mg/kg of the
extract at −20 °C; the others received 5 mM saline. Survival after 10^6 cells was 45 ± 3% (p < 0.05).

| Group | HDL, mg/dl |
| --- | --- |
| Control | 41.2 |
| Treated | 48.9 |

## Discussion

See [the protocol](https://example.org/protocol(1)) for details of the randomised, placebo-controlled trial of
tumour growth. Twenty-five patients were hyperglycaemic before treatment; 1,200 samples were frozen.
"""
INDEX = Index(TEXT)


def verdict(quote: str) -> str:
    return find(quote, INDEX).verdict


@pytest.mark.parametrize(
    "quote",
    [
        "it lowered triglycerides by 12.5% within 8 weeks [3,4].",
        "it lowered **triglycerides** by 12.5 %\nwithin 8 weeks",
        "it lowered trigly-\ncerides by 12.5% within 8 weeks",
        "it lowered trigly\u00adcerides by 12.5 percent within 8 weeks [3, 4]",
        "See the protocol for details of the randomised, placebo\u2010controlled trial",
        "See [the protocol](https://elsewhere.example/) for <i>details</i> of the randomised",
        "No signi\ufb01cant di\ufb00erence in body weight was observed between the groups",
        "NO SIGNIFICANT DIFFERENCE IN BODY WEIGHT WAS OBSERVED BETWEEN THE GROUPS",
        "Control 41.2 Treated 48.9",
        "Twenty\u2011five patients were hyperglycaemic before treatment; 1200 samples were frozen",
        "25 patients were hyperglycaemic before treatment",
        "30 rats received 5 mg/kg of the extract at \u221220 \u00b0C",
        "lowered triglycerides by 12,5% within 8 weeks",
        "Survival after 10<sup>6</sup> cells was 45 \u00b1 3 % (p &lt; .05)",
        "Survival after 10\u2076 cells was 45 \u00b1 3%",
        "Effects of Ocimum sanctum on glucose",
    ],
)
def test_typesetting_changes_nothing(quote: str) -> None:
    assert verdict(quote) == "exact"


@pytest.mark.parametrize(
    "quote",
    [
        "it lowered the triglycerides by 12.5% within 8 weeks",
        "The extract did not reduce fasting glucose, but it lowered triglycerides by 12.5% within 8 weeks.",
        "Thirty rats received 5 mg/kg of extract at \u221220 \u00b0C",
        "Thirty rats received 5 mg/kg ... the others received 5 mM saline",
    ],
)
def test_an_article_a_bracket_or_an_ellipsis_makes_it_fuzzy(quote: str) -> None:
    assert verdict(quote) == "fuzzy"


@pytest.mark.parametrize(
    "quote",
    [
        "it lowered triglycerides by 125% within 8 weeks",
        "it lowered triglycerides by 12.6% within 8 weeks",
        "it lowered triglycerides by 1.25% within 8 weeks",
        "it lowered triglycerides by 12.5 within 8 weeks",
        "it lowered triglycerides by 12.5% within 8 months",
        "Forty rats received 5 mg/kg of the extract",
        "Thirty rats received 5 g/kg of the extract at \u221220 \u00b0C",
        "Thirty rats received 5 mg/kg of the extract at 20 \u00b0C",
        "the others received 5 mm saline. Survival after",
        "the others received 5 \u03bcM saline. Survival after",
        "Survival after 106 cells was 45 \u00b1 3%",
        "Survival after 10^7 cells was 45 \u00b1 3%",
        "Survival after 10^-6 cells was 45 \u00b1 3%",
        "cells was 45 \u00b1 3% (p > 0.05)",
        "Twenty-six patients were hyperglycaemic before treatment",
        "1,2000 samples were frozen",
        "it lowered triglycerides by 12.5% within 8 weeks [3,5].",
        "it lowered triglycerides by 12.5",
        "Survival after 10^6 cells was 45",
    ],
)
def test_another_number_unit_or_sign_is_told(quote: str) -> None:
    assert verdict(quote) == "number_differs"


@pytest.mark.parametrize(
    "quote",
    [
        "The extract did reduce fasting glucose (p = 0.21)",
        "The extract ... reduce fasting glucose (p = 0.21)",
        "Significant difference in body weight was observed between the groups.",
        "significant difference in body weight was observed between the groups",
        "difference in body weight was observed between the groups",
        "reduce fasting glucose (p = 0.21), but it lowered",
        "it raised triglycerides by 12.5% within 8 weeks",
        "it lowered cholesterol by 12.5% within 8 weeks",
        "patients were hypoglycaemic before treatment",
        "patients were hyperglycaemic after treatment",
        "the non-randomised, placebo-controlled trial of tumour growth",
        "it lowered triglycerides by 12.5% between the groups. Thirty rats",
        "Ocimum sanctum cures diabetes in all patients",
        "",
        "...",
    ],
)
def test_other_words_are_absent(quote: str) -> None:
    assert verdict(quote) == "absent"


def test_an_absent_quote_comes_with_the_passage_it_resembles_and_what_differs() -> None:
    place = find("it raised triglycerides by 12.5% within 8 weeks", INDEX)

    assert place.why == "'raised' for 'lowered'"
    assert place.found == "it lowered **triglycerides** by 12.5% within 8 weeks"
    assert 0.8 < place.score < 1


def test_what_is_found_is_the_text_itself() -> None:
    place = find("it lowered triglycerides by 12.5 % within 8 weeks [3,4].", INDEX)

    assert place.found == TEXT[place.start : place.end] == "it lowered **triglycerides** by 12.5% within 8 weeks [3,4]."


@pytest.mark.parametrize("quote", ["25 patients were", "the 8 weeks", "12", "5% within"])
def test_a_word_or_number_is_never_found_inside_another(quote: str) -> None:
    index = Index("In 125 patients were 12.5% within the 48 weeks, 512 in all.")

    assert not find(quote, index).holds


def test_a_sentence_may_be_interrupted_by_a_caption_but_not_spliced_of_two() -> None:
    text = (
        "We found that treated animals gained\n\nFigure 1: Weight by group over time.\n\nmore weight than controls did."
        "\n\nThe plants grew well in spring.\n\nAnother paragraph stands here.\n\nThe plants wilted in summer."
    )

    assert find("We found that treated animals gained more weight than controls did.", Index(text)).verdict == "fuzzy"
    assert find("The plants grew well in spring. The plants wilted in summer.", Index(text)).verdict == "absent"


def test_what_fonts_lost_is_forgiven_only_where_the_whole_text_has_lost_it() -> None:
    body = "The efficient classifiers confirmed significant profiles of a specific finding. " * 150
    lost = Index(body.replace("ffi", "").replace("fi", "") + "The coecient of TNF- rose in all of the treated rats.")
    whole = Index(body + "The coecient of TNF- rose in all of the treated rats. It was α.")

    assert find("The coefficient of TNF-α rose in all of the treated rats.", lost).verdict == "fuzzy"
    assert find("The coefficient of TNF-α rose in all of the treated rats.", whole).verdict == "absent"
    assert (
        find("They were unstable at night.", Index("Most tests last. " * 500 + "They were unable at night.")).verdict
        == "absent"
    )


MARKER = (
    '<span id="page-2-0"></span>Cell counts of $10^{-5}$ and 2 $\\mu$g/mL H<sub>2</sub>O were $\\leq 5$ '
    "(p \\< 0.05) in **β**-catenin cells<sup>12</sup> of [Smith et al.](#page-9-0)\n"
)


@pytest.mark.parametrize(
    ("quote", "verdict"),
    [
        ("Cell counts of 10\u207b\u2075 and 2 µg/mL H\u2082O were \u2264 5 (p < 0.05) in \u03b2-catenin", "exact"),
        ("were <= 5 (p<.05) in \u03b2-catenin cells of Smith et al.", "fuzzy"),
        ("Cell counts of 10\u2075 and 2 µg/mL", "number_differs"),
        ("and 2 mg/mL H2O were \u2264 5", "number_differs"),
        ("2 µg/mL H2O were \u2265 5 (p < 0.05)", "number_differs"),
        ("(p < 0.05) in α-catenin cells", "absent"),
    ],
)
def test_the_markup_of_marker_is_read(quote: str, verdict: str) -> None:
    assert find(quote, Index(MARKER)).verdict == verdict


def test_letters_that_spell_a_negation_only_when_divided_are_told_apart() -> None:
    assert find("There was no table effect.", Index("There was notable effect.")).verdict == "absent"
    assert find("It is nonsignificant here.", Index("It is non-significant here.")).verdict == "exact"


def test_the_a_of_vitamin_a_is_no_article() -> None:
    index = Index("Serum vitamin A was low in a third of all patients.")

    assert find("Serum vitamin was low in a third of all patients.", index).verdict == "absent"
    assert find("Serum vitamin A was low in third of all patients.", index).verdict == "fuzzy"


def paged(*pages: str) -> tuple[str, tuple[PageSpan, ...]]:
    spans, at = [], 0
    for number, page in enumerate(pages, 1):
        spans.append(PageSpan(number, at, at + len(page)))
        at += len(page)
    return "".join(pages), tuple(spans)


def located(quote: str, page: int | None) -> Located:
    return locate(
        quote, *paged("Mice were fed. Basil was ", "given daily.\n\nMice ate it. ", "Mice were fed."), page=page
    )


def test_a_quote_is_on_the_page_where_it_begins() -> None:
    assert located("Basil was given daily.", None).page == 1
    assert located("Mice ate it.", None).page == 2


def test_of_several_places_the_named_page_is_taken() -> None:
    assert located("Mice were fed.", None).page == 1
    assert located("Mice were fed.", 3).page == 3


def test_another_page_is_told() -> None:
    assert located("Mice ate it.", 3).verdict == "wrong_page"
    assert located("Mice ate it.", 3).page == 2
    assert located("Basil was given daily.", 2).verdict == "exact"  # it goes on there
    assert located("Mice ate grass.", 2).verdict == "absent"


def test_without_pages_any_page_is_right() -> None:
    place = locate("Mice ate it.", "Mice ate it.", (), page=7)

    assert (place.verdict, place.page) == ("exact", None)


def test_of_several_places_the_nearest_one_is_taken() -> None:
    text = "Mice were fed. " * 3

    assert find("Mice were fed.", Index(text), near=29).start == 30


HOSTILE = ["a " * 9_000, "1," * 9_000, "no " * 290, "\u2212" * 19_000, "[" * 19_000, "<sup>" * 3_000, "word " * 10**6]


@pytest.mark.parametrize("quote", HOSTILE, ids=[text[:5] for text in HOSTILE])
def test_hostile_quotes_cost_nothing(quote: str) -> None:
    started = time.process_time()
    find(quote, INDEX)

    assert time.process_time() - started < 1


@pytest.mark.parametrize("piece", ["<", "](", "<!--", "&", "\\a", "^", "- ", "1,", "a\u0301", "a "])
def test_hostile_texts_are_read_in_linear_time(piece: str) -> None:
    started = time.process_time()
    Index(piece * 100_000)

    assert time.process_time() - started < 3
