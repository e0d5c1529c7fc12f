"""Papers fall into themes by what they are about, whatever their texts are like."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.research.academic_lit_review.clustering import Clustering, Document, cluster

SUBJECTS = {
    "bees": "honey bees colony pollination hive nectar foraging pesticide exposure queen larvae",
    "solar": "solar cells perovskite efficiency photovoltaic thin films charge carriers tandem modules",
    "sleep": "sleep deprivation insomnia circadian rhythm melatonin adolescents memory consolidation night shifts",
    "rivers": "river sediment transport floodplain erosion catchment hydrology discharge dams channel",
}


def papers(each: int) -> list[Document]:
    """Return papers on four subjects, each with most of the words of its own."""
    chance = random.Random(4)
    found = []
    for subject, words in SUBJECTS.items():
        for number in range(each):
            text = " ".join(chance.sample(words.split(), 8) * 2)
            found.append(Document(f"{subject}-{number:03}", f"Notes on {words.split()[0]} {words.split()[1]}", text))
    return found


def members(found: Clustering) -> list[str]:
    return [paper_id for theme in found["themes"] for paper_id in theme["paper_ids"]] + found["other"]


def assert_sound(found: Clustering, documents: list[Document]) -> None:
    assert sorted(members(found)) == sorted(document.paper_id for document in documents)
    assert len(found["themes"]) <= 8
    assert [theme["id"] for theme in found["themes"]] == [f"theme-{n}" for n in range(1, len(found["themes"]) + 1)]
    for theme in found["themes"]:
        assert theme["label"].strip()
        assert set(theme["key_papers"]) <= set(theme["paper_ids"])
        assert 1 <= len(theme["key_papers"]) <= 3


@pytest.mark.parametrize("each", [4, 10, 62])
def test_subjects_are_told_apart(each: int) -> None:
    found = cluster(papers(each))

    assert {frozenset(name.split("-")[0] for name in theme["paper_ids"]) for theme in found["themes"]} == {
        frozenset([subject]) for subject in SUBJECTS
    }
    assert_sound(found, papers(each))


@pytest.mark.parametrize("count", range(6))
def test_a_handful_of_papers_is_one_theme(count: int) -> None:
    found = cluster(papers(2)[:count])

    assert len(found["themes"]) == min(1, count)
    assert_sound(found, papers(2)[:count])


@pytest.mark.parametrize("count", [6, 7, 9, 250])
def test_every_paper_has_one_place(count: int) -> None:
    documents = papers(63)
    random.Random(1).shuffle(documents)

    assert_sound(cluster(documents[:count]), documents[:count])


def test_a_paper_on_something_else_is_in_no_theme() -> None:
    stranger = Document("x", "Quark confinement", "gluon lattice chromodynamics hadron")
    found = cluster([*papers(5), stranger])

    assert found["other"] == ["x"]


def test_the_most_relevant_of_the_typical_papers_are_the_key_papers() -> None:
    documents = [Document(p.paper_id, p.title, p.text, float(p.paper_id.endswith("001"))) for p in papers(3)]

    assert all(theme["key_papers"][0].endswith("001") for theme in cluster(documents)["themes"])


words = st.sampled_from(" ".join(SUBJECTS.values()).split())
hostile = st.one_of(
    st.lists(words, max_size=30).map(" ".join),
    st.text(max_size=60),
    st.sampled_from(["", " ", "the of and", "1 2 3", "(((" * 200, "\x00\ud7ff", "研究 睡眠" * 9, "a" * 5_000, "-_-'"]),
)
documents = st.lists(st.tuples(hostile, hostile), max_size=14).map(
    lambda texts: [Document(f"p{number}", title, text) for number, (title, text) in enumerate(texts)]
)


@settings(max_examples=60, deadline=None)
@given(documents, st.randoms(use_true_random=False))
def test_whatever_the_texts_are_every_paper_has_one_place_whatever_the_order(
    given_papers: list[Document], chance: random.Random
) -> None:
    found = cluster(given_papers, topic="sleep of bees")
    shuffled = list(given_papers)
    chance.shuffle(shuffled)

    assert_sound(found, given_papers)
    assert cluster(shuffled, topic="sleep of bees") == found


@pytest.mark.parametrize("text", ["", "the same words about honey bees " * 3, "睡眠不足与记忆" * 4])
def test_texts_that_do_not_differ_are_one_theme(text: str) -> None:
    found = cluster([Document(str(number), "", text) for number in range(9)])

    assert len(found["themes"]) == 1
    assert "too few words in common" in found["method"]


def test_papers_without_spaces_between_words_are_told_apart() -> None:
    texts = [
        "睡眠不足影响记忆巩固和昼夜节律褪黑素",
        "河流泥沙输移与洪泛平原侵蚀水文流量",
        "蜜蜂授粉与农药暴露对蜂群采集的影响",
    ]
    found = cluster([Document(f"{n % 3}-{n}", texts[n % 3][:9], texts[n % 3]) for n in range(12)])

    assert {frozenset(name[0] for name in theme["paper_ids"]) for theme in found["themes"]} == {
        frozenset("0"), frozenset("1"), frozenset("2")
    }  # fmt: skip


def test_embeddings_decide_where_they_are_given() -> None:
    documents = papers(3)
    ends = {document.paper_id: int(document.paper_id[-1]) for document in documents}
    vectors = {name: [float(end == at) for at in range(3)] for name, end in ends.items()}
    found = cluster(documents, vectors=vectors)

    assert {frozenset(ends[name] for name in theme["paper_ids"]) for theme in found["themes"]} == {
        frozenset([0]), frozenset([1]), frozenset([2])
    }  # fmt: skip
    assert found["method"].startswith("embeddings")


def test_importing_the_package_loads_no_scikit_learn() -> None:
    code = "import sys, workflows.research.academic_lit_review.clustering; print('sklearn' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
