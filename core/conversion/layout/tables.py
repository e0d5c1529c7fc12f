"""Tables: rows and columns read from where the words stand, below (or above) a caption that promises a table."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from statistics import median

from core.conversion.layout.blocks import Block
from core.conversion.layout.words import Style, Word

_TABLE = re.compile(r"((continued|cont\.?)\s+)?(table|tab\.)[\s\-\u2013]*([A-Z]?\d+|[IVX]+)\b", re.IGNORECASE)
_MENTION = re.compile(
    r"\s+(shows?|lists?|presents?|summari[sz]es?|gives?|reports?|is|are|and|reveals?)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"[-+\u2212]?\d+([.,]\d+)?\s*%?")
_PROSE_WIDTH = 0.26  # of the page: narrower text in several lines may be a cell
_GUTTER = 0.55  # times the size: the narrowest gap between two columns
_SPANNING = 0.12  # of the rows may run across a gap between two columns
_FAR = 5.0  # times the size: a wider gap between two rows ends the table
_WORD_GAP = 0.42  # times the size: the widest gap between two words of one cell
_COLUMN = 0.7  # of the rows in one block: the file holds the table column by column, and blocks are no cells
_BESIDE = 150.0  # points
_CLOSE = 0.9  # times the size: two rows of a table never stand closer


@dataclass(slots=True)
class _Row:
    """The words on one baseline, and the blocks they come from."""

    y: float
    size: float
    words: list[Word] = field(default_factory=list)
    owners: set[int] = field(default_factory=set)


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
    return match is not None and not _MENTION.match(block.text, match.end())


def _region(caption: Block, blocks: list[Block], width: float, body: Style, *, below: bool) -> list[Block]:
    """Return the blocks between the caption and the next text on that side, nearest first."""
    left, right = caption.x0, caption.x1
    side = [
        b for b in blocks if b is not caption and (b.top > caption.bottom - 3 if below else b.bottom < caption.top + 3)
    ]
    side.sort(key=lambda block: block.top if below else -block.bottom)
    walls = [b for b in blocks if b is not caption and _stops(b, width, body)]
    margin = max((wall.x1 for wall in walls if wall.x1 <= caption.x0), default=0.0)  # of a caption in a right column
    limit = min((wall.x0 for wall in walls if _beside(wall, caption)), default=inf)
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
        if len(taken) > 2 and _note(block, left, right):
            break
        if block.x0 < margin or block.x0 >= limit or _walled(block, left, right, walls):
            continue
        taken.append(block)
        left, right = min(left, block.x0), max(right, block.x1)
        edge = max(edge, block.bottom) if below else min(edge, block.top)
    return _trimmed(taken)


def _beside(other: Block, caption: Block) -> bool:
    """Tell whether another table begins at about the same height to the right."""
    return is_caption(other) and other.x0 > caption.x1 and abs(other.top - caption.top) < _BESIDE


def _trimmed(taken: list[Block]) -> list[Block]:
    """Leave out what stands alone at the end: a heading or a note after the table."""
    while len(taken) > 2 and _alone(taken[-1], taken[:-1]):
        taken.pop()
    return taken


def _alone(block: Block, others: list[Block]) -> bool:
    if any(other.top < block.bottom and other.bottom > block.top for other in others):
        return False
    return len(block.text) > 40 or all(other.style != block.style for other in others)


def _stops(block: Block, width: float, body: Style) -> bool:
    """Tell whether a block is no part of a table: text in wide lines, or another caption."""
    if is_caption(block) or block.kind == "table":
        return True
    if block.style.size < body.size - 0.6:
        return False
    wide = block.x1 - block.x0 > _PROSE_WIDTH * width
    letters = sum(len(line.text) for line in block.lines) / len(block.lines)
    return wide and letters > 35 and len(block.lines) > 1 and not _gapped(block)


def _note(block: Block, left: float, right: float) -> bool:
    """Tell whether text runs across the whole table: what stands below it."""
    across = block.x1 - block.x0 > 0.75 * (right - left) and block.x0 < left + block.style.size
    return across and len(block.lines[0].text) > 30 and not _gapped(block)


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
    rows = _rows(taken)
    bounds = _columns(rows)
    return _merged(rows, [_cells(row, bounds) for row in rows])


def _rows(taken: list[Block]) -> list[_Row]:
    """Group the words by baseline, from top to bottom."""
    rows: list[_Row] = []
    lines = [(line, owner) for owner, block in enumerate(taken) for line in block.lines]
    for line, owner in sorted(lines, key=lambda pair: pair[0].y):
        if not rows or line.y - rows[-1].y > 0.45 * line.style.size:
            rows.append(_Row(line.y, line.style.size))
        rows[-1].words.extend(line.words)
        rows[-1].owners.add(owner)
    for owner, block in enumerate(taken):
        for row in rows:
            if block.lines[0].y < row.y < block.lines[-1].y:
                row.owners.add(owner)
    for row in rows:
        row.words.sort(key=lambda word: word.x0)
    return rows


def _columns(rows: list[_Row]) -> list[float]:
    """Return the x positions that separate columns: gaps that all but a few rows share."""
    covered: dict[int, int] = defaultdict(int)
    gutter = _GUTTER * median(row.size for row in rows)
    for row in rows:
        for run in _runs(row.words, gutter):
            for x in range(int(run[0].x0), int(run[-1].x1) + 1):
                covered[x] += 1
    allowed = _SPANNING * len(rows)
    bounds, gap = [], 0
    for x in range(min(covered), max(covered) + 1):
        if covered[x] <= allowed:
            gap += 1
        else:
            if gap >= gutter:
                bounds.append(x - gap / 2)
            gap = 0
    return bounds


def _runs(words: list[Word], gutter: float) -> list[list[Word]]:
    """Cut a row at every gap of at least `gutter`."""
    runs: list[list[Word]] = []
    edge = 0.0
    for word in words:
        if runs and word.x0 - edge < gutter:
            runs[-1].append(word)
        else:
            runs.append([word])
            edge = word.x1
        edge = max(edge, word.x1)
    return runs


def _cells(row: _Row, bounds: list[float]) -> list[str]:
    """Return the texts of the columns; what runs across several without a gap stands in the first of them."""
    cells: list[list[str]] = [[] for _ in range(len(bounds) + 1)]
    for run in _runs(row.words, _WORD_GAP * row.size):
        column = sum((run[0].x0 + run[0].x1) / 2 > bound for bound in bounds)
        cells[column].extend(word.text for word in run)
    return [" ".join(cell) for cell in cells]


def _merged(rows: list[_Row], cells: list[list[str]]) -> list[list[str]]:
    """Join the lines of cells that run over several lines."""
    steps = [(after.y - row.y) / row.size for row, after in pairwise(rows)]
    by_cell = not any(sum(owner in row.owners for row in rows) > _COLUMN * len(rows) for owner in rows[0].owners)
    merged: list[list[str]] = []
    for index, row in enumerate(cells):
        if index and not _counted(merged[-1], row) and _same(index, rows, cells, steps, by_cell=by_cell):
            merged[-1] = [f"{a} {b}".strip() for a, b in zip(merged[-1], row, strict=True)]
        else:
            merged.append(row)
    return merged


def _same(index: int, rows: list[_Row], cells: list[list[str]], steps: list[float], *, by_cell: bool) -> bool:
    """Tell whether a baseline belongs to the same row of the table as the one above it."""
    above, here, step = cells[index - 1], cells[index], steps[index - 1]
    if step < _CLOSE:
        if _label(here):
            return index == len(steps) or step <= steps[index] or not here[0]
        return not _label(above) or index == 1 or step < steps[index - 2]
    shared = rows[index].owners & rows[index - 1].owners
    if not shared:
        return False
    least = min((other for other in steps if other >= _CLOSE), default=0.0)
    loose = sum(other > 1.25 * least for other in steps)  # rows that stand further apart than lines do
    spaced = loose > (0.05 if by_cell else 0.2) * len(steps)
    return _partial(above) or _partial(here) or (spaced and step < 1.15 * least)


def _counted(above: list[str], here: list[str]) -> bool:
    """Tell whether a number stands below a number: numbers do not go on in the next line."""
    return any(_NUMBER.fullmatch(a) and _NUMBER.fullmatch(b) for a, b in zip(above, here, strict=True))


def _label(row: list[str]) -> bool:
    """Tell whether only the first column is filled, as by a name that stands beside several rows."""
    return bool(row[0]) and not any(row[1:])


def _partial(row: list[str]) -> bool:
    return sum(map(bool, row)) < 0.6 * len(row)
