"""A quote as HTML: raised and lowered letters stay, all other markup of the paper is gone."""

from __future__ import annotations

import re

import nh3
from markupsafe import Markup, escape

from workflows.research.academic_lit_review.synthesis.quotation import plain

_INDEX = re.compile(r"<(su[pb])>([^<>]{1,60})</\1>", re.I)


def marked(quote: str) -> Markup:
    """Return `quote` for a page; what is not plain text is escaped, and the rest sanitised."""
    parts, last = [], 0
    for match in _INDEX.finditer(quote):
        tag = match.group(1).lower()
        parts.append(f"{_text(quote[last : match.start()])}<{tag}>{escape(plain(match.group(2)))}</{tag}>")
        last = match.end()
    joined = "".join([*parts, str(_text(quote[last:]))])
    return Markup(nh3.clean(joined.strip(), tags={"sup", "sub"}, attributes={}, link_rel=None))


def _text(part: str) -> Markup:
    """Return a part of a quote as plain text, with the spaces at its ends."""
    before = " " if part[:1].isspace() else ""
    after = " " if part[-1:].isspace() and part.strip() else ""
    return escape(f"{before}{plain(part)}{after}")
