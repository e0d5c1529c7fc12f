"""Marker's layout step without weights: boxes, labels and order are those of our own layout rules.

Marker gives each line of text to the box it overlaps most. So that this goes right, lines are cut here where one box
ends and the next begins, and every line has a box.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

from core.conversion.marker.boxes import Box, Rect, Sheet, drawn, letters
from core.conversion.marker.pictures import gap, with_pictures

#: Steps of Marker that guess what our rules have decided: running heads, line numbers, quotes, where paragraphs go on.
DECIDED = frozenset(
    ("BlockquoteProcessor", "IgnoreTextProcessor", "LineNumbersProcessor", "MarginaliaProcessor", "TextProcessor")
)
_DOWN = 3
_SHIFT = 6.0  # points
_MARGIN = 0.08  # of the height: what no rule has placed there is a running head


class RuledLayout:
    """Stands in Marker for its `LayoutBuilder`."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._pictures = bool(config.get("extract_images"))

    def __call__(self, document: Any, provider: Any) -> None:
        """Draw the boxes of all pages."""
        sheets = drawn(provider.filepath)
        with provider.get_doc() as file:
            for page in document.pages:
                self._fill(page, provider, sheets[page.page_id + 1], file[page.page_id])

    def _fill(self, page: Any, provider: Any, sheet: Sheet, source: Any) -> None:
        sheet = sheet.shown(source.get_rotation(), page.polygon.height)
        boxes = with_pictures(sheet.boxes, source, page.polygon.height) if self._pictures else sheet.boxes
        lines = [_fitted(line, sheet.lines) for line in provider.page_lines.get(page.page_id, [])]
        if sheet.turn == _DOWN:
            lines.sort(key=lambda line: -line.line.polygon.bbox[0])  # Marker reads the last line first
        lines = _cut(_once(lines), boxes)
        provider.page_lines[page.page_id] = lines
        _draw(page, _completed(boxes, lines, page.polygon.height))


def _draw(page: Any, boxes: Sequence[Box]) -> None:
    """Add the boxes to a page; a line that lies in two of them goes to the smaller one."""
    from marker.schema.registry import get_block_class  # type: ignore[import-untyped, import-not-found, unused-ignore]

    kinds, polygons = type(page.block_type), type(page.polygon)
    drawn: dict[int, Any] = {}
    for at in sorted(range(len(boxes)), key=lambda at: _area(boxes[at].rect)):
        box = boxes[at]
        block = drawn[at] = page.add_block(get_block_class(kinds[box.label]), polygons.from_bbox(list(box.rect)))
        if box.html:
            block.html = box.html
        if box.level:
            block.heading_level = box.level
        if box.goes_on:
            block.has_continuation = True
    page.structure, page.children = [drawn[at].id for at in range(len(boxes))], page.children or []


def _area(rect: Rect) -> float:
    return (rect[2] - rect[0]) * (rect[3] - rect[1])


def _fitted(line: Any, known: Mapping[str, Sequence[Rect]]) -> Any:
    """Give a line the height of its letters: fonts may claim many times as much."""
    box = line.line.polygon.bbox
    rects = known.get(letters(_text(line)), ())
    near = [rect for rect in rects if box[0] - 5 < rect[0] < box[2] and box[1] - 5 < rect[3] and rect[1] < box[3] + 5]
    if near:
        for part in (line.line, *line.spans):
            x0, _, x1, _ = part.polygon.bbox
            part.polygon = type(part.polygon).from_bbox([x0, near[0][1], x1, near[0][3]])
    return line


def _once(lines: list[Any]) -> list[Any]:
    """Leave out lines that are printed again in nearly the same place, as shadows and corrected proofs do."""
    kept: list[Any] = []
    seen: dict[tuple[str, int], list[list[float]]] = {}
    for line in lines:
        box, text = line.line.polygon.bbox, _text(line).strip()
        place, near = round(box[0] / _SHIFT), 0.6 * (box[3] - box[1])
        twins = [twin for at in (place - 1, place, place + 1) for twin in seen.get((text, at), ())]
        if not any(abs(box[0] - twin[0]) < _SHIFT and abs(box[1] - twin[1]) < near for twin in twins):
            kept.append(line)
            seen.setdefault((text, place), []).append(box)
    return kept


