"""Marker's layout step without weights: boxes, labels and order are those of our own layout rules.

Marker gives each line of text to the box it overlaps most. So that this goes right, lines are cut here where one box
ends and the next begins, and every line has a box.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

from core.conversion.marker.boxes import Box, Rect, drawn, letters

#: Steps of Marker that guess what our rules have decided: running heads, line numbers, quotes, where paragraphs go on.
DECIDED = frozenset(
    ("BlockquoteProcessor", "IgnoreTextProcessor", "LineNumbersProcessor", "MarginaliaProcessor", "TextProcessor")
)
_SHIFT = 6.0  # points
_MARGIN = 0.08  # of the height: what no rule has placed there is a running head


class RuledLayout:
    """Stands in Marker for its `LayoutBuilder`."""

    def __init__(self, config: object = None) -> None:
        pass

    def __call__(self, document: Any, provider: Any) -> None:
        """Draw the boxes of all pages."""
        sheets = drawn(provider.filepath)
        for page in document.pages:
            rotation = provider.raw_pdftext_pages.get(page.page_id, {}).get("rotation", 0)
            sheet = sheets[page.page_id + 1].shown(rotation, page.polygon.height)
            lines = [_fitted(line, sheet.lines) for line in provider.page_lines.get(page.page_id, [])]
            lines = [part for line in _once(lines) for part in _cut(line, sheet.boxes)]
            provider.page_lines[page.page_id] = lines
            page.structure, page.children = [], []
            for box in _completed(sheet.boxes, lines, page.polygon.height):
                _draw(page, box)


def _draw(page: Any, box: Box) -> None:
    from marker.schema.registry import get_block_class  # type: ignore[import-untyped, import-not-found, unused-ignore]

    kinds, polygons = type(page.block_type), type(page.polygon)
    block = page.add_block(get_block_class(kinds[box.label]), polygons.from_bbox(list(box.rect)))
    page.add_structure(block)
    if box.html:
        block.html = box.html
    if box.level:
        block.heading_level = box.level
    if box.goes_on:
        block.has_continuation = True


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


def _cut(line: Any, boxes: Sequence[Box]) -> Iterator[Any]:
    """Cut a line between words of different boxes, such as a heading and the text that follows it at once."""
    spans = [part for span in line.spans for part in _halved(span, boxes)]
    owners: list[int] = []
    for span in spans:
        owners.append(_owner(span.polygon.bbox, boxes) if span.text.strip() or not owners else owners[-1])
    for _, group in groupby(zip(owners, spans, strict=True), key=lambda pair: pair[0]):
        mine = [span for _, span in group]
        polygon = mine[0].polygon.merge([span.polygon for span in mine])
        whole = type(line.line)(polygon=polygon, page_id=line.line.page_id)
        yield type(line)(line=whole, spans=mine, chars=[[] for _ in mine])


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


def _owner(rect: Sequence[float], boxes: Sequence[Box]) -> int:
    """Return the number of the box that a span overlaps most, or -1."""
    shares = [_shared(rect, box.rect) for box in boxes]
    most = max(shares, default=0.0)
    return shares.index(most) if most else -1


def _shared(a: Sequence[float], b: Sequence[float]) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _completed(boxes: Sequence[Box], lines: list[Any], height: float) -> list[Box]:
    """Return the boxes with others for the lines that have none: text in another direction than most, and its like."""
    heads: list[Box] = []
    strays: list[Box] = []
    for line in lines:
        x0, y0, x1, y1 = line.line.polygon.bbox
        if _owner((x0, y0, x1, y1), boxes) < 0 and _text(line).strip():
            if y1 < _MARGIN * height or y0 > (1 - _MARGIN) * height:
                heads.append(Box("PageHeader", (x0, y0, x1, y1)))
            else:
                strays.append(Box("Text", (x0, y0, x1, y1), goes_on=True))
    if strays:
        strays[-1] = replace(strays[-1], goes_on=False)
    at = _gap(boxes)
    return [*heads, *boxes[:at], *strays, *boxes[at:]]


def _gap(boxes: Sequence[Box]) -> int:
    """Return where, as late as possible, something can be put in without parting a paragraph."""
    at = len(boxes)
    while at and boxes[at - 1].goes_on:
        at -= 1
    return at or len(boxes)
