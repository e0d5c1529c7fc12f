"""Sniffing: what a file is, whatever it is called."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversion.sniff import sniff

MARKUP = {"html", "jats", "xml", "text"}
KINDS = {"pdf", "zip", "epub", "gzip", "postscript", "png", "jpeg", "empty", "unknown", *MARKUP}


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "pdf"),
        (b"\r\n\n  %PDF-1.4", "pdf"),
        (b"\xef\xbb\xbf%PDF-1.4", "pdf"),
        (b"\x1b%-12345X@PJL SET\n" + b"%PDF-1.4", "pdf"),
        (b"x" * 1019 + b"%PDF-1.4", "pdf"),
        (b"x" * 1025 + b"%PDF-1.4", "text"),
        (b"<html><body>%PDF-1.4 is the header of a PDF", "html"),
        (b"<!DOCTYPE html><title>%PDF-1.5</title>", "html"),
        (b"%PDF-1.4 <html> inside is nobody's business", "pdf"),
        (b"<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>", "html"),
        (b"\n\n<!-- saved --><HTML lang='en'>", "html"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'>", "html"),
        (b"<script>location.href='/wall'</script>", "html"),
        ("<html>".encode("utf-16"), "html"),
        (b"Just a moment...<head><title>x</title></head><body>", "html"),
        (b"<?xml version='1.0'?><article xmlns:xlink='x' article-type='research-article'>", "jats"),
        (
            b"<!DOCTYPE article PUBLIC '-//NLM//DTD JATS 1.2//EN' 'x.dtd' [<!ENTITY a 'b'>]>\n<!-- x --><article>",
            "jats",
        ),
        (b"<pmc-articleset><article>", "jats"),
        (b"<?xml version='1.0'?><OAI-PMH><record>", "xml"),
        (b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "xml"),
        (b"<rss><channel>", "xml"),
        (b"PK\x03\x04\x14\0", "zip"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/epub+zip", "epub"),
        (gzip.compress(b"%PDF-1.4"), "gzip"),
        (b"%!PS-Adobe-3.0", "postscript"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"", "empty"),
        (b"\0\0\0\0", "empty"),
        (b" \r\n", "empty"),
        (b'{"error": "not found"}', "text"),
        ("Zürich <p> ist kein HTML".encode(), "text"),
        (b"\x7fELF\x02\x01\x01\0", "unknown"),
    ],
)
def test_a_file_is_what_it_begins_with(head: bytes, kind: str) -> None:
    assert sniff(head) == kind


@given(st.binary(max_size=200) | st.text(alphabet="<>!?[]-/ \nhtmlarticDOYPE", max_size=200).map(str.encode))
def test_any_bytes_are_of_a_known_kind(head: bytes) -> None:
    assert sniff(head) in KINDS


def test_a_page_with_a_stray_control_character_is_still_a_page() -> None:
    """Seen in a real abstract: a PDF's soft hyphens arrive as the control character 2."""
    assert sniff(b"<!DOCTYPE html>\n<html><p>entanglement renor\x02malization") == "html"
