"""Titles, abstracts and names as catalogues write them, made plain; and free text as their searches can take it."""

from __future__ import annotations

import html
import re
import unicodedata

#: Longest text kept, in characters: the longest abstracts in Crossref are about this long.
MAX_CHARS = 20_000

_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_TAG = re.compile(
    r"</?(?:i|b|u|em|strong|span|sub|sup|sc|scp|p|div|title|sec|br|h[1-6]|ul|ol|li|a|(?:jats|mml|m|xlink):[a-z-]+)"
    r"(?:\s[^<>=]{0,200}=[^<>]{0,200})?\s?/?>",
    re.I,
)
_BLOCK = re.compile(r"</?(?:p|div|br|sec|li|jats:(?:p|sec|list-item))(?:\s[^<>]{0,200})?/?>", re.I)
_HEADING = re.compile(r"<(jats:title|title|h[1-6])(?:\s[^<>]{0,200})?>([^<>]{1,200})</\1>", re.I)
_UNTOLD = frozenset({"abstract", "summary", ""})
_OPERATORS = re.compile(r"\b(?:AND|OR|NOT)\b")
_SPECIAL = re.compile(r"[^\w\s'\u2019-]")


def clean(text: str) -> str:
    """Return `text` in one line, in composed form and without invisible characters."""
    return " ".join(unicodedata.normalize("NFC", _HIDDEN.sub(" ", text[:MAX_CHARS])).split())


def plain(text: str) -> str:
    """Return a title or a name without the mark-up that catalogues leave in it."""
    return clean(_TAG.sub("", html.unescape(text[:MAX_CHARS])))


def abstract(text: str) -> str:
    """Return an abstract without its mark-up; the headings of its sections stay, each before a colon."""
    marked = html.unescape(text[: 2 * MAX_CHARS])
    return clean(_TAG.sub("", _BLOCK.sub(" ", _HEADING.sub(_headed, marked))))


def _headed(match: re.Match[str]) -> str:
    heading = match.group(2).strip().rstrip(":. ")
    return " " if heading.casefold() in _UNTOLD else f" {heading}: "


def expression(text: str) -> str:
    """Return a search that a catalogue's parser accepts: as it is when quotes and brackets pair up, else its words."""
    whole = clean(text)
    return whole if _balanced(whole) else words(whole)


def words(text: str) -> str:
    """Return the bare words of a search."""
    return " ".join(_SPECIAL.sub(" ", _OPERATORS.sub(" ", clean(text))).split())


def _balanced(text: str) -> bool:
    depth = 0
    for mark in re.sub(r'"[^"]*"', "", text):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if depth < 0 or mark in '"[]{}^~*?\\/:!':
            return False
    return depth == 0
