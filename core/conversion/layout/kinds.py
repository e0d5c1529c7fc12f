"""What a block is: heading, caption, code, note or running text."""

from __future__ import annotations

from core.conversion.layout.blocks import CAPTION, Block
from core.conversion.layout.figures import gathered
from core.conversion.layout.headings import Headings
from core.conversion.layout.words import Style


def classify(blocks: list[Block], body: Style) -> list[Block]:
    """Return the blocks of a document with their kinds set; a heading that runs into its text becomes its own block."""
    for block in blocks:
        if block.kind == "text":
            block.kind = _kind(block, body)
    return gathered(Headings(_listings(blocks), body).marked())


def _listings(blocks: list[Block]) -> list[Block]:
    """Return the blocks with the parts of each listing joined, single lines of code among them."""
    kept: list[Block] = []
    for block in blocks:
        before = kept[-1] if kept else block
        if before.kind == "code" and before.page == block.page and _mono(block) and block.top > before.top:
            before.extend(block.lines)
        else:
            kept.append(block)
    return kept


def _mono(block: Block) -> bool:
    return all(word.style.mono for line in block.lines for word in line.words)


def _kind(block: Block, body: Style) -> str:
    if CAPTION.match(block.text) and block.style.size <= body.size + 1:
        return "caption"
    if len(block.lines) > 1 and _mono(block):
        return "code"
    return "note" if block.style.size < body.size - 0.4 else "text"
