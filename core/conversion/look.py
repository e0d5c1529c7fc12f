"""A cheap look at the pages of a PDF: what would the text layer alone make of them? Runs in a worker."""

from __future__ import annotations

import ctypes
import os
import re
from typing import TypedDict

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from core.errors import ConversionError

MOST_PAGES = 60  # that are looked at, spread evenly over a longer document
EVERY = 4  # every fourth character is asked for its font: 2 ms a page instead of 9, and the same verdicts
_HIDDEN = 3  # text render mode (ISO 32000-1, table 106) of what OCR programs lay under the picture of a page

_MATH_FONT = re.compile(
    r"cm(?:mi|sy|ex|bsy)\d|msam|msbm|math|mtsy|mtmi|mtex|mt-?extra|eu(?:ex|fm|rm|sm)\d|rsfs|rmtmi|"
    r"stix\w*(?:sym|int|siz)|[tp]x(?:sy|mi|ex)|esint|lasy\d|stmary|^(?:[A-Z]{6}\+)?symbol",
    re.IGNORECASE,
)
#: What stands in a text layer for a glyph without a meaning: control codes, private use, replacement characters.
_MEANINGLESS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]|\\(cid:\\d+\\)")
_CAPTION = re.compile(
    r"^[^\S\n]*tab(?:le|\.|elle|leau|la)?[\s-]{0,3}(\d{1,2}|[ivx]{1,5})\b", re.IGNORECASE | re.MULTILINE
)


class PageLook(TypedDict):
    """One page: its letters and digits, the tables it captions, the figures of its drawing.

    Shares are 0 to 1: of its characters those without a meaning (`garbled`), in fonts for formulas (`math`) and
    invisible (`hidden`), of its area what lies under images (`pictured`). `drawn` counts its lines and curves.
    """

    chars: int
    tables: list[str]
    garbled: float
    math: float
    hidden: float
    pictured: float
    drawn: int


class Look(TypedDict):
    """What crosses the process boundary: how many pages there are, and those that were looked at."""

    pages: int
    seen: list[PageLook]


def look(path: str) -> Look:
    """Return what the pages of the PDF at `path` show; raise `ConversionError` when it does not open."""
    handle = raw.FPDF_LoadDocument(os.fsencode(path), None)  # PdfDocument(path) may report an earlier file's error
    if not handle:
        locked = raw.FPDF_GetLastError() in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise ConversionError("encrypted" if locked else "damaged", "PDFium cannot open it")
    with pdfium.PdfDocument(handle) as document:
        count = len(document)
        if not count:
            raise ConversionError("empty", "it has no pages")
        step, fonts = max(1.0, count / MOST_PAGES), _Fonts()
        numbers = [int(index * step) for index in range(min(count, MOST_PAGES))]
        return Look(pages=count, seen=[_page(document, number, fonts) for number in numbers])


def _page(document: pdfium.PdfDocument, number: int, fonts: _Fonts) -> PageLook:
    try:
        page = document[number]
        textpage = page.get_textpage()
    except pdfium.PdfiumError:
        return PageLook(chars=0, tables=[], garbled=0.0, math=0.0, hidden=0.0, pictured=0.0, drawn=0)
    try:
        text = textpage.get_text_range().replace("\r\n", "\n") if textpage.count_chars() else ""
        garbled, math, hidden = _glyphs(textpage, fonts)
        pictured, drawn = _drawing(page)
    finally:
        textpage.close()
        page.close()
    return PageLook(
        chars=sum(map(str.isalnum, text)),
        tables=sorted({match[1].lower() for match in _CAPTION.finditer(text)}),
        garbled=max(garbled, len(_MEANINGLESS.findall(text)) / max(1, len(text))),
        math=math,
        hidden=hidden,
        pictured=pictured,
        drawn=drawn,
    )


class _Fonts:
    """Which fonts of a document are for formulas; each is looked up once."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}

    def math(self, font: raw.FPDF_FONT) -> bool:
        if not font:
            return False
        address = ctypes.addressof(font.contents)
        if address not in self._known:
            name = ctypes.create_string_buffer(256)
            raw.FPDFFont_GetBaseFontName(font, name, 256)
            self._known[address] = bool(_MATH_FONT.search(name.value.decode("latin-1")))
        return self._known[address]


def _glyphs(textpage: pdfium.PdfTextPage, fonts: _Fonts) -> tuple[float, float, float]:
    """Return the shares of characters that have no meaning, are set in fonts for formulas, and are invisible."""
    total = garbled = math = hidden = 0
    for index in range(0, textpage.count_chars(), EVERY):
        found = raw.FPDFText_GetTextObject(textpage.raw, index)
        if not found:  # PDFium's own: a space or line break between two objects
            continue
        total += 1
        garbled += raw.FPDFText_HasUnicodeMapError(textpage.raw, index) == 1
        math += fonts.math(raw.FPDFTextObj_GetFont(found))
        hidden += raw.FPDFTextObj_GetTextRenderMode(found) == _HIDDEN
    return garbled / max(1, total), math / max(1, total), hidden / max(1, total)


def _drawing(page: pdfium.PdfPage) -> tuple[float, int]:
    """Return the share of the page under images (a scan may come in stripes), and how many paths are drawn on it."""
    pictured, drawn = 0.0, 0
    for index in range(raw.FPDFPage_CountObjects(page.raw)):
        thing = raw.FPDFPage_GetObject(page.raw, index)
        kind = raw.FPDFPageObj_GetType(thing)
        drawn += kind == raw.FPDF_PAGEOBJ_PATH
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            pictured += _share(page, thing)
    return min(1.0, pictured), drawn


def _share(page: pdfium.PdfPage, thing: raw.FPDF_PAGEOBJECT) -> float:
    """Return how much of the page an object covers, what reaches beyond its edges not counted."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    raw.FPDFPageObj_GetBounds(thing, left, bottom, right, top)
    x0, y0, x1, y1 = page.get_bbox()
    width: float = min(right.value, x1) - max(left.value, x0)
    height: float = min(top.value, y1) - max(bottom.value, y0)
    whole: float = max(1.0, (x1 - x0) * (y1 - y0))
    return max(0.0, width) * max(0.0, height) / whole
