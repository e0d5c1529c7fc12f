"""A PDF file becomes Markdown: the synchronous whole, run in a worker process."""

from __future__ import annotations

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

SCANNED_CHARS = 50  # fewer on an average page, and the pages are images
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
    pages = _read(path)
    if not pages:
        raise ConversionError("empty", "no pages")
    if sum(page.chars for page in pages) < SCANNED_CHARS * len(pages):
        raise ConversionError("no_text_layer", f"{sum(page.chars for page in pages)} characters on {len(pages)} pages")
    markdown, ends = _assembled(_flow(pages), pages)
    held = sum(len(word.text) for page in pages for line in page.lines for word in line.words)
    written = sum(map(str.isalnum, markdown))
    if written < PLAUSIBLE_SHARE * held:
        raise ConversionError("implausible_text", f"{written} of {held} letters")
    return Extract(markdown=markdown, pages=ends, warnings=_warnings(pages))


def _read(path: str) -> list[PageText]:
    reader = PageReader()
    try:
        with pdfium.PdfDocument(path) as document:
            return [reader.read(document[index], index + 1) for index in range(len(document))]
    except pdfium.PdfiumError as error:
        encrypted = getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise ConversionError("encrypted" if encrypted else "damaged", str(error)) from error


def _flow(pages: list[PageText]) -> list[Block]:
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


def _warnings(pages: list[PageText]) -> list[str]:
    silent = [str(page.number) for page in pages if not page.lines]
    return [f"no text on {'pages' if len(silent) > 1 else 'page'} {', '.join(silent)}"] if silent else []
