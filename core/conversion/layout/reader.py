"""From a PDFium page to lines of words: the only place that talks to PDFium's text functions."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from core.conversion.layout.words import Line, PageText, Style, Word

HYPHEN = "\ufffe"  # what PDFium gives for a hyphen that ends a line
WIDE_GAP = 2.0  # times the size: no space between two words is as wide; a gutter or the gap between two cells is
_SHIFT = 3.0  # points: the same line again
_TOKEN = re.compile(rf"[^\s{HYPHEN}]+{HYPHEN}?|{HYPHEN}|\n")
_JUNK = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\uffff\u200b\u00ad]")
_BOLD = re.compile(r"bold|black|heavy|demi|-medi\b|medi$|cmbx|sfbx|\.b$|-b$|,b", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obli|slant|cmti|sfti|\.i$|-it$|-i$", re.IGNORECASE)
_MONO = re.compile(r"mono|courier|cmtt|sftt|consol|typewriter|menlo|inconsol", re.IGNORECASE)
_SUBSET = re.compile(r"^[A-Z]{6}\+")
_SLANTED, _FORCE_BOLD = 1 << 6, 1 << 18  # font descriptor flags, ISO 32000-1 table 123


class _Token(NamedTuple):
    """A word as PDFium reports it: in the page's own coordinates, y growing upwards."""

    text: str
    row: int  # counts PDFium's line breaks
    start: tuple[float, float]  # where its first letter stands on the baseline
    end: tuple[float, float, float, float]  # the box of its last letter: left, bottom, right, top
    style: Style
    turn: int  # quarter turns to the left; -1 for any other direction


class PageReader:
    """Reads the pages of one document; each font is looked up once."""

    def __init__(self) -> None:
        self._fonts: dict[int, tuple[str, bool, bool, bool]] = {}
        self._styles: dict[Style, Style] = {}  # equal styles are one object: they are compared often

    def read(self, page: pdfium.PdfPage, number: int) -> PageText:
        """Return the lines of `page` turned upright; words in another direction than most are left out."""
        textpage = page.get_textpage()
        try:
            text = _text(textpage)
            tokens = list(self._tokens(textpage, text))
        finally:
            textpage.close()
        votes = Counter[int]()
        for token in tokens:
            votes[token.turn] += len(token.text)
        turn = max(range(4), key=lambda quarters: votes[quarters])
        frame = _Frame(page.get_bbox(), turn)
        lines = list(_once(_lines(tokens, frame, number)))
        return PageText(number, frame.width, frame.height, lines, sum(map(str.isalnum, text)), turn)

    def _tokens(self, textpage: pdfium.PdfTextPage, text: str) -> Iterator[_Token]:
        handle, row, last_object = textpage.raw, 0, 0
        style, turn = Style(0.0), 0
        x, y, box = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
        for match in _TOKEN.finditer(text):
            if match[0] == "\n":
                row += 1
                continue
            first, last = match.start(), match.end() - 1
            found = raw.FPDFText_GetTextObject(handle, first)
            if found and (address := ctypes.addressof(found.contents)) != last_object:
                style, turn = self._style(handle, first, found)
                last_object = address
            raw.FPDFText_GetCharOrigin(handle, first, x, y)
            raw.FPDFText_GetLooseCharBox(handle, last, box)
            end = (box.left, box.bottom, box.right, box.top)
            if clean := _JUNK.sub("", match[0]):
                yield _Token(clean, row, (x.value, y.value), end, style, turn)
            row += clean.endswith(HYPHEN)

    def _style(self, handle: raw.FPDF_TEXTPAGE, index: int, found: raw.FPDF_PAGEOBJECT) -> tuple[Style, int]:
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(handle, index, matrix)
        size = ctypes.c_float()
        raw.FPDFTextObj_GetFontSize(found, size)
        style = Style(
            round(size.value * math.hypot(matrix.c, matrix.d), 1), *self._face(raw.FPDFTextObj_GetFont(found))
        )
        return self._styles.setdefault(style, style), _turn(matrix.a, matrix.b)

    def _face(self, font: raw.FPDF_FONT) -> tuple[str, bool, bool, bool]:
        if not font:
            return "", False, False, False
        address = ctypes.addressof(font.contents)
        if address not in self._fonts:
            buffer = ctypes.create_string_buffer(256)
            raw.FPDFFont_GetBaseFontName(font, buffer, 256)
            name = _SUBSET.sub("", buffer.value.decode("utf-8", "replace"))
            flags = max(0, raw.FPDFFont_GetFlags(font))
            bold = bool(_BOLD.search(name) or flags & _FORCE_BOLD)
            italic = bool(_ITALIC.search(name) or flags & _SLANTED)
            self._fonts[address] = re.split(r"[-,]", name)[0], bold, italic, bool(_MONO.search(name))
        return self._fonts[address]


