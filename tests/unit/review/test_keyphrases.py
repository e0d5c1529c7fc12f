"""Searches and phrases are made of a question without a model."""

import pytest

from workflows.research.academic_lit_review.keyphrases import alternatives, keyphrases, queries, stem, telling
from workflows.research.academic_lit_review.question import asked


def test_the_telling_words_are_those_that_say_what_about() -> None:
    assert telling("What is known about the effects of Ocimum sanctum on anxiety?") == ["ocimum", "sanctum", "anxiety"]


def test_stems_bring_the_forms_of_a_word_together() -> None:
    assert stem("pharmacological") == stem("pharmacology")
    assert stem("computing") == stem("computational")


def test_other_languages_have_their_own_endings() -> None:
    assert stem("häuser", "german") == stem("hauses", "german")
    assert stem("studies", "klingon") == stem("studies")


def test_phrases_stand_between_the_words_that_only_hold_sentences_together() -> None:
    found = keyphrases(["Does holy basil lower chronic stress in young adults?", "Holy basil and sleep"])

    assert set(found) == {"holy basil lower chronic", "stress", "young adults", "holy basil", "sleep"}
    assert found[0] == "holy basil lower chronic"


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("holy basil and anxiety", [["holy basil"], ["anxiety"]]),
        ("tulsi or holy basil for sleep", [["tulsi", "holy basil"], ["sleep"]]),
        ("tulsi for diabetes, anxiety, and sleep", [["tulsi"], ["diabetes", "anxiety", "sleep"]]),
        ("", []),
    ],
)
def test_what_is_listed_or_joined_by_or_is_wanted_one_of_all(text: str, groups: list[list[str]]) -> None:
    assert [[" ".join(phrase) for phrase in group] for group in alternatives(text)] == groups


def test_the_topic_is_searched_for_first_and_then_each_question_on_the_topic() -> None:
    question = asked("Ocimum sanctum (tulsi)", ["Does it help against anxiety?", "Is it toxic to the liver?"])

    assert queries(question) == ["ocimum sanctum tulsi", "ocimum sanctum anxiety", "ocimum sanctum toxic liver"]


def test_a_topic_without_questions_gives_three_searches() -> None:
    assert queries(asked("Ocimum sanctum")) == ["ocimum sanctum", "ocimum sanctum review", "ocimum sanctum trial"]


def test_many_questions_give_no_more_than_five_searches_of_few_words() -> None:
    found = queries(
        asked("basil " * 3 + "leaf oil chemistry", [f"Number {n} of the terpenes there?" for n in range(9)])
    )

    assert len(found) == 5
    assert all(len(query.split()) <= 7 for query in found)


def test_a_topic_of_nothing_but_usual_words_is_searched_for_as_it_is() -> None:
    assert queries(asked("The use of use"))[0] == "the use of use"
