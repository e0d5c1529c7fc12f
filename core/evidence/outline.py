"""The blocks of a Markdown paper: what each is, in which section it stands, and what part of a paper that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.identifiers import fold

Kind = Literal["paragraph", "item", "heading", "caption", "row", "code", "other"]
Role = Literal[
    "front", "abstract", "introduction", "methods", "results", "discussion", "conclusion", "limitations", "future",
    "body", "back", "references",
]  # fmt: skip

_LINE = re.compile(r"^[^\S\n]*(\S.*)$", re.MULTILINE)
_FENCE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)[^\n]*", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"(#{1,6}) +(?=\S)")
_ITEM = re.compile(r"(?:[-*+\u2022]|\(?\d{1,2}[.)]|\([a-z]\)) +")
_CAPTION = re.compile(
    r"(?:\*\*|<[^>]{1,60}>|!\[[^\]]{0,200}\]\([^)]{0,300}\)|\s){0,4}"
    r"(?:supplementary |supporting )?(?:fig(?:ure)?s?|tables?|scheme|box|plate|graph|chart|listing|algorithm)\.?"
    r"\s{0,2}[sa]?\d{1,3}[a-z]?(?:\*\*)?\s{0,2}(?:[.:|)\u2013\u2014-]|(?-i:[A-Z]))",
    re.IGNORECASE,
)
_RULE = re.compile(r"[|\s:-]+")
_INLINE_ABSTRACT = re.compile(r"[*_\s]{0,4}(?:abstract|summary)[*_\s]{0,4}[:.\u2014-]?[*_\s]{0,4}", re.IGNORECASE)
_INLINE_REFERENCES = re.compile(
    r"[*_]{0,2}(?:references(?: and notes)?|bibliography|literature cited)[*_]{0,2}[:.]?\s{0,3}(?:\Z|\[?1[\].])",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"@|https?://|\b(?:department|university|institute|school|college|hospital|received|accepted|published|copyright|"
    r"correspond\w+|keywords?|doi|issn|licen[sc]e|academic editor|edited by|reviewed by|open access)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d|[IVX]{1,5}[.)]|[A-Z][.)]")
_NUMBERED = re.compile(r"(?:(?:\d+|[ivx]+|[a-z])(?: \d+)* )(?=[a-z])")
_HEADINGS: tuple[tuple[Role, str], ...] = (
    ("body", r"(?:[a-z] )?appendi(?:x|ces)"),
    ("references", r"references|bibliography|literature cited|works cited|notes and references"),
    ("discussion", r"(?:general )?discussion|interpretation"),
    ("limitations", r"(?:\w+ ){0,3}limitations?|weaknesses|threats to validity"),
    ("abstract", r"abstract|summary|synopsis"),
    ("conclusion", r"(?:\w+ ){0,2}conclusions?|concluding|(?:main )?take ?aways?|closing remarks"),
    ("future", r"(?:\w+ ){0,2}future|outlook|perspectives?|recommendations?|open (?:questions|problems)"),
    ("results", r"results?|(?:main |key |our )?findings|(?:\w+ ){0,2}results and discussion|evaluation|experiments"),
    (
        "methods",
        r"(?:\w+ ){0,3}methods?(?: and .*)?$|(?:\w+ )?methodology|materials?|experimental|patients and|study design"
        r"|procedures?|data analysis|statistical analys[ie]s|search strateg(?:y|ies)",
    ),
    ("introduction", r"introduction|background|statement of need|motivation|objectives?|aims?"),
    (
        "back",
        r"acknowledge?ments?|authors?(?: s)? contributions?|competing|conflicts? of interest|funding|disclosures?"
        r"|data availability|abbreviations|ethic(?:s|al)|consent|supplementary|supporting|pre publication|publisher"
        r"|copyright|citation|keywords|contribut|authors?\b|source of support",
    ),
)
_ROLES = tuple((role, re.compile(rf"(?:{words})\b")) for role, words in _HEADINGS)
_MAX_TITLE = 200
#: Parts that go on until another known part begins; after any other a heading of the same level begins a new topic.
_LASTING: frozenset[Role] = frozenset({"methods", "results", "discussion"})


@dataclass(frozen=True, slots=True)
class Block:
    """The characters `[start, end)` of the text; `section` is the heading they stand under."""

    kind: Kind
    start: int
    end: int
    section: str
    role: Role


def blocks(text: str, *, opening: Role = "front") -> Iterator[Block]:
    """Yield the blocks of a Markdown text in order; each row of a table is one.

    `opening` is the part of a paper the text begins with: "abstract" for one that is nothing else.
    """
    section = _Section("", opening)
    for kind, start, end in _pieces(text):
        words = text[start:end]
        if kind == "heading":
            section = section.enter(words)
        elif kind == "paragraph":
            section = section.opened(words)
        yield Block(kind, start, end, section.title, section.role)


def _pieces(text: str) -> Iterator[tuple[Kind, int, int]]:
    at = 0
    for fence in _FENCE.finditer(text):
        yield from _paragraphs(text, at, fence.start())
        yield "code", fence.start(), fence.end()
        at = fence.end()
    yield from _paragraphs(text, at, len(text))


def _paragraphs(text: str, low: int, high: int) -> Iterator[tuple[Kind, int, int]]:
    start = end = -1
    for line in _LINE.finditer(text, low, high):
        if end >= 0 and "\n" in text[end + 1 : line.start()]:
            yield from _lines(text, start, end)
            start = -1
        start, end = line.start(1) if start < 0 else start, line.end()
    if start >= 0:
        yield from _lines(text, start, end)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[Kind, int, int]]:
    """Yield a block, or each line of one whose lines stand for themselves."""
    kind = _kind(text, start)
    if kind not in ("row", "item", "heading"):
        yield kind, start, end
        return
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        if kind == "heading" or kind == "row":
            own = _kind(text, at)
            if not (own == "row" and _RULE.fullmatch(text, at, stop)):
                yield own, at, stop
        else:
            while stop < end and _kind(text, stop + 1) != "item":  # an item may be more than one line long
                following = text.find("\n", stop + 1, end)
                stop = end if following < 0 else following
            yield "item", at, stop
        at = stop + 1


def _kind(text: str, at: int) -> Kind:
    if text.startswith("|", at):
        return "row"
    if _HEADING.match(text, at):
        return "heading"
    if _CAPTION.match(text, at):
        return "caption"
    if _ITEM.match(text, at):
        return "item"
    return "paragraph" if text[at : at + 1].isalnum() or text[at : at + 1] in "\"'\u201c\u2018([*_\\<$" else "other"


@dataclass(frozen=True, slots=True)
class _Section:
    """Where we are in a paper: a heading with its level, and the section it lies in."""

    title: str = ""
    role: Role = "front"
    level: int = 0
    parent: _Section | None = None

    def enter(self, heading: str) -> _Section:
        """Return the section that `heading` begins."""
        mark = _HEADING.match(heading)
        level, title = (len(mark.group(1)), heading[mark.end() :].strip(" #*_.:")) if mark else (6, heading)
        if self.level == 0 and level == 1 and len(title.split()) > 3:
            return self  # the title of the paper
        sibling, parent = self._above(level)
        return _Section(title, role_of(title) or _unnamed(title, sibling, parent), level, parent)

    def _above(self, level: int) -> tuple[_Section | None, _Section | None]:
        """Return the section before one of `level` beside it, and the one that one lies in."""
        sibling, above = None, None if self.level == 0 else self
        while above is not None and above.level >= level:
            sibling, above = above, above.parent
        return sibling, above

    def opened(self, words: str) -> _Section:
        """Return the section a paragraph stands in: an abstract or the references may begin without a heading."""
        if _INLINE_REFERENCES.match(words):
            return _Section("References", "references", 1)
        if self.role != "front":
            return self
        mark = _INLINE_ABSTRACT.match(words)
        if (mark and len(words) - mark.end() > 150) or (len(words) > 500 and not _ADDRESS.search(words[:400])):
            return _Section("Abstract", "abstract", 2)
        return self


def _unnamed(title: str, sibling: _Section | None, parent: _Section | None) -> Role:
    """Return the role of a section whose heading names a topic: that of what it lies in or goes on with."""
    if "references" in (parent and parent.role, sibling and sibling.role):
        return "references"
    if parent is not None and parent.role in _LASTING:
        return parent.role
    if sibling is not None and sibling.role in _LASTING and not title[:1].isdigit():
        return sibling.role
    return "body" if parent is None or parent.role in ("introduction", "front", "abstract") else parent.role


def role_of(title: str) -> Role | None:
    """Return what part of a paper a heading names, None when it names a topic."""
    plain = fold(title[:_MAX_TITLE])
    plain = _NUMBERED.sub("", plain, count=1) if _NUMBER.match(title) else plain
    return next((role for role, pattern in _ROLES if pattern.match(plain)), None)
