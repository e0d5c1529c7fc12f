"""Blocks become harmless Markdown, piece by piece, so that every character knows its page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from core.conversion.layout.blocks import BULLET, Block
from core.conversion.layout.words import Line

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\](?=[(\[])")
_MARKUP = re.compile(r"(?=#{1,6}(?:\s|$)|>|\||```|~~~|={3,}$|-{3,}$|[+*-]\s|\[[^\]]*\]:)")
_BROKEN = re.compile(r"[^\W\d_]{2}-$")  # PDFium itself knows the hyphens within a page
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
)
_AROUND = ".,;:()[]\"'\u201c\u201d"
Part = tuple[int, str]  # a page number and the text that stands on it


class Vocabulary:
    """The words of a document, which tell whether a hyphen at the end of a line belongs to its word."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._words = {word.text.strip(_AROUND).lower() for line in lines for word in line.words}

    def hyphen(self, left: str, right: str) -> str:
        """Return what to write between the two halves of a broken word: a hyphen or nothing."""
        head, tail = left.rsplit(" ", 1)[-1].strip(_AROUND).lower(), right.split(" ", 1)[0].strip(_AROUND)
        if f"{head}-{tail.lower()}" in self._words and head + tail.lower() not in self._words:
            return "-"
        return "" if head[-1:].isalpha() and tail[:1].islower() else "-"


def rendered(block: Block, vocabulary: Vocabulary) -> list[Part]:
    """Return one block as Markdown; the blank line after it belongs to its last part."""
    if block.kind == "table":
        parts = [(block.page, _table(block.rows))]
    elif block.kind == "code":
        parts = [(block.page, _code(block))]
    else:
        parts = list(_running(block.lines, vocabulary))
        parts[0] = parts[0][0], _opened(block.kind, block.level, parts[0][1])
    page, last = parts[-1]
    if block.kind == "heading":
        last = last.rstrip(" :")
    return [*parts[:-1], (page, f"{last}\n\n")]


def _running(lines: list[Line], vocabulary: Vocabulary) -> Iterator[Part]:
    """Join lines to running text: hyphens that only end a line go, one part is made for each page."""
    page, text = lines[0].page, ""
    for index, line in enumerate(lines):
        if line.page != page:
            yield page, text
            page, text = line.page, ""
        after = lines[index + 1].text if index + 1 < len(lines) else ""
        broken = line.hyphen or (_BROKEN.search(line.text) and after[:1].islower())
        words = line.text.removesuffix("-") if broken else line.text
        text += escaped(words)
        if after:
            text += vocabulary.hyphen(words, after) if broken else " "
    yield page, text


def escaped(text: str) -> str:
    """Return `text` with ligatures spelt out and without HTML tags or links of its own making."""
    return _LINK.sub(r"]\\", _TAG.sub(r"\\<", text.translate(_LIGATURES)))


def _opened(kind: str, level: int, text: str) -> str:
    """Return `text` with what must precede it; a backslash keeps words from being taken for markup."""
    if kind == "heading":
        return "#" * level + " " + text
    if BULLET.match(text):
        return "- " + text[1:].lstrip()
    return "\\" + text if _MARKUP.match(text) else text


def _table(rows: list[list[str]]) -> str:
    width = max(map(len, rows))
    lines = [_row([escaped(cell).replace("|", "\\|") for cell in row] + [""] * (width - len(row))) for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(block: Block) -> str:
    """Return a listing with its indentation, which is where its lines begin."""
    advance = max(0.1, 0.6 * block.style.size)  # of one letter, in nearly every fixed-pitch face
    lines = [" " * round((line.x0 - block.x0) / advance) + line.text.replace("```", "'''") for line in block.lines]
    return "\n".join(["```", *lines, "```"])
