"""The order of reading: that of the content stream, unless it jumps about; then columns are found by their gutters."""

from __future__ import annotations

from itertools import pairwise

from core.conversion.layout.words import Line

_TEXT = 40  # characters: shorter lines are labels and cells, which may stand anywhere
_ENOUGH = 12  # lines of text on a page, before its order can be judged
_JUMPS = 0.5  # of the steps from line to line go sideways or up: the stream is not in order
_GUTTER = 6.0  # points between two columns at least
_DEPTH = 40  # cuts within cuts


def ordered(lines: list[Line]) -> list[Line]:
    """Return the lines of a page in the order of reading."""
    text = [line for line in lines if len(line.text) > _TEXT]
    jumps = sum(not _follows(before, line) for before, line in pairwise(text))
    if len(text) < _ENOUGH or jumps < _JUMPS * len(text):
        return lines
    return _cut(lines, _DEPTH)


def _follows(before: Line, line: Line) -> bool:
    return line.y > before.y - 1 and min(before.x1, line.x1) > max(before.x0, line.x0)


def _cut(lines: list[Line], depth: int) -> list[Line]:
    """Order by columns where a gutter divides the lines, else by the lines that run across."""
    parts = _columns(lines) or _bands(lines)
    if len(parts) < 2 or not depth:
        return sorted(lines, key=lambda line: (round(line.y), line.x0))
    return [line for part in parts for line in _cut(part, depth - 1)]


def _columns(lines: list[Line]) -> list[list[Line]]:
    """Cut at every gutter that no line crosses; return nothing if there is none."""
    columns: list[list[Line]] = []
    edge = 0.0
    for line in sorted(lines, key=lambda line: line.x0):
        if columns and line.x0 - edge < _GUTTER:
            columns[-1].append(line)
            edge = max(edge, line.x1)
        else:
            columns.append([line])
            edge = line.x1
    return columns if len(columns) > 1 else []


def _bands(lines: list[Line]) -> list[list[Line]]:
    """Cut where lines across the whole width begin and end."""
    width = max(line.x1 for line in lines) - min(line.x0 for line in lines)
    bands: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.y):
        across = line.width > 0.6 * width
        if bands and across == (bands[-1][-1].width > 0.6 * width):
            bands[-1].append(line)
        else:
            bands.append([line])
    return bands
