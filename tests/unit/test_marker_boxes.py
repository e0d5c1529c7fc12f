"""The boxes that stand for Marker's layout model: those of our layout rules, under Marker's names, on its pages."""

from pathlib import Path

import pytest

from core.conversion.marker.boxes import Box, Sheet, drawn
from tests import pdfs

TABLE = """
#figure(table(columns: 2, [Street], [Trees], [Elm Row], [41], [Oak & Elm], [17]),
  caption: [What was measured], kind: table, supplement: [Table])
"""


def boxes(tmp_path: Path, *pages: str) -> dict[int, list[Box]]:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdfs.typeset(*pages))
    return {number: list(sheet.boxes) for number, sheet in drawn(str(path)).items()}


def labels(boxes: list[Box]) -> list[str]:
    return [box.label for box in boxes]


def test_every_kind_of_block_has_its_label_in_the_order_of_reading(tmp_path: Path) -> None:
    text = "= Title of a paper\n#lorem(40)\n\n== Methods\n#lorem(40)\n\n#sym.bullet one thing\n\n#sym.bullet another"
    found = boxes(tmp_path, text)[1]
    assert labels(found) == ["SectionHeader", "Text", "SectionHeader", "Text", "ListItem", "ListItem"]
    assert [box.rect[1] for box in found] == sorted(box.rect[1] for box in found)


def test_a_table_brings_its_rows(tmp_path: Path) -> None:
    table = next(box for box in boxes(tmp_path, f"#lorem(60)\n{TABLE}\n#lorem(60)")[1] if box.label == "Table")
    assert "<thead><tr><th>Street</th><th>Trees</th></tr></thead>" in table.html
    assert "<td>Oak &amp; Elm</td><td>17</td>" in table.html


def test_a_paragraph_on_two_pages_is_two_boxes_of_which_the_first_goes_on(tmp_path: Path) -> None:
    found = boxes(tmp_path, "#set par(justify: true)\n" + "and so on, " * 900)
    assert [box.goes_on for number in sorted(found) for box in found[number]][-2:] == [True, False]
    assert all(box.label == "Text" for number in found for box in found[number])


def test_two_columns_are_two_boxes(tmp_path: Path) -> None:
    page = "#set page(columns: 2, height: 12cm)\n#set par(justify: true)\n" + "and so on, " * 220
    left, right = boxes(tmp_path, page)[1][:2]
    assert left.goes_on
    assert left.rect[2] < right.rect[0]


def test_running_heads_are_marked_as_such(tmp_path: Path) -> None:
    head = "#set page(header: [Journal of Trees], footer: [2031])\n"
    found = boxes(tmp_path, *(head + f"{word} " * 200 for word in ("oak", "elm", "ash")))
    assert [labels(found[number]) for number in found] == [["PageHeader", "PageFooter", "Text"]] * 3


@pytest.mark.parametrize(
    ("turn", "rotation", "rect"),
    [
        (0, 0, (10, 20.5, 30, 60.5)),
        (1, 90, (10, 20.5, 30, 60.5)),
        (1, 0, (20, 70.25, 60, 90.25)),
        (2, 0, (70, 140.5, 90, 180.5)),
        (3, 0, (140, 10.25, 180, 30.25)),
        (0, 90, (140, 10.25, 180, 30.25)),
    ],
)
def test_a_box_stands_where_its_words_are_shown(turn: int, rotation: int, rect: tuple[float, ...]) -> None:
    """An upright page of 100 by 200 points; Marker rounds heights up."""
    sheet = Sheet(100.0, 200.0, turn, (Box("Text", (10, 20, 30, 60)),), {})
    height = 200.5 if (turn - rotation // 90) % 2 == 0 else 100.25
    assert sheet.shown(rotation, height).boxes[0].rect == rect
