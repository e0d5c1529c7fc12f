"""On which page of its PDF a character of a text stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from core.conversion.converter import PageSpan


class Pages:
    """The pages of one text. A text without any (JATS, HTML) has no page numbers."""

    def __init__(self, spans: Sequence[PageSpan]) -> None:
        self._numbers = [span.number for span in spans]
        self._starts = [span.start for span in spans]

    def at(self, offset: int) -> int | None:
        """Return the number of the page the character at `offset` stands on, None when the pages are not known."""
        place = bisect_right(self._starts, offset) - 1
        return self._numbers[place] if place >= 0 else None
