"""A question is checked before anything is asked of anybody."""

from datetime import date
from pathlib import Path

import pytest

from core.errors import InputError
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review.question import asked, seeds

TODAY = date(2026, 11, 20)


def mistakes(*given: object, **named: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        asked(*given, today=TODAY, **named)  # type: ignore[arg-type]
    return str(caught.value).splitlines()


def test_a_question_is_cleaned_and_complete() -> None:
    question = asked(
        "  Holy\u200b basil \n and anxiety ", ["Does it help?", "", "Does it help?"], [2015, None], "EN-gb"
    )

    assert question == {
        "topic": "Holy basil and anxiety",
        "research_questions": ["Does it help?"],
        "date_range": [2015, None],
        "language": "en",
    }


def test_a_single_question_may_be_a_plain_text() -> None:
    assert asked("basil", "Does it help?")["research_questions"] == ["Does it help?"]


@pytest.mark.parametrize(
    ("given", "years"),
    [
        (None, None),
        ([], None),
        ([None, None], None),
        ((2015, 2020), [2015, 2020]),
        (["2015-03-01", "2020-12"], [2015, 2020]),
        ("2015-2020", [2015, 2020]),
        ("2015..", [2015, None]),
        ("2015-", [2015, None]),
        ("..2020", [None, 2020]),
    ],
)
def test_years_are_read_as_people_write_them(given: object, years: object) -> None:
    assert asked("basil", date_range=given, today=TODAY)["date_range"] == years  # type: ignore[arg-type]


@pytest.mark.parametrize(("given", "code"), [("german", "de"), ("any", ""), ("", ""), (None, ""), ("pt_BR", "pt")])
def test_languages_are_read_as_people_write_them(given: str | None, code: str) -> None:
    assert asked("basil", language=given)["language"] == code


def test_an_empty_topic_is_told_with_an_example() -> None:
    assert mistakes("  ")[0].startswith("the topic is empty: say in a few words")


def test_a_topic_without_a_word_is_none() -> None:
    assert mistakes("?!") == ["the topic '?!' has no word in it"]


def test_reversed_years_are_told() -> None:
    assert mistakes("basil", date_range=[2020, 2015]) == [
        "the date range is reversed: it begins in 2020 and ends in 2015"
    ]


def test_every_mistake_is_told_at_once() -> None:
    told = mistakes("x" * 600, [7], [20, "soon"], "klingon")

    assert told == [
        "the topic is 600 characters long; at most 500 are searched for: say it in a sentence",
        "the research question 1 must be text, not int",
        "20 is no year; write it with four digits, e.g. 2015",
        "'soon' is no year; write it with four digits, e.g. 2015",
        "'klingon' is no language code: write two letters such as en, de, es or zh; empty: any language",
    ]


def test_a_year_to_come_is_no_year_of_papers() -> None:
    assert mistakes("basil", date_range=[2015, 2099]) == ["the year 2099 lies outside 1600 to 2027"]


def test_one_year_is_no_range() -> None:
    assert mistakes("basil", date_range=[2015])[0].startswith("the date range needs a first and a last year")


def test_too_many_questions_are_told() -> None:
    assert mistakes("basil", [f"Question {n}?" for n in range(30)])[0].startswith("30 research questions are too many")


async def test_seeds_come_from_identifiers_bibliographies_and_folders(tmp_path: Path) -> None:
    (tmp_path / "refs.bib").write_text("@article{a, title={A paper on basil}, doi={10.1/Basil}, year={2010}}")
    (tmp_path / "pdfs").mkdir()
    (tmp_path / "pdfs" / "mine.pdf").write_bytes(b"%PDF-1.7\n")

    async with PaperStore.open(tmp_path / "home") as store:
        found = await seeds(["10.1234/ABC", str(tmp_path / "refs.bib")], pdfs=str(tmp_path / "pdfs"), store=store)

    assert len(found.papers) == 3
    assert found.papers["10.1234/abc"]["discovery_method"] == "seed"
    assert any(name.startswith("sha256:") for name in found.papers)


async def test_without_seed_material_there_are_no_seeds(tmp_path: Path) -> None:
    async with PaperStore.open(tmp_path) as store:
        assert (await seeds([], store=store)).papers == {}


async def test_seed_material_that_is_none_is_told(tmp_path: Path) -> None:
    async with PaperStore.open(tmp_path) as store:
        with pytest.raises(InputError, match="no such file"):
            await seeds(["missing.bib"], store=store)
