"""What a reader sees on the page is what the Markdown says: order, headings, paragraphs, tables, pages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typst

from core.conversion.layout import extract

PAPER = r"""
#set page(width: 420pt, height: 500pt, margin: 50pt, columns: 2, header: [Journal of Teas #h(1fr) Vol. 3],
  footer: context align(center, counter(page).display()))
#set text(size: 10pt, hyphenate: true)
#set par(justify: true)
#set heading(numbering: "1.1")
#place(top, scope: "parent", float: true, align(center)[
  #text(18pt, weight: "bold")[Tea and sleep in two hundred adults] \ A. Author, B. Author])
= Introduction
#lorem(120) #footnote[A note at the foot of the page, in small type.]

#lorem(160)
== Prior work
#lorem(200)
= Methods
#figure(table(columns: 3, stroke: none, [Group], [Cups a day], [Hours of sleep], [Control], [0.0], [7.9],
  [Green], [3.1], [7.4], [Black], [4.2], [6.6]), caption: [Sleep by group], kind: table)
#lorem(200)
"""
PLAIN = "#set page(width: 300pt, height: 300pt, margin: 40pt)\n#set text(size: 10pt)\n#set par(justify: true)\n"
Read = Callable[[str], list[str]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Typeset a source and return the Markdown of each page."""

    def pages(source: str) -> list[str]:
        path = tmp_path / "paper.pdf"
        path.write_bytes(typst.compile(source.encode()))
        found = extract(str(path))
        starts = [0, *found["pages"]]
        assert starts[-1] == len(found["markdown"])
        return [found["markdown"][a:b] for a, b in zip(starts, found["pages"], strict=False)]

    return pages


def headings(markdown: str) -> list[str]:
    return re.findall(r"^#+ .*", markdown, re.MULTILINE)


def test_title_and_numbered_headings_have_their_levels(read: Read) -> None:
    assert headings("".join(read(PAPER))) == [
        "# Tea and sleep in two hundred adults",
        "## 1 Introduction",
        "### 1.1 Prior work",
        "## 2 Methods",
    ]


def test_running_heads_and_page_numbers_are_gone(read: Read) -> None:
    markdown = "".join(read(PAPER))
    assert "Journal of Teas" not in markdown
    assert not re.search(r"^\d+$", markdown, re.MULTILINE)


def test_columns_are_read_one_after_the_other_and_words_are_made_whole(read: Read) -> None:
    text = " ".join("".join(read(PAPER)).split())
    lorem = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore"
    assert text.count(lorem) == 4
    assert "voluptates repudiandae sint et molestiae non recusandae. Itaque earum rerum" in text


def test_a_paragraph_over_a_page_break_is_one_and_the_page_ends_within_it(read: Read) -> None:
    first, second, *_ = read(PAPER)
    assert not first.endswith("\n\n")
    assert "1A note at the foot of the page, in small type.\n\nLorem ipsum" in first
    assert re.match(r"[a-z]", second)


def test_a_table_becomes_rows_under_a_separator(read: Read) -> None:
    table = (
        "| Group | Cups a day | Hours of sleep |\n| --- | --- | --- |\n| Control | 0.0 | 7.9 |\n| Green | 3.1 | 7.4 |\n"
    )
    assert f"Table 1: Sleep by group\n\n{table}" in "".join(read(PAPER))


def test_cells_of_several_lines_stay_in_their_row(read: Read) -> None:
    markdown = "".join(
        read(
            PLAIN
            + "#lorem(40)\n#figure(table(columns: (4em, 7em, 4em), stroke: none, row-gutter: 8pt, align: left,"
            + "[Herb], [Effect], [Dose], [Tulsi], [calms people who cannot sleep], [2 g],"
            + "[Mint], [wakes people who sleep too long], [3 g]), caption: [Herbs], kind: table)"
        )
    )
    assert "| Tulsi | calms people who cannot sleep | 2 g |" in markdown


def test_a_heading_on_the_line_of_its_text_is_split_off(read: Read) -> None:
    markdown = "".join(read(PLAIN + "_2.1. Plant material._ The leaves were bought and dried. #lorem(60)"))
    assert "### 2.1. Plant material.\n\nThe leaves were bought" in markdown


def test_known_section_names_are_headings_even_in_small_bold(read: Read) -> None:
    source = PLAIN + '#text(8pt, weight: "bold")[Acknowledgements]\n\n#lorem(60)'
    assert headings("".join(read(source))) == ["## Acknowledgements"]


def test_bold_words_within_a_paragraph_are_no_heading(read: Read) -> None:
    assert headings("".join(read(PLAIN + "#lorem(30) *and most of all this* #lorem(30)"))) == []


