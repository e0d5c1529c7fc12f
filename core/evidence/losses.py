"""What a text has lost on its way out of the PDF: letters of fonts that do not say what their glyphs stand for."""

from __future__ import annotations

import re
from functools import cached_property

#: How often a ligature occurs in 1,000 words of three letters and more, at the least in our 47 real papers but for
#: those whose fonts lose it: there it is (nearly) never.
_USUAL = {"fi": 5.9, "ff": 2.0, "Th": 5.6, "ti": 50.0, "tt": 2.0, "st": 27.0, "fl": 0.6, "ft": 0.5}
#: A ligature is lost that ought to occur this often, and occurs less than a tenth as often.
_ENOUGH = 5
#: Joined ones that go with the first of them.
_WITH = {"ff": ("ffi", "ffl"), "fi": ("ffi",), "fl": ("ffl",)}
_WORD = re.compile(r"[^\W\d_]{3,}")


class Losses:
    """The ligatures and letters that a text ought to have and does not."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def ligatures(self) -> frozenset[str]:
        """Return the ligatures that are (nearly) never there, in lower case."""
        words = sum(1 for _ in _WORD.finditer(self._text))
        usual = {pair: rate * words / 1000 for pair, rate in _USUAL.items()}
        lost = {pair for pair, most in usual.items() if most >= _ENOUGH and self._text.count(pair) < most / 10}
        return frozenset(name.lower() for pair in lost for name in (pair, *_WITH.get(pair, ())))

    def explain(self, whole: str, damaged: str) -> bool:
        """Tell whether `damaged`, as it stands in the text, is what the losses have left of `whole` (both folded)."""
        if whole == damaged or not whole:
            return False
        plain = "".join(c for c in whole if c.isascii() or c in self._letters)
        if self.ligatures:
            plain = self._pattern.sub("", plain)
            damaged = self._pattern.sub("", damaged)
        return plain == damaged

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(sorted(self.ligatures, key=len, reverse=True)))

    @cached_property
    def _letters(self) -> frozenset[str]:
        return frozenset(self._text.replace("\u00b5", "\u03bc").lower())