class _Frame:
    """The upright coordinates of a page whose text runs `turn` quarter turns to the left."""

    def __init__(self, box: tuple[float, float, float, float], turn: int) -> None:
        self.turn, (self._dx, self._dy) = turn, ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]
        left, bottom, right, top = box
        self._x = self._y = 0.0
        (x0, y0), (x1, y1) = self.place(left, bottom), self.place(right, top)
        self._x, self._y = min(x0, x1), min(y0, y1)
        self.width, self.height = abs(x1 - x0), abs(y1 - y0)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the point with y growing downwards."""
        return x * self._dx + y * self._dy - self._x, x * self._dy - y * self._dx - self._y

    def word(self, token: _Token) -> Word:
        """Return the token as a word of the upright page."""
        x0, y = self.place(*token.start)
        left, bottom, right, top = token.end
        x1 = max(self.place(left, bottom)[0], self.place(right, top)[0])
        return Word(token.text.rstrip(HYPHEN) or "-", x0, max(x0, x1), y, token.style)


def _text(textpage: pdfium.PdfTextPage) -> str:
    """Return the text with one character per PDFium character, so that places in it are character indices."""
    count = textpage.count_chars()
    text: str = textpage.get_text_range() if count else ""
    if len(text) == count:
        return text
    return "".join(chr(raw.FPDFText_GetUnicode(textpage.raw, index)) for index in range(count))


def _turn(a: float, b: float) -> int:
    """Return the direction of a baseline in quarter turns, or -1 when it is more than 10 degrees off all four."""
    quarters = math.atan2(b, a) / (math.pi / 2)
    return round(quarters) % 4 if abs(quarters - round(quarters)) < 1 / 9 else -1


def _lines(tokens: list[_Token], frame: _Frame, page: int) -> Iterator[Line]:
    """Group words into lines: PDFium's own, cut where a word steps back or down or a wide gap opens."""
    words: list[Word] = []
    row = -1
    for token in tokens:
        if token.turn != frame.turn:
            continue
        word = frame.word(token)
        if words and (token.row != row or _apart(words[-1], word)):
            yield Line(words, page)
            words = []
        words.append(word)
        row = token.row
        if len(token.text) > 1 and token.text.endswith(HYPHEN):
            yield Line(words, page, hyphen=True)
            words = []
    if words:
        yield Line(words, page)


def _apart(before: Word, word: Word) -> bool:
    size = max(before.style.size, word.style.size)
    back = word.x0 < before.x0 - 0.5 * size or abs(word.y - before.y) > 0.7 * size
    return back or word.x0 - before.x1 > WIDE_GAP * size


def _once(lines: Iterator[Line]) -> Iterator[Line]:
    """Leave out lines printed again in the same place, as shadows and corrected proofs do."""
    seen: dict[tuple[str, int], list[Line]] = {}  # also by place: the marks of a plot are thousands of equal lines
    for line in lines:
        place = round(line.x0 / _SHIFT)
        twins = [twin for near in (place - 1, place, place + 1) for twin in seen.get((line.text, near), ())]
        if any(abs(line.x0 - twin.x0) < _SHIFT and abs(line.y - twin.y) < 0.5 * line.style.size for twin in twins):
            continue
        seen.setdefault((line.text, place), []).append(line)
        yield line
