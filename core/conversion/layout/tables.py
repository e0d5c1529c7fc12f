"""Tables: rows and columns read from where the words stand, below (or above) a caption that promises a table."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from statistics import median

from core.conversion.layout.blocks import Block
from core.conversion.layout.words import Line, Style, Word

_TABLE = re.compile(r"((continued|cont\.?)\s+)?(table|tab\.)[\s\-\u2013]*([A-Z]?\d+|[IVX]+)\b", re.IGNORECASE)
_MENTION = re.compile(
    r"\s+(shows?|lists?|presents?|summari[sz]es?|gives?|reports?|is|are|and|reveals?)\b", re.IGNORECASE
)
_PROSE_WIDTH = 0.26  # of the page: narrower text in several lines may be a cell
_GUTTER = 0.55  # times the size: the narrowest gap between two columns
_SPANNING = 0.12  # of the rows may run across a gap between two columns
_FAR = 5.0  # times the size: a wider gap between two rows ends the table
Row = list[Word]


def with_tables(blocks: list[Block], width: float, body: Style) -> list[Block]:
    """Return the blocks of one page with every captioned table gathered into one block after its caption."""
    blocks = list(blocks)
    for caption in [block for block in blocks if is_caption(block)]:
        for below in (True, False):
            taken = _region(caption, blocks, width, body, below=below)
            grid = _grid(taken) if taken else []
            if len(grid) > 1 and max(map(len, grid)) > 1:
                caption.kind = "caption"
                table = Block([line for block in taken for line in block.lines], "table", rows=grid)
                gone = {id(block) for block in taken}
                blocks = [block for block in blocks if id(block) not in gone]
                blocks.insert(blocks.index(caption) + 1, table)
                break
    return blocks


def is_caption(block: Block) -> bool:
    """Tell whether the block names a table, and does not merely mention one."""
    match = _TABLE.match(block.text)
    return bool(match) and not _MENTION.match(block.text, match.end())


def _region(caption: Block, blocks: list[Block], width: float, body: Style, *, below: bool) -> list[Block]:
    """Return the blocks between the caption and the next text on that side, nearest first."""
    left, right = caption.x0, caption.x1
    side = [
        b for b in blocks if b is not caption and (b.top > caption.bottom - 3 if below else b.bottom < caption.top + 3)
    ]
    side.sort(key=lambda block: block.top if below else -block.bottom)
    walls = [b for b in blocks if b is not caption and _stops(b, width, body)]
    edge = caption.bottom if below else caption.top
    taken: list[Block] = []
    for block in side:
        gap = block.top - edge if below else edge - block.bottom
        if gap > _FAR * max(block.style.size, 8):
            if _overlap(block, left, right):
                break
            continue
        if block in walls:
            if _overlap(block, left, right):
                break
            continue
        if _walled(block, left, right, walls):
            continue
        taken.append(block)
        left, right = min(left, block.x0), max(right, block.x1)
        edge = max(edge, block.bottom) if below else min(edge, block.top)
    return taken


def _stops(block: Block, width: float, body: Style) -> bool:
    """Tell whether a block is no part of a table: text in wide lines, or another caption."""
    if is_caption(block) or block.kind == "table":
        return True
    wide = block.x1 - block.x0 > _PROSE_WIDTH * width
    letters = sum(len(line.text) for line in block.lines) / len(block.lines)
    return wide and letters > 35 and len(block.lines) > 1 and not _gapped(block)


def _gapped(block: Block) -> bool:
    gaps = sum(b.x0 - a.x1 > 1.2 * a.style.size for line in block.lines for a, b in pairwise(line.words))
    return gaps >= len(block.lines)


def _overlap(block: Block, left: float, right: float) -> bool:
    return min(block.x1, right) - max(block.x0, left) > 3


def _walled(block: Block, left: float, right: float, walls: list[Block]) -> bool:
    """Tell whether text of a neighbouring column stands between the block and the table so far."""
    x0, x1 = min(block.x0, right), max(block.x1, left)
    return any(
        wall.top < block.bottom and wall.bottom > block.top and min(wall.x1, x1) - max(wall.x0, x0) > 3
        for wall in walls
    )


def _grid(taken: list[Block]) -> list[list[str]]:
    rows = _rows([line for block in taken for line in block.lines])
    bounds = _columns(rows)
    cells = [_cells(row, bounds) for row in rows]
    return _merged(rows, cells)


def _rows(lines: list[Line]) -> list[Row]:
    """Group the words by baseline, from top to bottom."""
    rows: list[Row] = []
    for line in sorted(lines, key=lambda line: line.y):
        if rows and line.y - rows[-1][0].y < 0.45 * line.style.size:
            rows[-1].extend(line.words)
        else:
            rows.append(list(line.words))
    return [sorted(row, key=lambda word: word.x0) for row in rows]


def _columns(rows: list[Row]) -> list[float]:
    """Return the x positions that separate columns: gaps that all but a few rows share."""
    covered: dict[int, int] = defaultdict(int)
    size = median(word.style.size for row in rows for word in row)
    for row in rows:
        for start, end in _runs(row, _GUTTER * size):
            for x in range(int(start), int(end) + 1):
                covered[x] += 1
    allowed = _SPANNING * len(rows)
    bounds, gap = [], 0
    for x in range(min(covered), max(covered) + 1):
        if covered[x] <= allowed:
            gap += 1
        else:
            if gap >= _GUTTER * size:
                bounds.append(x - gap / 2)
            gap = 0
    return bounds


def _runs(row: Row, gutter: float) -> list[tuple[float, float]]:
    runs: list[tuple[float, float]] = []
    for word in row:
        if runs and word.x0 - runs[-1][1] < gutter:
            runs[-1] = runs[-1][0], max(runs[-1][1], word.x1)
        else:
            runs.append((word.x0, word.x1))
    return runs


def _cells(row: Row, bounds: list[float]) -> list[str]:
    cells: list[list[str]] = [[] for _ in range(len(bounds) + 1)]
    for word in row:
        cells[sum((word.x0 + word.x1) / 2 > bound for bound in bounds)].append(word.text)
    return [" ".join(cell) for cell in cells]


def _merged(rows: list[Row], cells: list[list[str]]) -> list[list[str]]:
    """Join the lines of cells that were broken: rows as close as lines of text, where others stand further apart."""
    steps = [(b[0].y - a[0].y) / max(b[0].style.size, 1) for a, b in pairwise(rows)]
    loose = max(steps, default=0) > 1.3 * min(steps, default=0)
    limit = (min(steps) * 1.18) if loose and steps else 0
    merged: list[list[str]] = []
    for index, row in enumerate(cells):
        tight = index > 0 and steps[index - 1] <= limit
        if merged and tight and not row[0]:
            merged[-1] = [f"{a} {b}".strip() for a, b in zip(merged[-1], row, strict=True)]
        else:
            merged.append(row)
    return merged
