"""The labels inside figures: gathered into one paragraph, so that they do not litter the text."""

from __future__ import annotations

from core.conversion.layout.blocks import Block

_LABEL = 30  # characters: longer text is no label
_MANY = 4  # short blocks in a row, from which on they are taken for labels


def gathered(blocks: list[Block]) -> list[Block]:
    """Return the blocks with every run of labels on one page made one note."""
    kept: list[Block] = []
    run: list[Block] = []
    for block in blocks:
        if run and (not _is_label(block) or block.page != run[0].page):
            kept.extend(_closed(run))
            run = []
        (run if _is_label(block) else kept).append(block)
    return kept + _closed(run)


def _is_label(block: Block) -> bool:
    return block.kind in ("text", "note") and len(block.text) < _LABEL and len(block.lines) < 3


def _closed(run: list[Block]) -> list[Block]:
    if len(run) < _MANY:
        return run
    return [Block([line for block in run for line in block.lines], "note")]
