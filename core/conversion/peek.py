"""Look into a PDF with PDFium: what is needed to say whether it is a readable paper, and which. Runs in a worker."""

from __future__ import annotations

import html
import mmap
import os
import re
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
from pypdfium2 import raw

from core.conversion.sniff import sniff
from core.errors import NotAdmitted

FRONT = 3  # pages whose text is handed out
GLYPHS = 200  # of each of these pages that are asked whether they have a meaning
SAMPLE = 10  # pages whose characters are counted
SAMPLE_CUT = 200  # the same for a file that seems cut off, where missing pages are to be expected
PAGE_CHARS = 20_000  # of one page that are handed out
PACKETS = 20  # XMP packets that are read; pictures bring their own

_TAIL_BYTES = 4096
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>{}|\\^`\[\]]+")
_XMP_DOI = re.compile(
    r"(?:prism|pdfx|crossmark|dc):(?:doi|DOI|identifier|url)[^<]{0,20}[>=][^<]{0,100}?(10\.\d{4,9}/[^\s\"<>]+)"
)
_XMP_TITLE = re.compile(r"<dc:title>.{0,200}?<rdf:li[^>]*>(.{1,1000}?)</rdf:li>", re.DOTALL)


def peek(path: str) -> dict[str, Any]:
    """Return the fields of an `Inspection` of the file at `path`, or raise `NotAdmitted`."""
    file = Path(path)
    size, head, tail = _ends(file)
    kind = sniff(head)
    if kind == "empty":
        raise NotAdmitted("empty", f"{size} bytes without content")
    if kind != "pdf":
        raise NotAdmitted("not_pdf", kind)
    complete = b"startxref" in tail and b"%%EOF" in tail
    document = _open(file, complete)
    try:
        return {**_read(document, complete), **_metadata(document, file), "complete": complete, "size": size}
    finally:
        document.close()


def _ends(file: Path) -> tuple[int, bytes, bytes]:
    with file.open("rb") as stream:
        head = stream.read(_TAIL_BYTES)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL_BYTES))
        return size, head, stream.read()


def _open(file: Path, complete: bool) -> pypdfium2.PdfDocument:
    # not PdfDocument(file): for a file without pages that reports the error of some earlier file
    handle = raw.FPDF_LoadDocument(os.fsencode(file), None)
    if not handle:
        raise _unopened(raw.FPDF_GetLastError(), complete)
    document = pypdfium2.PdfDocument(handle)
    if len(document) == 0:
        document.close()
        raise NotAdmitted("empty", "the PDF has no pages")
    return document


def _unopened(code: int, complete: bool) -> NotAdmitted:
    if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
        return NotAdmitted("encrypted", "opens only with a password")
    if not complete:
        return NotAdmitted("truncated", "no end of file marker, and it does not open")
    return NotAdmitted("damaged", f"does not open (PDFium error {code})")


def _read(document: pypdfium2.PdfDocument, complete: bool) -> dict[str, Any]:
    pages = len(document)
    numbers = _sample(pages, SAMPLE if complete else SAMPLE_CUT)
    read = [_text(document, number) for number in numbers]
    texts, garbled = [text for text, _ in read], [share for _, share in read[:FRONT]]
    missing = texts.count(None)
    if missing and not complete:
        raise NotAdmitted("truncated", f"no end of file marker; {missing} of {len(texts)} pages cannot be read")
    if missing == len(texts):
        raise NotAdmitted("damaged", f"none of {len(texts)} pages can be read")
    return {
        "pages": pages,
        "page_chars": [len("".join((text or "").split())) for text in texts],
        "text": "\n\f".join((text or "")[:PAGE_CHARS] for text in texts[:FRONT]),
        "garbled": sum(garbled) / len(garbled),
        "encrypted": raw.FPDF_GetSecurityHandlerRevision(document) != -1,
    }


def _sample(pages: int, count: int) -> list[int]:
    """Return the first pages and others spread evenly over the rest, `count` in all."""
    front = min(pages, FRONT)
    rest = min(pages, count) - front
    return [*range(front), *(front + (pages - front) * step // rest for step in range(rest))]


def _text(document: pypdfium2.PdfDocument, number: int) -> tuple[str | None, float]:
    """Return the text of a page (counted from 0), None when it cannot be read, and how much of it has no meaning."""
    try:
        page = document[number]
        textpage = page.get_textpage()
        text: str = textpage.get_text_bounded()
    except pypdfium2.PdfiumError:
        return None, 0.0
    garbled = _unmapped(textpage) if number < FRONT else 0.0
    page.close()
    return text.replace("\r\n", "\n"), garbled


def _unmapped(textpage: pypdfium2.PdfTextPage) -> float:
    """Return the share of glyphs on a page that the file gives no meaning."""
    count = textpage.count_chars()
    asked = range(0, count, max(1, count // GLYPHS))
    unmapped = sum(bool(raw.FPDFText_HasUnicodeMapError(textpage.raw, index) == 1) for index in asked)
    return unmapped / max(1, len(asked))


def _metadata(document: pypdfium2.PdfDocument, file: Path) -> dict[str, str]:
    """Return title and DOI as the file states them, in its Info dictionary or in XMP."""
    title = _info(document, "Title").strip()
    stated = " ".join(_info(document, key) for key in ("doi", "DOI", "WPS-ARTICLEDOI", "Subject", "Keywords"))
    found = _DOI.search(stated)
    doi = found.group() if found else ""
    for packet in _packets(file) if not (title and doi) else ():
        doi = doi or "".join(_XMP_DOI.findall(packet)[:1])
        title = title or " ".join(html.unescape("".join(_XMP_TITLE.findall(packet)[:1])).split())
    return {"title": title[:1000], "doi": doi.rstrip(".,;)").lower()[:300]}


def _info(document: pypdfium2.PdfDocument, key: str) -> str:
    try:
        return str(document.get_metadata_value(key))
    except UnicodeDecodeError:
        return ""


def _packets(file: Path) -> list[str]:
    """Return the XMP packets that stand uncompressed in the file, as nearly all do."""
    packets: list[str] = []
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(b"<x:xmpmeta")
        while start >= 0 and len(packets) < PACKETS:
            end = data.find(b"</x:xmpmeta>", start, start + (1 << 20))
            packets.append(data[start : end if end > 0 else start + 65536].decode("utf-8", "replace"))
            start = data.find(b"<x:xmpmeta", start + 10)
    return packets
