"""A paper in parts that a model can read at once; nothing is left out but the list of references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.evidence.outline import Role, blocks
from core.evidence.sentences import spans

#: Characters of a part, and how much of the one before it repeats, so that no passage is cut for both.
SIZE, OVERLAP = 12_000, 1_500


@dataclass(frozen=True, slots=True)
class Chunk:
    """The characters `[start, end)` of a text."""

    start: int
    end: int


def chunks(text: str, *, size: int = SIZE, overlap: int = OVERLAP, opening: Role = "front") -> list[Chunk]:
    """Return the parts of `text` in order, whole paragraphs of at most `size` characters together.

    Every character of a block outside the references is in at least one part.
    """
    parts: list[Chunk] = []
    for run in _runs(text, size, opening):
        first = 0
        while first < len(run):
            last = _last(run, first, size)
            parts.append(Chunk(run[first].start, run[last].end))
            first = last + 1 if last + 1 == len(run) else _again(run, first, last, overlap)
    return parts


def _last(run: list[Chunk], first: int, size: int) -> int:
    """Return the last piece that fits into the part that begins with `first`."""
    last = first
    while last + 1 < len(run) and run[last + 1].end - run[first].start <= size:
        last += 1
    return last


def _again(run: list[Chunk], first: int, last: int, overlap: int) -> int:
    """Return the piece the next part begins with: some of those at the end of this one are read twice."""
    again = last + 1
    while again - 1 > first and run[last].end - run[again - 1].start <= overlap:
        again -= 1
    return again


def _runs(text: str, size: int, opening: Role) -> Iterator[list[Chunk]]:
    """Yield the blocks between one list of references and the next; one longer than `size` is cut at its sentences."""
    run: list[Chunk] = []
    for block in blocks(text, opening=opening):
        if block.role != "references":
            run += _cut(text, Chunk(block.start, block.end), size)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _cut(text: str, piece: Chunk, size: int) -> Iterator[Chunk]:
    if piece.end - piece.start <= size:
        yield piece
        return
    starts = [start for start, _ in spans(text, piece.start, piece.end)] or [piece.start]
    for start, end in zip(starts, [*starts[1:], piece.end], strict=True):
        for at in range(start, end, size):
            yield Chunk(at, min(end, at + size))
