"""A PDF file becomes Markdown: the synchronous whole, run in a worker process."""

from __future__ import annotations

import os
from typing import TypedDict

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from core.conversion.layout.blocks import Block, blocks, body_style
from core.conversion.layout.flow import threaded
from core.conversion.layout.furniture import without_furniture
from core.conversion.layout.kinds import classify
from core.conversion.layout.markdown import Vocabulary, rendered
from core.conversion.layout.reader import PageReader
from core.conversion.layout.tables import with_tables
from core.conversion.layout.words import PageText
from core.errors import ConversionError

SCANNED_CHARS = 40  # letters and digits; fewer on an average page, and the pages are images
PLAUSIBLE_SHARE = 0.4  # of the letters and digits of the text layer must be in the Markdown


class Extract(TypedDict):
    """What crosses the process boundary; `pages` holds the end of each page in `markdown`."""

    markdown: str
    pages: list[int]
    warnings: list[str]


def extract(path: str) -> Extract:
    """Return the text layer of the PDF at `path` as Markdown.

    A paragraph that runs over a page break is one paragraph, and the page ends within it. Raises `ConversionError`:
    `encrypted`, `damaged`, `empty`, `no_text_layer` or `implausible_text`.
    """
    pages, broken = read(path)
    chars = sum(page.chars for page in pages)
    if len(broken) == len(pages):
        raise ConversionError("damaged" if pages else "empty", f"{len(broken)} of {len(pages)} pages cannot be read")
    if chars < SCANNED_CHARS * len(pages):
        raise ConversionError("no_text_layer", f"{chars} letters and digits on {len(pages)} pages")
    markdown, ends = _assembled(flow(pages), pages)
    written = sum(map(str.isalnum, markdown))
    if written < PLAUSIBLE_SHARE * chars:
        raise ConversionError("implausible_text", f"{written} of {chars} letters and digits")
    return Extract(markdown=markdown, pages=ends, warnings=_warnings(pages, broken))


def read(path: str) -> tuple[list[PageText], list[int]]:
    """Return the pages, and the numbers of those that cannot be read; raise `ConversionError` (encrypted, damaged)."""
    handle = raw.FPDF_LoadDocument(os.fsencode(path), None)  # PdfDocument(path) may report an earlier file's error
    if not handle:
        locked = raw.FPDF_GetLastError() in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise ConversionError("encrypted" if locked else "damaged", "PDFium cannot open it")
    reader = PageReader()
    pages: list[PageText] = []
    broken: list[int] = []
    with pdfium.PdfDocument(handle) as document:
        for number in range(1, len(document) + 1):
            try:
                pages.append(_page(document, reader, number))
            except pdfium.PdfiumError:
                broken.append(number)
                pages.append(PageText(number, 0.0, 0.0, [], 0))
    return pages, broken


def _page(document: pdfium.PdfDocument, reader: PageReader, number: int) -> PageText:
    page = document[number - 1]
    try:
        return reader.read(page, number)
    finally:
        page.close()


def flow(pages: list[PageText]) -> list[Block]:
    """Return the blocks of a document in the order of reading, their kinds set and the parts of each joined."""
    clean = without_furniture(pages)
    body = body_style(clean)
    found = [block for page in clean for block in with_tables(blocks(page), page.width, body)]
    return threaded(classify(found, body)) if found else []


def _assembled(flow: list[Block], pages: list[PageText]) -> tuple[str, list[int]]:
    """Return the Markdown and where each page ends in it."""
    vocabulary = Vocabulary(line for page in pages for line in page.lines)
    texts: list[str] = []
    ends = [0] * len(pages)
    length = 0
    for page, text in (part for block in flow for part in rendered(block, vocabulary)):
        texts.append(text)
        length += len(text)
        ends[page - 1] = length
    for index in range(1, len(ends)):
        ends[index] = max(ends[index], ends[index - 1])
    return "".join(texts), ends


def _warnings(pages: list[PageText], broken: list[int]) -> list[str]:
    silent = [page.number for page in pages if not page.lines and page.number not in broken]
    found = (("no text on page", silent), ("unreadable page", broken))
    return [f"{what}{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}" for what, numbers in found if numbers]
