"""Lines become blocks: paragraphs, headings to be, captions, cells - whatever is set as one piece."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median

from core.conversion.layout.order import ordered
from core.conversion.layout.words import Line, PageText, Style, prevailing

CAPTION = re.compile(
    r"(figure|fig|table|tab|scheme|algorithm|listing|box|chart|plate)\.?[\s\-\u2013]*"
    r"([A-Z]?\d+|[IVX]+\b)",
    re.IGNORECASE,
)
LABEL = re.compile(
    r"((short|brief|original|full[- ]length|mini|systematic|invited|open access) )*"
    r"(communication|research|report|review|article|paper|letter|note|case report|hypothesis)( article| paper)?",
    re.IGNORECASE,
)  # what kind of paper it is, as journals print it above the title
_REFERENCES = re.compile(r"(\d+\.?\s+)?(references?|bibliography|(literature|works) cited)\s*:?", re.IGNORECASE)
_FRONT = 20 * 3000  # weighted letters: a table of contents may name the references, but not so late
_SENTENCE_END = re.compile(r"[.!?:;][\"'\u201d\u2019)\]]*[\d,\u2013\-\[\]]*$")
BULLET = re.compile(r"[\u2022\u25cf\u25cb\u25e6\u25a0\u25aa\u2023\u00b7\uf0b7\u2713]")
_ITEM = re.compile(r"-|\(?\d{1,2}[.)]|\(?[a-z][.)]")


@dataclass(eq=False)
class Block:
    """Lines that belong together; `kind` says what they are: text, heading, caption, note, table or code."""

    lines: list[Line]
    kind: str = "text"
    level: int = 0
    rows: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self.lines[0].page
        self.x0 = min(line.x0 for line in self.lines)
        self.x1 = max(line.x1 for line in self.lines)
        self.top = min(line.top for line in self.lines)
        self.bottom = max(line.bottom for line in self.lines)

    def extend(self, lines: list[Line]) -> None:
        """Append lines."""
        self.lines.extend(lines)
        for line in lines:
            self.x0, self.x1 = min(self.x0, line.x0), max(self.x1, line.x1)
            self.top, self.bottom = min(self.top, line.top), max(self.bottom, line.bottom)
        self.__dict__.pop("style", None)
        self.__dict__.pop("text", None)

    def drop(self, count: int) -> None:
        """Take the first `count` words away; some must remain on the first line."""
        first = self.lines[0]
        self.lines[0] = Line(first.words[count:], first.page, first.hyphen)
        self.extend([])

    @cached_property
    def text(self) -> str:
        """Return its words in one line."""
        return " ".join(line.text for line in self.lines)

    @cached_property
    def style(self) -> Style:
        """Return the style most of its letters are set in."""
        return prevailing([word for line in self.lines for word in line.words])[0]


def body_style(pages: Iterable[PageText]) -> Style:
    """Return the style most of the text before the references is set in; short lines, as of tables, hardly count."""
    letters = Counter[Style]()
    for line in (line for page in pages for line in page.lines):
        if _REFERENCES.fullmatch(line.text) and letters.total() > _FRONT:
            break
        letters[line.style] += len(line.text) * (20 if len(line.text) > 35 else 1)
    return letters.most_common(1)[0][0] if letters else Style(10.0)


def blocks(page: PageText) -> list[Block]:
    """Group the lines of a page, in the order of reading."""
    lines = ordered(_mended(page.lines))
    lead = _leading(lines)
    found: list[Block] = []
    for line in lines:
        if found and _continues(found[-1], line, lead):
            found[-1].extend([line])
        else:
            found.append(Block([line]))
    return found


def _mended(lines: list[Line]) -> list[Line]:
    """Join what PDFium broke within one line: superscripts and changes of the font."""
    mended: list[Line] = []
    for line in lines:
        if mended and _same_row(mended[-1], line):
            mended[-1] = Line(mended[-1].words + line.words, line.page, line.hyphen)
        else:
            mended.append(line)
    return mended


def _same_row(before: Line, line: Line) -> bool:
    size = max(before.style.size, line.style.size)
    return (
        not before.hyphen
        and abs(line.y - before.words[-1].y) < 0.6 * size
        and -0.4 * size < line.x0 - before.x1 < 0.8 * size
    )


def _leading(lines: list[Line]) -> float:
    """Return the usual distance of two baselines as a multiple of the size."""
    steps = [
        (b.y - a.y) / b.style.size
        for a, b in itertools.pairwise(lines)
        if a.style.size == b.style.size > 0
        and 0.9 < (b.y - a.y) / b.style.size < 3
        and min(a.x1, b.x1) > max(a.x0, b.x0)
    ]
    return median(steps) if steps else 1.2


def _continues(block: Block, line: Line, lead: float) -> bool:
    last = block.lines[-1]
    size = max(last.style.size, line.style.size)
    step = line.y - last.y
    if not 0 < step <= 1.3 * max(lead, 1.1) * size or min(last.x1, line.x1) <= max(last.x0, line.x0):
        return False
    if last.hyphen:
        return True
    if abs(last.style.size - line.style.size) > 0.08 * size or last.style.bold != line.style.bold:
        return False
    if CAPTION.match(line.text) and (_SENTENCE_END.search(last.text) or last.x1 < block.x1 - 2 * size):
        return False
    if last.text.isupper() and len(last.text) > 5 and not line.text.isupper():
        return False
    return not LABEL.fullmatch(last.text) and not _new_paragraph(block, line)


def _new_paragraph(block: Block, line: Line) -> bool:
    last, size = block.lines[-1], line.style.size
    left, right = block.x0, block.x1
    if _heads(last, line) and (len(block.lines) == 1 or line.style not in _styles(block.lines[-4:])):
        return True
    if len(line.words) > 1 and BULLET.fullmatch(line.words[0].text):
        return True
    ended = bool(_SENTENCE_END.search(last.text))
    if ended and last.x1 < right - 2 * size and len(block.lines) > 1:
        return True
    indent = line.x0 - left
    if len(block.lines) > 1 and 0.7 * size < indent < 5 * size and last.x0 - left < 0.5 * size:
        return ended
    if len(block.lines) > 1 and line.x0 - block.lines[0].x0 < 0.3 * size and last.x0 - line.x0 > 0.7 * size:
        return min(other.x0 for other in block.lines[1:]) - line.x0 > 0.7 * size  # a hanging indent: references, lists
    return ended and len(line.words) > 1 and bool(_ITEM.fullmatch(line.words[0].text))


def _heads(last: Line, line: Line) -> bool:
    """Tell whether `last` is a shorter line set throughout in other styles than the line below."""
    apart = line.style not in _styles([last])
    return apart and last.x1 < line.x1 - 0.5 * line.style.size and line.text[0].isupper()


def _styles(lines: list[Line]) -> set[Style]:
    return {word.style for line in lines for word in line.words}
