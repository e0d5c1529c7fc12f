"""A text made ready to be searched for quotes, once for all of them."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from core.conversion.converter import PageSpan
from core.evidence.losses import Losses
from core.evidence.pages import Pages
from core.evidence.tokens import NUMBER, Tokens, tokens

#: How often a quote is looked for after it was found: a phrase that stands at more places says little.
_MAX_PLACES = 50


def key_of(words: Tokens) -> list[str]:
    """Return the parts of the key a text is searched by: its tokens without spaces, numbers fenced in.

    Without spaces it does not matter where words were divided; fenced in, "5" is not found in "25".
    """
    return [f"\x01{fold}\x02" if kind == NUMBER else fold for fold, kind in zip(words.folds, words.kinds, strict=True)]


class Index:
    """The tokens of a Markdown text, where each word occurs, and on which page each character stands."""

    def __init__(self, text: str, pages: Sequence[PageSpan] = ()) -> None:
        self.text = text
        self.pages = Pages(pages)
        self.losses = Losses(text)
        self.words = tokens(text)
        parts = key_of(self.words)
        self._key = "".join(parts)
        self._bounds = [0, *accumulate(map(len, parts))]
        self._places: dict[str, list[int]] = defaultdict(list)
        for at, fold in enumerate(self.words.folds):
            self._places[fold].append(at)

    def occurrences(self, key: str) -> Iterator[tuple[int, int]]:
        """Yield the token ranges whose key is `key`: whole words only."""
        at, found = self._key.find(key), 0
        while at >= 0 and found < _MAX_PLACES:
            first, last = bisect_left(self._bounds, at), bisect_left(self._bounds, at + len(key))
            if self._bounds[first] == at and self._bounds[last] == at + len(key):
                found += 1
                yield first, last
            at = self._key.find(key, at + 1)

    def places(self, fold: str) -> list[int]:
        """Return where among the tokens `fold` stands."""
        return self._places.get(fold, [])