def test_a_mention_of_a_table_does_not_cut_its_paragraph(read: Read) -> None:
    text = "The doses that were used in this trial and its results are those which were shown in"
    assert f"{text} Table 2. Among" in "".join(
        read(PLAIN + f"{text} #linebreak(justify: true) Table 2. Among them #lorem(40)")
    )


def test_line_numbers_are_removed(read: Read) -> None:
    pages = read(PLAIN + '#set par.line(numbering: "1")\n#lorem(120)')
    assert not re.search(r"\d", "".join(pages))


def test_a_page_set_sideways_is_read_upright(read: Read) -> None:
    pages = read(PLAIN + "#lorem(50)\n#pagebreak()\n#rotate(-90deg, reflow: true)[#box(width: 200pt)[#lorem(40)]]")
    assert pages[1].startswith("Lorem ipsum dolor sit amet, consectetur")


def test_text_cannot_smuggle_in_html_links_or_markup(read: Read) -> None:
    words = "<script>alert(1)</script> <img src=x> [x](javascript:y) 1 < 2 and </div> <!-- a -->"
    markdown = "".join(
        read(PLAIN + f'#text("{words}")\n\n#text("# no heading, but a line with some length")\n\n#lorem(30)')
    )
    assert not re.search(r"(?<!\\)<[A-Za-z/!?]", markdown)
    assert "1 < 2" in markdown
    assert "](javascript" not in markdown
    assert headings(markdown) == []


def test_a_listing_keeps_its_lines_and_indentation(read: Read) -> None:
    source = PLAIN + "#lorem(30)\n```\ndef brew(cups):\n    return cups * 2\n```\n#lorem(30)"
    assert "```\ndef brew(cups):\n    return cups * 2\n```" in "".join(read(source))


def test_no_control_character_or_lone_surrogate_remains(read: Read) -> None:
    markdown = "".join(read(PLAIN + '#text("soft\\u{00AD}hyphen zero\\u{200B}width \\u{FB01}ne")\n\n#lorem(30)'))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\ufb01\ufffe\ud800-\udfff]", markdown)


def test_thousands_of_labels_cost_little_and_become_one_note(read: Read) -> None:
    labels = "#for i in range(4000) { place(dx: calc.rem(i, 20) * 10pt, dy: calc.quo(i, 20) * 1pt, text(3pt)[#i]) }"
    markdown = "".join(read(PLAIN + "#lorem(30)\n" + labels))
    assert markdown.count("\n\n") < 20


def test_columns_written_line_by_line_across_the_page_are_told_apart(read: Read) -> None:
    left = [f"left {n} keeps to its own column of the page" for n in range(12)]
    right = [f"right {n} keeps to its own column of the page" for n in range(12)]
    lines = "".join(
        f"#place(dy: {n * 12}pt)[{a}]\n#place(dx: 240pt, dy: {n * 12}pt)[{b}]\n"
        for n, (a, b) in enumerate(zip(left, right, strict=True))
    )
    (page,) = read(PLAIN.replace("width: 300pt", "width: 560pt") + lines)
    assert " ".join(page.split()) == " ".join(left + right)


def test_text_printed_twice_in_one_place_is_read_once(read: Read) -> None:
    (page,) = read(PLAIN + "#place[#lorem(40)]\n#place(dx: 0.3pt, dy: 0.3pt)[#lorem(40)]")
    assert page.count("Lorem ipsum") == 1


def test_list_items_become_list_items(read: Read) -> None:
    (page,) = read(PLAIN + "#lorem(30)\n- one thing that matters, and\n- another thing\n\n#lorem(30)")
    assert "\n\n- one thing that matters, and\n\n- another thing\n\n" in page


def test_a_word_broken_at_the_foot_of_a_page_is_whole(read: Read) -> None:
    source = (
        PLAIN + "#lorem(30) is bio-\n#pagebreak()\npesticides which help, as the text of this page says. #lorem(30)"
    )
    first, second = read(source)
    assert first.endswith(" is bio")
    assert second.startswith("pesticides which help")


def test_sections_set_less_prominently_than_known_ones_rank_below_them(read: Read) -> None:
    head = "#text(14pt, weight: {0}bold{0})[{1}]\n\n#lorem(30)\n\n"
    smaller = head.replace("14pt", "11pt")
    source = PLAIN + head.format('"', "Methods") + smaller.format('"', "Animals") + head.format('"', "Results")
    assert headings("".join(read(source))) == ["## Methods", "### Animals", "## Results"]
