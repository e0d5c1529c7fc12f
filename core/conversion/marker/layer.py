"""What a PDF itself holds: whether it opens, how many pages it has, how many letters each has in its text layer."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from core.conversion.sniff import sniff
from core.errors import ConversionError

_HEAD_BYTES = 4096


@dataclass(frozen=True)
class Layer:
    """A file: its content's hash, how many pages it has, and the letters and digits on those that were looked at.

    -1 letters: the page cannot be read.
    """

    sha256: str
    count: int
    letters: dict[int, int]


def look(path: str, first: int = 1, last: int | None = None) -> Layer:
    """Return what the file holds on the pages `first` to `last`, counted from 1.

    Marker's own errors do not tell these cases apart.

    Raises `ConversionError`: `empty`, `not_pdf` (Marker would read a web page as well), `encrypted` or `damaged`.
    """
    with Path(path).open("rb") as file:
        kind = sniff(file.read(_HEAD_BYTES))
        if kind != "pdf":
            raise ConversionError("empty" if kind == "empty" else "not_pdf", kind)
        digest = hashlib.file_digest(file, "sha256") if not file.seek(0) else None
    assert digest
    handle = raw.FPDF_LoadDocument(os.fsencode(path), None)  # PdfDocument(path) may report an earlier file's error
    if not handle:
        locked = raw.FPDF_GetLastError() in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise ConversionError("encrypted" if locked else "damaged", "PDFium cannot open it")
    with pdfium.PdfDocument(handle) as document:
        count = len(document)
        letters = {number: _letters(document, number - 1) for number in range(first, min(last or count, count) + 1)}
    if not count:
        raise ConversionError("empty", "the PDF has no pages")
    if letters and max(letters.values()) < 0:
        raise ConversionError("damaged", f"none of {len(letters)} pages can be read")
    return Layer(digest.hexdigest(), count, letters)


def _letters(document: pdfium.PdfDocument, index: int) -> int:
    try:
        page = document[index]
        textpage = page.get_textpage()
        text = textpage.get_text_bounded()
    except pdfium.PdfiumError:
        return -1
    textpage.close()
    page.close()
    return sum(map(str.isalnum, text))
