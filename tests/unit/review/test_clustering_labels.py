"""A theme is called by phrases like nouns, which its papers share and others lack."""

from __future__ import annotations

import pytest

from workflows.research.academic_lit_review.clustering.labels import label, terms
from workflows.research.academic_lit_review.clustering.phrases import Phrases, noun_like, singular
from workflows.research.academic_lit_review.clustering.theme import Document

HERBS = [
    Document("h1", "Medicinal plants for pain", "Medicinal plants ease chronic pain. Holy basil helps; pain is less."),
    Document("h2", "Pain and medicinal plants", "We tested medicinal plants and holy basil on chronic pain in mice."),
]
CODE = [
    Document("c1", "Deep learning for basil", "Deep learning reads holy basil images. Deep learning is fast."),
    Document("c2", "Images and deep learning", "Images of holy basil are sorted by deep learning, from images."),
]
GROUPS = [0, 0, 1, 1]


def test_terms_are_whole_phrases_and_no_lone_adjectives() -> None:
    found = terms(HERBS + CODE, GROUPS)

    assert "medicinal plants" in found[0]
    assert "chronic pain" in found[0]
    assert not {"medicinal", "plants", "chronic"}.intersection(found[0])
    assert "deep learning" in found[1]
    assert not {"deep", "learning"}.intersection(found[1])


def test_no_word_stands_in_two_terms_of_a_theme() -> None:
    for found in terms(HERBS + CODE, GROUPS).values():
        said = [singular(word) for term in found for word in term.split()]
        assert len(said) == len(set(said))


def test_the_topic_that_all_themes_share_is_left_out() -> None:
    without = terms(HERBS + CODE, GROUPS, topic="What does holy basil do?")

    assert "holy basil" in {term for found in terms(HERBS + CODE, GROUPS).values() for term in found}
    assert not [term for found in without.values() for term in found if {"holy", "basil"} & set(term.lower().split())]


def test_a_part_of_the_topic_that_makes_one_theme_stays() -> None:
    assert "chronic pain" in terms(HERBS + CODE, GROUPS, topic="Chronic pain and images")[0]


def test_terms_are_written_as_papers_write_them() -> None:
    documents = [Document(str(n), "HIV reservoirs", "The HIV reservoir of McCoy cells; HIV reservoirs") for n in "12"]

    assert terms(documents, [0, 0])[0][0] == "HIV reservoirs"


def test_phrases_do_not_cross_punctuation_or_function_words() -> None:
    found = Phrases(["Sleep, memory of mice (insomnia). Sleep"] * 2).of[0]

    assert {key for key in found if len(key) > 1} == set()
    assert ("sleep",) in found


@pytest.mark.parametrize("word", ["medicinal", "chemical", "rapidly", "treated", "effective", "anxious", "useful"])
def test_words_that_are_no_nouns_end_no_phrase(word: str) -> None:
    assert not noun_like(word)


@pytest.mark.parametrize("word", ["animal", "music", "seed", "disease", "plant", "Muster", "sueño", "睡眠"])
def test_nouns_may(word: str) -> None:
    assert noun_like(word)


def test_german_function_words_name_no_theme() -> None:
    texts = ["Der Schlaf und die Erinnerung bei Kindern", "Die Erinnerung und der Schlaf von Jugendlichen"]
    found = terms([Document(text[:5], text, text) for text in texts], [0, 0])[0]

    assert set(found) <= {"Schlaf", "Erinnerung"}
    assert found


def test_a_theme_without_words_has_a_name_all_the_same() -> None:
    assert terms([Document("1", "", ""), Document("2", "", "")], [0, 0]) == {0: []}
    assert label([]) == "Further papers"
