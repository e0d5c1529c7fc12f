"""Marker's layout step without weights: its boxes, their labels and their order are those of our own layout rules."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from core.conversion.layout.blocks import BULLET, Block
from core.conversion.layout.document import flow, read
from core.conversion.layout.furniture import without_furniture
from core.conversion.layout.words import Line, PageText

_LABELS = {"heading": "SectionHeader", "caption": "Caption", "code": "Code", "table": "Table"}


@dataclass(frozen=True)
class Box:
    """A region of a page, as Marker's layout step draws them; `goes_on`: the next one belongs to the same paragraph."""

    label: str
    bbox: tuple[float, float, float, float]  # of the upright page: left, top, right, bottom, in points
    level: int = 0
    html: str = ""
    goes_on: bool = False


@dataclass(frozen=True)
class Sheet:
    """The boxes of one page in the order of reading, and the frame they are in: `turn` is that of `PageText`."""

    width: float
    height: float
    turn: int
    boxes: list[Box]


class RuledLayout:
    """Stands in Marker for its `LayoutBuilder`; lines of text find their boxes by Marker's own rule, overlap."""

    def __init__(self, config: object = None) -> None:
        pass

    def __call__(self, document: Any, provider: Any) -> None:
        """Draw the boxes of all pages."""
        sheets = drawn(provider.filepath)
        for page in document.pages:
            page.structure, page.children = [], []
            rotation = provider.raw_pdftext_pages.get(page.page_id, {}).get("rotation", 0)
            sheet = sheets[page.page_id + 1]
            for box in sheet.boxes:
                _place(page, box, placed(box.bbox, sheet, rotation, page.polygon.height))


def _place(page: Any, box: Box, bbox: list[float]) -> None:
    from marker.schema.registry import get_block_class  # type: ignore[import-untyped, import-not-found, unused-ignore]

    kinds, polygons = type(page.block_type), type(page.polygon)
    block = page.add_block(get_block_class(kinds[box.label]), polygons.from_bbox(bbox))
    page.add_structure(block)
    if box.html:
        block.html = box.html
    if box.level:
        block.heading_level = box.level
    if box.goes_on:
        block.has_continuation = True


@lru_cache(maxsize=1)
def drawn(path: str) -> dict[int, Sheet]:
    """Return the boxes of every page with text, by its number."""
    pages, _ = read(path)
    boxes: dict[int, list[Box]] = defaultdict(list)
    for block in flow(pages):
        for number, box in _boxes(block):
            boxes[number].append(box)
    for page, clean in zip(pages, without_furniture(pages), strict=True):
        boxes[page.number].extend(_furniture(page, clean))
    return {page.number: Sheet(page.width, page.height, page.turn, boxes[page.number]) for page in pages}


def _boxes(block: Block) -> Iterator[tuple[int, Box]]:
    if block.kind == "table":
        yield block.page, Box("Table", _around(block.lines), html=_table(block.rows))
        return
    parts = list(_parts(block.lines))
    label = _LABELS.get(block.kind, "ListItem" if BULLET.match(block.text) else "Text")
    if len(parts) > 1:
        label = "Text"
    for number, part in enumerate(parts, 1):
        yield part[0].page, Box(label, _around(part), level=block.level, goes_on=number < len(parts))


def _parts(lines: list[Line]) -> Iterator[list[Line]]:
    """Cut a block where it goes on in another column or on another page."""
    part = lines[:1]
    for before, line in pairwise(lines):
        down = line.page == before.page and line.y > before.y - 0.5 * line.style.size
        if down and min(line.x1, max(one.x1 for one in part)) > max(line.x0, min(one.x0 for one in part)):
            part.append(line)
        else:
            yield part
            part = [line]
    yield part


def _furniture(page: PageText, clean: PageText) -> Iterator[Box]:
    kept = {id(line) for line in clean.lines}
    for line in page.lines:
        if id(line) not in kept:
            yield Box("PageHeader" if line.y < page.height / 2 else "PageFooter", _around([line]))


def _around(lines: list[Line]) -> tuple[float, float, float, float]:
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


def placed(bbox: tuple[float, ...], sheet: Sheet, rotation: int, height: float) -> list[float]:
    """Return a box of the upright page on the page as it is shown, whose height Marker rounds up to `height`."""
    x0, y0, x1, y1 = bbox
    width, depth = sheet.width, sheet.height
    match (sheet.turn - rotation // 90) % 4:
        case 1:
            x0, y0, x1, y1 = y0, width - x1, y1, width - x0
            depth = width
        case 2:
            x0, y0, x1, y1 = width - x1, depth - y1, width - x0, depth - y0
        case 3:
            x0, y0, x1, y1 = depth - y1, x0, depth - y0, x1
            depth = width
    down = height - depth
    return [x0, y0 + down, x1, y1 + down]
