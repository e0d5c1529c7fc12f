"""The title of the paper: the largest text of its first page that is not the journal's name."""

from __future__ import annotations

import re

from core.conversion.layout.blocks import LABEL, Block
from core.conversion.layout.words import Style

_PERIODICAL = re.compile(r"\b(journal|proceedings|transactions|volume|vol\.|issn)\b|www\.", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{3}")


def title(blocks: list[Block], body: Style) -> Block | None:
    """Return the block of the title; if it was set in several, they are made one and the others leave `blocks`."""
    page = [block for block in blocks if block.page == blocks[0].page]
    large = [block for block in page if block.style.size > body.size + 0.9 and _nameable(block.text)]
    fit = [block for block in large if not _cited(block.text, page)]
    size = max((block.style.size for block in fit), default=0.0)
    groups = _groups([block for block in fit if block.style.size > 0.95 * size], size)
    if not groups:
        return None
    first, *rest = max(groups, key=lambda group: sum(len(part.text) for part in group))
    for part in rest:
        first.extend(part.lines)
        blocks.remove(part)
    return first


def _cited(text: str, page: list[Block]) -> bool:
    """Tell whether another line begins with the text and goes on with a year or volume: then it names the journal."""
    cited = re.compile(re.escape(text) + r"\W*(vol\b|\d).*", re.IGNORECASE)
    return any(cited.match(block.text) for block in page if len(block.text) < 200)


def _groups(parts: list[Block], size: float) -> list[list[Block]]:
    groups: list[list[Block]] = []
    for part in parts:
        if groups and -1 < part.top - groups[-1][-1].bottom < 0.8 * size:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _nameable(text: str) -> bool:
    """Tell whether a text may be a title: neither the journal's name nor the kind of paper."""
    if not 15 < len(text) < 400 or not _LETTERS.search(text):
        return False
    return not (_PERIODICAL.search(text) or LABEL.fullmatch(text))
