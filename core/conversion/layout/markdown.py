"""Blocks become harmless Markdown, and every character knows its page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.conversion.layout.blocks import Block
from core.conversion.layout.words import Line

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_MARKUP = re.compile(r"^(#{1,6}(?=\s|$)|>|\||```|~~~|={3,}$|-{3,}$|\+(?=\s))")
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
)


class Vocabulary:
    """The words of a document, to decide whether a hyphen at the end of a line belongs to its word."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._words = {word.text.strip(".,;:()[]").lower() for line in lines for word in line.words}

    def joined(self, left: str, right: str) -> str:
        """Return the word broken into `left` and `right` (which may carry on with more text)."""
        head = left.rsplit(" ", 1)[-1].lstrip("([")
        tail = right.split(" ", 1)[0].strip(".,;:()[]")
        if (head + "-" + tail).lower() in self._words and (head + tail).lower() not in self._words:
            return f"{left}-{right}"
        return left + right if head[-1:].isalpha() and tail[:1].islower() else f"{left}-{right}"


def plain(lines: list[Line], vocabulary: Vocabulary) -> str:
    """Return the lines as running text: hyphens that only end a line are gone, ligatures are spelt out."""
    text, hyphen = "", False
    for line in lines:
        text = vocabulary.joined(text, line.text) if hyphen else f"{text} {line.text}" if text else line.text
        hyphen = line.hyphen
    return text.translate(_LIGATURES)


def escaped(text: str) -> str:
    """Return `text` so that Markdown shows it as it is: no HTML, no accidental heading, quote, table or fence."""
    return _MARKUP.sub(r"\\\1", _TAG.sub(r"\\<", text))


def rendered(block: Block, vocabulary: Vocabulary) -> str:
    """Return one block as Markdown, without the blank line after it."""
    if block.kind == "table":
        return _table(block.rows)
    text = escaped(plain(block.lines, vocabulary))
    return f"{'#' * block.level} {text}" if block.kind == "heading" else text


def _table(rows: list[list[str]]) -> str:
    width = max(len(row) for row in rows)
    cells = [
        [_TAG.sub(r"\\<", cell.translate(_LIGATURES)).replace("|", "\\|") for cell in row] + [""] * (width - len(row))
        for row in rows
    ]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])
