"""A paper in parts: nothing is left out, nothing is torn."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from core.evidence.chunks import chunks
from core.evidence.outline import blocks
from core.evidence.support import strange_numbers

PARAGRAPH = "Basil lowers glucose in rats. It does so within weeks of treatment, as all of them showed."


def paper(paragraphs: int) -> str:
    body = "\n\n".join(f"{number}. {PARAGRAPH}" for number in range(paragraphs))
    return (
        f"# A long title of a paper\n\n## Results\n\n{body}\n\n## References\n\n[1] A. Author.\n\n## Appendix\n\nMore."
    )


def test_a_short_paper_is_one_part_without_its_references() -> None:
    text = paper(3)

    assert [text[part.start : part.end] for part in chunks(text)] == [
        text[: text.index("\n\n## References")],
        "## Appendix\n\nMore.",
    ]


def test_parts_are_whole_paragraphs_of_a_bounded_size_that_overlap() -> None:
    text = paper(50)
    parts = chunks(text, size=1_000, overlap=200)[:-1]

    assert len(parts) > 4
    assert all(part.end - part.start <= 1_000 for part in parts)
    assert all(text[part.start - 2 : part.start] == "\n\n" for part in parts[1:])
    assert all(after.start < before.end for before, after in pairwise(parts))


def test_a_paragraph_longer_than_a_part_is_cut_at_its_sentences() -> None:
    text = "## Results\n\n" + PARAGRAPH * 40
    parts = chunks(text, size=500, overlap=0)

    assert all(part.end - part.start <= 500 for part in parts)
    assert all(text[part.end - 1] in ". " for part in parts[1:])


@given(
    st.lists(st.sampled_from(["## Results", "## References", "Basil helps. " * 9, "| a | b |", "- x", "\u00e4" * 90])),
    st.integers(20, 300),
    st.integers(0, 200),
)
@settings(max_examples=200, deadline=None)
def test_every_block_outside_the_references_is_read(pieces: list[str], size: int, overlap: int) -> None:
    text = "\n\n".join(pieces)
    read = {at for part in chunks(text, size=size, overlap=overlap) for at in range(part.start, part.end)}

    for block in blocks(text):
        if block.role != "references":
            assert read.issuperset(at for at in range(block.start, block.end) if not text[at].isspace())


def test_numbers_in_other_words_must_be_those_of_the_passage() -> None:
    passage = "Glucose fell by 12.5% in thirty of 1,200 rats within 8 weeks (p < .05)."

    assert strange_numbers("In 30 rats of 1200 it fell by 12,5 % (p < 0.05).", passage) == []
    assert strange_numbers("It fell by 15% in 31 rats within two months.", passage) == ["15", "31", "two"]
    assert strange_numbers("One of the herbs lowers glucose.", passage) == []
