"""A quote as it is printed: the paper's own words, without the marks of Markdown and HTML they are stored with."""

from __future__ import annotations

import html
import re

from workflows.research.academic_lit_review.inputs.record import clean

_INDEX = re.compile(r"<(su[pb])>([^<>]{0,60})</\1>", re.I)
_TAG = re.compile(
    r"</?(?:a|b|br|em|i|mark|small|span|strong|sub|sup|u)(?:\s[^<>\n]{0,300})?/?>|<!--[^<>]{0,300}-->", re.I
)
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\((?:[^()\s]|\([^()\s]{0,100}\)){0,500}\)")
_STRONG = re.compile(r"(?<![\w*\\])(\*{1,3}|_{1,3})(?=\S)(.{1,400}?)(?<=\S)\1(?![\w*])", re.S)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~$&%-])")
_BROKEN = re.compile(r"(?<=[a-z])[-\u00ad]\s*\n\s*(?=[a-z])")
#: What a structured abstract puts before its sentences.
_LABEL = re.compile(
    r"(?:background|objectives?|aims?|purpose|introduction|(?:materials? and )?methods?|results?|findings|discussion|"
    r"conclusions?|significance|interpretation)\s*:\s*(?=[A-Z])",
    re.I,
)
_RAISED = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_LOWERED = str.maketrans("0123456789+-\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₋")


def plain(quote: str) -> str:
    """Return `quote` in one line of plain text; raised and lowered digits stay raised and lowered."""
    text = _INDEX.sub(_index, _BROKEN.sub("", quote))
    text = _LINK.sub(r"\1", _TAG.sub("", text))
    text = _STRONG.sub(r"\2", _STRONG.sub(r"\2", text))
    return clean(html.unescape(_ESCAPED.sub(r"\1", text)))


def _index(match: re.Match[str]) -> str:
    table = _RAISED if match.group(1).lower() == "sup" else _LOWERED
    moved = match.group(2).translate(table)
    return moved if not re.search(r"[0-9]", moved) else match.group(2)


def quoted(quote: str, words: int = 0) -> str:
    """Return `quote` between quotation marks, its own ones halved; cut after so many `words` when there are more.

    The label before a sentence of a structured abstract ("Results:") is left out.
    """
    text = plain(quote)
    if label := _LABEL.match(text):
        text = text[label.end() :]
    listed = text.split()
    if words and len(listed) > words + 3:
        text = " ".join(listed[:words]).rstrip(",;:") + " \u2026"
    inner = re.sub(r"[\u201c\u201e\u00ab]", "\u2018", re.sub(r"[\u201d\u00bb]", "\u2019", text))
    inner = re.sub(r'(?<!\S)"(?=\S)', "\u2018", inner).replace('"', "\u2019")
    return f"\u201c{inner}\u201d"
