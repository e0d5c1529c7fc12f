"""What a file really is, by its first bytes; media types and suffixes are not believed."""

from __future__ import annotations

import re

_PDF_WITHIN = (
    1024  # bytes before `%PDF-` that readers tolerate (ISO 32000-1, implementation note 13 of the PDF reference)
)

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"%!PS", "postscript"),
    (b"\x04%!PS", "postscript"),
    (b"\xc5\xd0\xd3\xc6", "postscript"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

_HTML = re.compile(
    r"<!doctype\s+html|<(?:html|head|body|script|title|meta|iframe|center|h1|div|p)[\s>/]", re.IGNORECASE
)
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!doctype[^\[>]*(?:\[.*?\]\s*)?>|\s+)*", re.IGNORECASE | re.DOTALL)
_JATS_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:article|pmc-articleset)[\s>]")


def sniff(head: bytes) -> str:
    """Return what a file is that begins with `head` (4 kB are plenty).

    One of pdf, html, jats, xml, zip, epub, gzip, postscript, png, jpeg, text, empty, unknown.
    """
    if not head.strip(b"\0 \t\r\n\f"):
        return "empty"
    start = head.find(b"%PDF-", 0, _PDF_WITHIN + 5)
    if start >= 0 and not _HTML.search(head[:start].decode("latin-1")):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return "epub" if b"mimetypeapplication/epub+zip" in head[:100] else "zip"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    text = _text(head)
    return "unknown" if text is None else _markup(text) or "text"


def _text(head: bytes) -> str | None:
    """Return `head` decoded, or None when it holds bytes that no text holds."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "replace")
    if re.search(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]", head) and not head.lstrip().startswith(b"<"):
        return None  # but markup is markup: abstracts copied from a PDF bring its control characters along
    return head.decode("utf-8", "replace")


def _markup(text: str) -> str:
    """Return html, jats or xml, or nothing for a text without markup at its beginning."""
    opening = text.lstrip()
    if not opening.startswith("<"):
        return "html" if len(_HTML.findall(text)) >= 2 else ""
    if re.match(r"<!doctype\s+html", opening, re.IGNORECASE):
        return "html"
    prolog = _PROLOG.match(opening)
    root = opening[prolog.end() if prolog else 0 :]
    if _HTML.match(root) or "<!doctype html" in opening[: -len(root) or None].lower():
        return "html"
    if _JATS_ROOT.match(root):
        return "jats"
    return "xml" if opening.startswith("<?xml") or not _HTML.search(text) else "html"
