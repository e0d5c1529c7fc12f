"""Where sentences begin and end in a paper, and in what part of it they stand."""

import time
from itertools import pairwise

import pytest

from core.conversion.converter import PageSpan
from core.evidence.outline import blocks, role_of
from core.evidence.sentences import sentences, spans

PAPER = """# Basil and the memory of rats

A. Author and B. Author, Department of Basil, a.author@basil.example

## Abstract

Basil improved memory in rats. It was safe.

## 1. Introduction

Basil is an herb [1].

## 2. Materials and Methods

### 2.1. Animals

We used 30 rats.

### 2.2. Statistical analysis

We used a t-test.

## 3. Results and Discussion

### Memory

Memory improved (p < .05).

Figure 1: Memory by group. The bars are means.

Table 1. Doses.

| Group | Dose |
| --- | --- |
| A | 5 mg |

- The first effect was large.
- The second effect was small.
  It went on for days.

### Limitations

Our sample was small.

## Conclusions and future work

Basil helps.

## Acknowledgements

We thank the rats.

## References

[1] A. Author. On basil. J. Basil 2 (2001).

## Appendix

More rats were fed.
"""


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in spans(text, 0, len(text))]


@pytest.mark.parametrize(
    "text",
    [
        "Ghasemi et al. [13] studied thirty cows.",
        "This agrees with Smith et al. (2010) and Jones et al. 2011.",
        "As Fig. 2 and Eq. 3 show, cf. Ref. 4, it rose.",
        "It was isolated from E. coli and O. sanctum by J. R. Smith.",
        "The dose, e.g. 5 mg, i.e. half of it, was given vs. placebo.",
        "The value was 12.5 mg at p < .05 in 3.2 days.",
        "Candida spp. Isolates were kept."[:12] + " isolates were kept.",
        "Dr. Brown and Prof. Green of the U.S. Army agreed.",
        "We used version 2.0.1 of SPSS vs. R no. 3.",
        "mRNA rose. miRNA did not"[:9] + ".",
    ],
)
def test_what_only_looks_like_an_end_is_none(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("It rose by 5%.", "Then it fell."),
        ("It rose in 10 min.", "After this it fell."),
        ("It rose [12,13].", "It fell."),
        ("It rose.[12]", "It fell."),
        ("It rose.^12,13", "It fell."),
        ("It rose.12", "However, it fell."),
        ("Did it rise?", "It did!"),
        ("“It rose.”", "“It fell.”"),
        ("It was shown by Smith et al.", "The value fell."),
        ("We tested Candida spp.", "These were kept."),
        ("It contains vitamin C.", "This was new."),
        ("It rose (see below).", "(It fell later.)"),
        ("It **rose.**", "*It* fell."),
        ("It rose.", "5 mg were given."),
        ("It rose.", "+e value fell."),
    ],
)
def test_what_ends_a_sentence(first: str, second: str) -> None:
    assert split(f"{first} {second}") == [first, second]


def test_every_sentence_is_a_piece_of_the_text_with_its_page() -> None:
    cut = PAPER.index("## 3.")
    pages = tuple(PageSpan(n, *span) for n, span in enumerate(pairwise([0, cut, len(PAPER)]), 1))

    for sentence in sentences(PAPER, pages):
        assert PAPER[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
        assert sentence.page == (1 if sentence.start < cut else 2)


def test_every_sentence_knows_its_part_of_the_paper() -> None:
    roles = {sentence.text: sentence.role for sentence in sentences(PAPER)}

    assert roles["Basil improved memory in rats."] == "abstract"
    assert roles["Basil is an herb [1]."] == "introduction"
    assert roles["We used 30 rats."] == roles["We used a t-test."] == "methods"
    assert roles["Memory improved (p < .05)."] == "results"
    assert roles["Our sample was small."] == "limitations"
    assert roles["Basil helps."] == "conclusion"
    assert roles["We thank the rats."] == "back"
    assert roles["[1] A. Author. On basil. J. Basil 2 (2001)."] == "references"
    assert roles["More rats were fed."] == "body"


def test_captions_rows_items_and_headings_are_told_apart() -> None:
    kinds = {sentence.text: sentence.kind for sentence in sentences(PAPER)}

    assert kinds["Figure 1: Memory by group."] == kinds["Table 1."] == "caption"
    assert kinds["| A | 5 mg |"] == "row"
    assert kinds["- The first effect was large."] == "item"
    assert kinds["It went on for days."] == "item"
    assert kinds["### Memory"] == "heading"
    assert "| --- | --- |" not in kinds


def test_a_figure_that_is_spoken_of_is_no_caption() -> None:
    assert [block.kind for block in blocks("Figure 2 shows the means.\n\nFig. 2. The means.")] == [
        "paragraph",
        "caption",
    ]


def test_an_abstract_or_references_may_begin_without_a_heading() -> None:
    text = (
        "# A title of some length here\n\nAbstract: "
        + "Basil helps rats to remember. " * 10
        + "\n\nReferences 1. A. B."
    )

    assert [block.role for block in blocks(text)] == ["front", "abstract", "references"]


def test_a_text_that_is_an_abstract_can_be_read_as_one() -> None:
    assert [sentence.role for sentence in sentences("Basil helps.", opening="abstract")] == ["abstract"]


def test_unnamed_sections_belong_to_the_part_they_go_on_with() -> None:
    text = "## Methods\n\n### Ethics approval\n\nA.\n\n### Animals\n\nB.\n\n## Cells\n\nC.\n\n## 4. Growth\n\nD."

    roles = [block.role for block in blocks(text) if block.kind == "paragraph"]
    assert roles == ["back", "methods", "methods", "body"]


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("2. MATERIALS AND METHODs", "methods"),
        ("IV. Results", "results"),
        ("Concluding Remarks", "conclusion"),
        ("5 Discussion and limitations", "discussion"),
        ("Study limitations", "limitations"),
        ("Future work", "future"),
        ("Authors' contributions", "back"),
        ("Garlic: Allium sativum", None),
        ("Recent methods of growing basil", None),
    ],
)
def test_headings_name_parts(title: str, role: str | None) -> None:
    assert role_of(title) == role


@pytest.mark.parametrize(
    "piece", [".", " ", "a. ", "\n", "```\n", "| a |\n", "- a\n", "Fig. ", "# a\n", "\u2026", "([", ". A"]
)
def test_hostile_texts_cost_nothing(piece: str) -> None:
    started = time.process_time()
    sentences(piece * 100_000)

    assert time.process_time() - started < 3
