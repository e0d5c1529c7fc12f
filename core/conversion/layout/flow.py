"""The thread of reading: paragraphs go on across columns and pages, past whatever stands between their parts."""

from __future__ import annotations

import re

from core.conversion.layout.blocks import BULLET, Block

_ENDED = re.compile(r"[.!?:;][\"'\u201d\u2019)\]]*[\d,\u2013\-\[\]()\s]*$")
_NEAR = 0.7  # points two sizes may differ in one paragraph
_SMALL = 60  # characters of a label, a cell or a stray line, which never stops the search
_REACH = 2  # pages further on
_LONGEST = 3  # pages after the first of a paragraph


def threaded(blocks: list[Block]) -> list[Block]:
    """Return the blocks with the parts of each paragraph joined.

    What stood between the parts follows the paragraph; if that runs over a page break, what stands on its first page
    precedes it, so that the pages stay in order.
    """
    waiting = list(blocks)
    flow: list[Block] = []
    while waiting:
        block = waiting.pop(0)
        if block.kind == "text":
            before = _joined(block, waiting)
            flow.extend(before)
        flow.append(block)
    return flow


def _joined(block: Block, waiting: list[Block]) -> list[Block]:
    """Append to `block` its further parts out of `waiting`; return, and take out, what must now precede it."""
    before: list[Block] = []
    while (place := _rest(block, waiting)) is not None:
        part = waiting.pop(place)
        if part.page > block.page:
            before += [other for other in waiting[:place] if other.page == block.page]
            waiting[:place] = [other for other in waiting[:place] if other.page != block.page]
        block.extend(part.lines)
    return before


def _rest(block: Block, waiting: list[Block]) -> int | None:
    """Return where in `waiting` the paragraph goes on, or None if it ended."""
    last = block.lines[-1]
    if not last.hyphen and _ENDED.search(" ".join(line.text for line in block.lines[-2:])):
        return None
    for place, other in enumerate(waiting):
        if other.page > min(last.page + _REACH, block.page + _LONGEST) or other.kind == "heading":
            return None
        if other.kind != "text":
            continue
        if BULLET.match(other.text):
            return None
        alike = abs(other.style.size - block.style.size) <= _NEAR
        if alike and _resumes(block, other):
            return place
        if alike and len(other.text) > _SMALL:
            return None
    return None


def _resumes(block: Block, other: Block) -> bool:
    start = other.text[0]
    if block.lines[-1].hyphen or start.islower():
        return len(other.text) > _SMALL // 3
    if BULLET.match(block.text):
        return False
    full = block.lines[-1].x1 > block.x1 - 2 * block.style.size and len(block.lines) > 1
    return full and len(other.text) > _SMALL and not other.style.bold
