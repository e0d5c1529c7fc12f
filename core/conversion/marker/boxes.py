"""The boxes that our layout rules draw on the pages of a PDF, under the names that Marker has for them."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from core.conversion.layout.blocks import BULLET, Block
from core.conversion.layout.document import flow, read
from core.conversion.layout.furniture import without_furniture
from core.conversion.layout.words import Line, PageText

Rect = tuple[float, float, float, float]  # left, top, right, bottom, in points
_SCATTERED = 4  # parts: more make the labels of a figure, all of them one region
_LABELS = {"heading": "SectionHeader", "caption": "Caption", "code": "Code", "table": "Table"}


@dataclass(frozen=True)
class Box:
    """A region of a page that is one piece; `goes_on`: the next box belongs to the same paragraph."""

    label: str
    rect: Rect
    level: int = 0
    html: str = ""
    goes_on: bool = False


@dataclass(frozen=True)
class Sheet:
    """The boxes of one page, running heads first, then in the order of reading; `turn` is that of `PageText`.

    `lines` says where a line stands that has these letters and digits.
    """

    width: float
    height: float
    turn: int
    boxes: tuple[Box, ...]
    lines: Mapping[str, Sequence[Rect]]

    def shown(self, rotation: int, height: float) -> Sheet:
        """Return the page as it is shown, turned by `rotation` degrees, with its height rounded up to `height`.

        Our pages are upright, their text that is, which on the page as shown may run up (`turn` 1) or down (3).
        """
        quarters = (self.turn - rotation // 90) % 4
        down = height - (self.width if quarters % 2 else self.height)
        boxes = tuple(replace(box, rect=self._turned(box.rect, quarters, down)) for box in self.boxes)
        lines = {text: [self._turned(rect, quarters, down) for rect in rects] for text, rects in self.lines.items()}
        return replace(self, turn=quarters, boxes=boxes, lines=lines)

    def _turned(self, rect: Rect, quarters: int, down: float) -> Rect:
        (x0, y0, x1, y1), width, depth = rect, self.width, self.height
        if quarters == 1:
            x0, y0, x1, y1 = y0, width - x1, y1, width - x0
        elif quarters == 2:
            x0, y0, x1, y1 = width - x1, depth - y1, width - x0, depth - y0
        elif quarters == 3:
            x0, y0, x1, y1 = depth - y1, x0, depth - y0, x1
        return x0, y0 + down, x1, y1 + down


@lru_cache(maxsize=1)
def drawn(path: str) -> dict[int, Sheet]:
    """Return every page by its number; the last document is kept, for the chunks it is read in."""
    pages, _ = read(path)
    boxes: dict[int, list[Box]] = defaultdict(list)
    for page, clean in zip(pages, without_furniture(pages), strict=True):
        boxes[page.number].extend(_furniture(page, clean))
    before: Block | None = None
    for block in flow(pages):
        for number, box in _boxes(block, before):
            boxes[number].append(box)
        before = block
    return {
        page.number: Sheet(page.width, page.height, page.turn, tuple(boxes[page.number]), _lines(page))
        for page in pages
    }


def letters(text: str) -> str:
    """Return only the letters and digits of `text`, by which a line is known again."""
    return "".join(filter(str.isalnum, text))


def _lines(page: PageText) -> dict[str, list[Rect]]:
    lines: dict[str, list[Rect]] = defaultdict(list)
    for line in page.lines:
        if known := letters(line.text):
            lines[known].append(_around([line]))
    return lines


def _furniture(page: PageText, clean: PageText) -> Iterator[Box]:
    kept = {id(line) for line in clean.lines}
    for line in page.lines:
        if id(line) not in kept:
            yield Box("PageHeader" if line.y < page.height / 2 else "PageFooter", _around([line]))


def _boxes(block: Block, before: Block | None) -> Iterator[tuple[int, Box]]:
    """Give the boxes of a block with the number of their page."""
    if block.kind == "table":
        yield block.page, Box("Table", _around(block.lines), html=_table(block.rows))
        return
    parts = list(_parts(block.lines, split=_shares_its_line(block, before)))
    if block.kind == "note" and len(parts) > _SCATTERED:
        parts = [block.lines]
    label = _LABELS.get(block.kind, "ListItem" if BULLET.match(block.text) else "Text")
    for number, part in enumerate(parts, 1):
        goes_on = number < len(parts)
        yield part[0].page, Box(label if len(parts) == 1 else "Text", _around(part), block.level, goes_on=goes_on)


def _parts(lines: list[Line], *, split: bool) -> Iterator[list[Line]]:
    """Cut a block where it goes on in another column or on another page; `split` off its first line as well."""
    part = lines[:1]
    for before, line in pairwise(lines):
        down = line.page == before.page and line.y > before.y - 0.5 * line.style.size
        if down and not split and min(line.x1, _around(part)[2]) > max(line.x0, _around(part)[0]):
            part.append(line)
        else:
            yield part
            part, split = [line], False
    yield part


def _shares_its_line(block: Block, before: Block | None) -> bool:
    """Tell whether a heading stands on the first line of the block."""
    if before is None or before.kind != "heading":
        return False
    last, first = before.lines[-1], block.lines[0]
    return last.page == first.page and abs(last.y - first.y) < 1


def _around(lines: list[Line]) -> Rect:
    return (
        min(line.x0 for line in lines),
        min(line.top for line in lines),
        max(line.x1 for line in lines),
        max(line.bottom for line in lines),
    )


def _table(rows: list[list[str]]) -> str:
    """Return the rows as HTML, the first as the head."""
    width = max(map(len, rows))
    cells = [[html.escape(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    head = "".join(f"<th>{cell}</th>" for cell in cells[0])
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells[1:])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
