"""Headings: told by the type they are set in, by their number or name, and by the text they stand above."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from itertools import pairwise

from core.conversion.layout.blocks import Block
from core.conversion.layout.title import title
from core.conversion.layout.words import Line, Style, Word

_NAMES = (
    r"abstract|summary|introduction|background|(related|previous|prior) works?|methodology|"
    r"((materials?|patients?|subjects?) (and|&) )?methods?( (and|&) materials?)?|"
    r"experimental( section| procedures?| design)?|results?( (and|&) discussions?)?|"
    r"discussions?( (and|&) conclusions?)?|"
    r"conclusions?( (and|&) (future work|outlook|perspectives?))?|concluding remarks|future work|limitations?|"
    r"acknowledge?ments?|references?|bibliography|literature cited|works cited|appendix|"
    r"supplementary (materials?|data|information)|statement of need|(ethic(s|al)|funding) (statement|approval)|funding|"
    r"authors?['\u2019]? contributions?|competing interests?|(conflicts?|declarations?) of (competing )?interests?|"
    r"data availability|consent for publication|abbreviations|declarations|case (report|presentation)|"
    r"statistical analys[ie]s"
)
KNOWN = re.compile(rf"([\divx]+[.)]?(\d+[.)]?)*\s+)?({_NAMES})\s*[:.]?", re.IGNORECASE)
NUMBER = re.compile(r"((?:\d{1,2}\.)+\d{0,2}\.?|\d{1,2}|[A-H]\.|[IVX]{1,5}\.)\s+(?=[A-Z\u00c0-\u00dd(\"'\u201c])")
_ADDRESS = re.compile(r"@|https?:|www\.|doi\.org|\b10\.\d{4}|\u00a9|\bISSN\b", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{3}")
_LONGEST = 160  # characters of a heading
_MOST_LINES = 4
_RUN_IN_WORDS = 14


class Headings:
    """Finds the headings of one document whose text is set in the style `body`."""

    def __init__(self, blocks: list[Block], body: Style) -> None:
        self._blocks, self._body = blocks, body
        self._begun = False  # the title, the authors and so on are behind us
        self._pages = _Pages(blocks)
        self._after = {id(block): after for block, after in pairwise(blocks)}
        self._styles = Counter(block.style for block in blocks if self._weak(block) and self._leads(block))

    def marked(self) -> list[Block]:
        """Return the blocks, headings marked, and run-in headings split off."""
        name = title(self._blocks, self._body)
        self._begun = name is None
        marked: list[Block] = []
        for block in self._blocks:
            if block is name:
                block.kind, block.level = "heading", 1
            else:
                marked.extend(self._mark(block))
            marked.append(block)
        _ranked([block for block in marked if block.level == 2])
        return marked

    def _mark(self, block: Block) -> list[Block]:
        """Mark a heading, unless it is front matter; return the run-in heading split off from a text."""
        if self._is_heading(block):
            self._begun = self._begun or block.page > 1 or bool(KNOWN.fullmatch(block.text))
            block.kind, block.level = ("heading", _level(block.text)) if self._begun else (block.kind, 0)
            return []
        return self._run_in(block) if self._begun else []

    def _is_heading(self, block: Block) -> bool:
        if block.kind not in ("text", "note") or not self._shaped(block):
            return False
        text = block.text
        if KNOWN.fullmatch(text):
            return self._distinct(block.style) or bool(NUMBER.match(text)) or self._leads(block)
        if text[-1] in ".?!" and not NUMBER.match(text):
            return False
        if self._strong(block) or (NUMBER.match(text) and self._distinct(block.style)):
            return self._leads(block)
        return self._weak(block) and self._styles[block.style] > 1 and self._leads(block)

    def _shaped(self, block: Block) -> bool:
        text = block.text
        if len(block.lines) > _MOST_LINES or len(text) > _LONGEST or text[-1] in ",;" or _ADDRESS.search(text):
            return False
        return bool(_LETTERS.search(text)) and (text[0].isupper() or bool(NUMBER.match(text)))

    def _distinct(self, style: Style) -> bool:
        body = self._body
        return (style.face, style.bold, style.italic) != (
            body.face,
            body.bold,
            body.italic,
        ) or style.size > body.size + 0.7

    def _strong(self, block: Block) -> bool:
        style, letters = block.style, sum(map(str.isalpha, block.text))
        large = style.size > self._body.size + 0.7
        return large or (style.bold and not self._body.bold) or (letters > 5 and block.text.isupper())

    def _weak(self, block: Block) -> bool:
        return block.style.size > self._body.size - 1.2 and self._apart(block) and self._shaped(block)

    def _apart(self, block: Block) -> bool:
        return all(self._distinct(word.style) for line in block.lines for word in line.words)

    def _leads(self, block: Block) -> bool:
        """Tell whether running text, or another heading above such, stands right below."""
        for _ in range(3):
            below = self._pages.below(block)
            if below is None:
                return self._goes_on(block)
            if not _aligned(block, below):
                return False
            if below.kind == "text" and self._running(below):
                return len(below.text) > 80 or below.text[-1] != "."
            if not (self._shaped(below) and self._distinct(below.style)):
                return False
            block = below
        return False

    def _goes_on(self, block: Block) -> bool:
        """Tell whether a block at the foot of its column is followed by running text at the head of the next."""
        after = self._after.get(id(block))
        if after is None or after.kind != "text" or not self._running(after) or len(after.text) < 80:
            return False
        return (after.page > block.page or after.top < block.top) and self._pages.at_foot(block)

    def _running(self, block: Block) -> bool:
        alike = abs(block.style.size - self._body.size) < 0.6
        return alike and (len(block.text) > 150 or not self._distinct(block.style))

    def _run_in(self, block: Block) -> list[Block]:
        """Split off, and return, the heading that `block` begins with on the line of its text."""
        if block.kind != "text":
            return []
        first = block.lines[0]
        count = _run_in_words(first.words)
        head = " ".join(word.text for word in first.words[:count])
        style = first.words[0].style
        titled = NUMBER.match(head) or (style.bold and block.page > 1)  # on the first page it is an abstract's label
        if not count or not titled or not self._distinct(style):
            return []
        heading = Block([Line(first.words[:count], first.page)], "heading", _level(head))
        block.drop(count)
        return [heading]


def _run_in_words(words: list[Word]) -> int:
    """Return how many words make the first sentence, if they are set alike and others follow; otherwise 0."""
    for count, word in enumerate(words[: min(_RUN_IN_WORDS, len(words) - 1)], 1):
        if word.style != words[0].style:
            return 0
        if word.text[-1] in ".:" and len(word.text) > 2 and _LETTERS.search(word.text):
            return count if words[-1].style != word.style else 0
    return 0


def _aligned(block: Block, below: Block) -> bool:
    size = below.style.size
    left = abs(block.x0 - below.x0) < 3.5 * size
    centred = abs(block.x0 + block.x1 - below.x0 - below.x1) < 4 * size
    return (left or centred) and below.top - block.bottom < 2.5 * size


def _level(text: str) -> int:
    number = NUMBER.match(text)
    return min(6, 1 + max(1, len(re.findall(r"\d+", number[1])))) if number else 2


def _ranked(headings: list[Block]) -> None:
    """Lower the headings without numbers that are set in another way than the sections with well-known names."""
    known = Counter(_look(block) for block in headings if KNOWN.fullmatch(block.text))
    if not known:
        return
    top = known.most_common(1)[0][0]
    for block in headings:
        if _look(block) != top and block.style.size < top[0] + 1.5 and not NUMBER.match(block.text):
            block.level = 3


def _look(block: Block) -> tuple[int, str, bool, bool]:
    return round(block.style.size), block.style.face, block.style.bold, block.text.isupper()


class _Pages:
    """The blocks of every page from top to bottom, to look up what stands below."""

    def __init__(self, blocks: list[Block]) -> None:
        self._pages: dict[int, list[Block]] = defaultdict(list)
        for block in sorted(blocks, key=lambda block: block.top):
            self._pages[block.page].append(block)

    def below(self, block: Block) -> Block | None:
        """Return the nearest block below within a few lines, if it overlaps in width."""
        page = self._pages[block.page]
        for other in page[bisect_left(page, block.bottom - 2, key=lambda other: other.top) :]:
            if other.top > block.bottom + 3 * max(block.style.size, 10):
                return None
            if other is not block and min(other.x1, block.x1) > max(other.x0, block.x0):
                return other
        return None

    def at_foot(self, block: Block) -> bool:
        """Tell whether nothing stands below in the same column."""
        page = self._pages[block.page]
        return not any(
            min(other.x1, block.x1) > max(other.x0, block.x0)
            for other in page[bisect_left(page, block.bottom - 2, key=lambda other: other.top) :]
        )
