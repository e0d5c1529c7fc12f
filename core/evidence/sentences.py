"""The sentences of a Markdown paper, each with its place: by our own rules, for those of libraries lose offsets.

They know what ends a sentence in a paper and what only looks like it: "et al.", "Fig. 2", "E. coli", "p < .05", "[12]".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.conversion.converter import PageSpan
from core.evidence.outline import Block, Kind, Role, blocks
from core.evidence.pages import Pages
from core.evidence.wordlists import BEGINNERS, DOUBTFUL, LEADING

_STOP = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]{1,6}"
    r"(?P<closing>[\"'\u201d\u2019)\]*_]{0,4})"
    r"(?P<reference>\s?\[[\d,;\s\u2013-]{1,40}\]|(?:<sup>|\^)[\d,;\u2013-]{1,40}(?:</sup>)?|(?<=[a-z)]\.)\d{1,3}(?:[,\u2013-]\d{1,3}){0,9})?"
    r"(?P<space>\s+)"
    r"(?=[\"'\u201c\u2018(\[*_$\\#\u2217\u2020\u2021]{0,3}(?P<lost>\+?)(?P<next>[^\W_]))"
)
_LAST_WORD = re.compile(r"[^\s(\[/\u2013\u2014\"\u201c]*$")
_INITIAL = re.compile(r"(?:[A-Z]|[A-Z][a-z]?\.-?[A-Z])")


@dataclass(frozen=True, slots=True)
class Sentence:
    """The characters `[start, end)` of the text, on `page` (None: not known), under the heading `section`."""

    text: str
    start: int
    end: int
    page: int | None
    section: str
    role: Role
    kind: Kind


def sentences(text: str, pages: Sequence[PageSpan] = (), *, opening: Role = "front") -> list[Sentence]:
    """Return every sentence of `text` in order: of headings, captions, table rows and references, too, told by kind.

    `opening` is the part of a paper the text begins with.
    """
    on = Pages(pages)
    return [
        Sentence(text[start:end], start, end, on.at(start), block.section, block.role, block.kind)
        for block in blocks(text, opening=opening)
        for start, end in _within(text, block)
    ]


def _within(text: str, block: Block) -> Iterator[tuple[int, int]]:
    if block.kind in ("heading", "row", "code", "other") or block.role == "references":
        yield block.start, block.end
    else:
        yield from spans(text, block.start, block.end)


def spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the sentences in the paragraph `text[start:end]`, without the spaces between them."""
    at = start
    for stop in _STOP.finditer(text, start, end):
        if stop.start() > at and _ends(text, at, stop):
            yield at, stop.start("space")
            at = stop.end()
    last = end - (len(text[at:end]) - len(text[at:end].rstrip()))
    if last > at:
        yield at, last


def _ends(text: str, at: int, stop: re.Match[str]) -> bool:
    """Tell whether a full stop with a word after it ends the sentence that begins at `at`."""
    first = stop.group("next")
    if first.islower() and not stop.group("lost"):  # "+e" is "The" in fonts that do not say what their ligatures are
        return False
    if (
        stop.group().startswith(("!", "?", "\u2026", ".."))
        or stop.group("closing").strip("*_")
        or stop.group("reference")
    ):
        return _LAST_WORD.search(text, max(at, stop.start() - 40), stop.start()).group().lower() != "al"  # type: ignore[union-attr]
    return _full_stop(text, at, stop)


def _full_stop(text: str, at: int, stop: re.Match[str]) -> bool:
    found = _LAST_WORD.search(text, max(at, stop.start() - 40), stop.start())
    word = found.group() if found else ""
    begins = _next_word(text, stop).lower() in BEGINNERS
    plain = word.lower().strip("*_")
    if plain in LEADING or (plain.isdigit() and stop.start() - len(word) <= at + 2):
        return False
    if plain in DOUBTFUL or _INITIAL.fullmatch(word.strip("*_")):
        return begins and plain != "i"
    return True


def _next_word(text: str, stop: re.Match[str]) -> str:
    low = stop.start("next")
    high = low
    while high < len(text) and high - low < 20 and text[high].isalpha():
        high += 1
    return text[low:high]
