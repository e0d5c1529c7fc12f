"""What is printed on every page and belongs to none: running heads and feet, page numbers, line numbers."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import replace

from core.conversion.layout.words import Line, PageText

MARGIN = 0.13  # of the page's height, at the top and at the bottom
_DIGITS = re.compile(r"\d+|\b[ivxl]+\b")
_PAGE_NUMBER = re.compile(r"[\W_]*(page\s*)?(\d{1,5}|[ivxl]{1,6})(\s*(/|of)\s*\d{1,5})?[\W_]*", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,4}")
_NUMBERED_LINES = 8  # from so many on they are line numbers, and not the labels of an axis


def without_furniture(pages: list[PageText]) -> list[PageText]:
    """Return the pages without the lines that repeat in the margins of several pages, and without line numbers."""
    repeated = _repeated(pages)
    return [replace(page, lines=_kept(page, repeated)) for page in pages]


def _kept(page: PageText, repeated: set[str]) -> list[Line]:
    numbers = _line_numbers(page)
    return [
        line
        for line in page.lines
        if id(line) not in numbers
        and not (_in_margin(line, page) and (_key(line) in repeated or _PAGE_NUMBER.fullmatch(line.text)))
    ]


def _repeated(pages: list[PageText]) -> set[str]:
    seen: dict[str, set[int]] = defaultdict(set)
    for page in pages:
        for line in page.lines:
            if _in_margin(line, page):
                seen[_key(line)].add(page.number)
    enough = 2 if len(pages) <= 6 else 3
    return {key for key, numbers in seen.items() if len(numbers) >= enough}


def _key(line: Line) -> str:
    """Return what stays the same from page to page: the text without numbers, and roughly the height."""
    return f"{_DIGITS.sub('#', line.text.lower())[:80]}@{round(line.y / 12)}"


def _in_margin(line: Line, page: PageText) -> bool:
    return line.y < MARGIN * page.height or line.top > (1 - MARGIN) * page.height


def _line_numbers(page: PageText) -> set[int]:
    """Return the ids of lines that count the others: whole numbers left of the text, growing down the page."""
    numbers = [line for line in page.lines if _NUMBER.fullmatch(line.text)]
    left = min((line.x0 for line in page.lines if len(line.words) > 3), default=0.0)
    column = sorted((line for line in numbers if line.x1 < left), key=lambda line: line.y)
    values = [int(line.text) for line in column]
    if len(values) < _NUMBERED_LINES or any(a >= b for a, b in itertools.pairwise(values)):
        return set()
    return {id(line) for line in column}
