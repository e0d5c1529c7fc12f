"""Marker's document becomes Markdown of which every character knows its page."""

from __future__ import annotations

import re
import secrets
from itertools import pairwise
from typing import Any

from core.conversion.marker.harmless import harmless
from core.errors import ConversionError

_MARKUP = re.compile(r"</?[a-z]+[^<>]*>|!\[[^\]\n]*\]\([^)\s]*\)|\]\([^)\s]*\)")
_BROKEN = re.compile(r"[-\u2014\u00ac]\s*\n(?=[^\W\dA-Z_])")  # as Marker itself joins the lines of a heading
_BLANK_CONTRAST = 32  # of 255 shades of grey
_BLANK = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def rendered(document: Any, renderer: Any, *, links: bool) -> tuple[str, list[int], dict[str, Any]]:
    """Return the Markdown of a document, with Marker's `links` or none, the ends of its pages, and its images by name.

    Marker's own pagination would cut the paragraphs that run over a page break, and its separators could be forged.
    """
    mark = f"x{secrets.token_hex(12)}x"
    output = document.render(renderer.block_config)
    output.html = "".join(f"{mark}<content-ref src='{page.id}'></content-ref>" for page in output.children)
    html, images = renderer.extract_html(document, output)
    parts = renderer.md_cls.convert(html).split(mark)[1:]
    if len(parts) != len(output.children):
        raise ConversionError("implausible_text", f"Marker's renderer lost the text after page {len(parts)}")
    return *joined([harmless(part, images=images, links=links) for part in parts]), images


def joined(parts: list[str]) -> tuple[str, list[int]]:
    """Return the texts of pages as one, and where each ends; a text that ends within a line goes on with the next."""
    markdown, ends = "", []
    for part in parts:
        clean = _BLANK.sub("\n\n", part)
        markdown += clean if markdown and not markdown.endswith("\n\n") else clean.lstrip()
        ends.append(len(markdown))
    markdown = markdown.rstrip()
    return markdown, [min(end, len(markdown)) for end in ends]


def written(markdown: str, ends: list[int]) -> list[int]:
    """Return how many letters and digits each page has in the Markdown, its markup not counted."""
    return [sum(map(str.isalnum, _MARKUP.sub(" ", markdown[a:b]))) for a, b in pairwise([0, *ends])]


def contents(document: Any) -> list[dict[str, Any]]:
    """Return title, level and page of every heading (Marker's own table is made before it knows the levels)."""
    return [
        {
            "title": " ".join(_BROKEN.sub("", block.raw_text(document)).split()),
            "level": block.heading_level,
            "page": page.page_id + 1,
        }
        for page in document.pages
        for block in page.contained_blocks(document, (type(page.block_type).SectionHeader,))
        if not block.ignore_for_output
    ]


def _title(lines: str) -> str:
    return " ".join(_BROKEN.sub("", lines).split())


def pictures(document: Any) -> list[int]:
    """Return how many pictures each page has, whose own text Marker leaves out."""
    kinds = type(document.block_type)
    shown = (kinds.Picture, kinds.Figure, kinds.Diagram)
    return [len(page.contained_blocks(document, shown)) for page in document.pages]


def ink(document: Any) -> list[int]:
    """Return for each page 1 if anything is printed on it, else 0."""
    return [int(_contrast(page.get_image()) > _BLANK_CONTRAST) for page in document.pages]


def _contrast(image: Any) -> int:
    darkest, brightest = image.convert("L").getextrema()
    return int(brightest - darkest)