def _text(line: Any) -> str:
    return "".join(span.text for span in line.spans)


def _cut(lines: list[Any], boxes: Sequence[Box]) -> list[Any]:
    """Cut lines between words of different boxes, such as a heading and the text that follows it at once."""
    split = [[part for span in line.spans for part in _halved(span, boxes)] for line in lines]
    owners = iter(_owners([span.polygon.bbox for spans in split for span in spans], boxes))
    return [part for line, spans in zip(lines, split, strict=True) for part in _pieces(line, spans, owners)]


def _pieces(line: Any, spans: list[Any], owners: Iterator[int]) -> Iterator[Any]:
    mine: list[int] = []
    for span in spans:
        owner = next(owners)
        mine.append(owner if span.text.strip() or not mine else mine[-1])
    for _, group in groupby(zip(mine, spans, strict=True), key=lambda pair: pair[0]):
        together = [span for _, span in group]
        polygon = together[0].polygon.merge([span.polygon for span in together])
        whole = type(line.line)(polygon=polygon, page_id=line.line.page_id)
        yield type(line)(line=whole, spans=together, chars=[[] for _ in together])


def _halved(span: Any, boxes: Sequence[Box]) -> list[Any]:
    """Cut a span that runs from one box into the next at the blank nearest to the gap."""
    x0, y0, x1, y1 = span.polygon.bbox
    rects = [box.rect for box in boxes]
    beside = [rect for rect in rects if rect[1] < (y0 + y1) / 2 < rect[3] and rect[0] < x1 and rect[2] > x0]
    gaps = [(a[2] + b[0]) / 2 for a in beside for b in beside if x0 < a[2] < x1 and abs(b[0] - a[2]) < y1 - y0]
    blanks = [at for at, letter in enumerate(span.text.rstrip()) if letter == " "]
    if not gaps or not blanks:
        return [span]
    aim = (gaps[0] - x0) / (x1 - x0) * len(span.text)
    at = min(blanks, key=lambda blank: abs(blank - aim)) + 1
    bounds = pairwise([(0, x0), (at, gaps[0]), (len(span.text), x1)])
    polygons = type(span.polygon)
    return [
        span.model_copy(update={"text": span.text[a:b], "polygon": polygons.from_bbox([left, y0, right, y1])})
        for (a, left), (b, right) in bounds
    ]


def _owners(rects: list[list[float]], boxes: Sequence[Box]) -> list[int]:
    """Return for each of `rects` the number of the box that it overlaps most, the smaller of two alike, or -1."""
    from marker.util import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
        matrix_intersection_area,
    )

    if not rects or not boxes:
        return [-1] * len(rects)
    by_size = sorted(range(len(boxes)), key=lambda at: _area(boxes[at].rect))
    shares = matrix_intersection_area(rects, [list(boxes[at].rect) for at in by_size])
    return [by_size[best] if most else -1 for best, most in zip(shares.argmax(1), shares.max(1), strict=True)]


def _completed(boxes: Sequence[Box], lines: list[Any], height: float) -> list[Box]:
    """Return the boxes with others for the lines that have none: text in another direction than most, and its like."""
    heads: list[Box] = []
    strays: list[Box] = []
    owners = _owners([line.line.polygon.bbox for line in lines], boxes)
    for line in (line for line, owner in zip(lines, owners, strict=True) if owner < 0 and _text(line).strip()):
        x0, y0, x1, y1 = line.line.polygon.bbox
        if y1 < _MARGIN * height or y0 > (1 - _MARGIN) * height:
            heads.append(Box("PageHeader", (x0, y0, x1, y1)))
        else:
            strays.append(Box("Text", (x0, y0, x1, y1), goes_on=True))
    if strays:
        strays[-1] = replace(strays[-1], goes_on=False)
    at = gap(boxes)
    return [*heads, *boxes[:at], *strays, *boxes[at:]]
