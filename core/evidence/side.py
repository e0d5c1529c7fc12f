"""A run of tokens of one of the two texts that are compared, with what stands around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.evidence.quantities import NUMBER_WORDS, UNITS
from core.evidence.tokens import NUMBER, SIGN, Tokens, joins


@dataclass(frozen=True, slots=True)
class Side:
    """The tokens `[start, end)` among the `words` of `text`."""

    text: str
    words: Tokens
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def folds(self) -> list[str]:
        """Return the comparison forms."""
        return self.words.folds[self.start : self.end]

    @property
    def raw(self) -> str:
        """Return the run as it is written."""
        return self.text[self.words.starts[self.start] : self.words.ends[self.end - 1]] if len(self) else ""

    @property
    def before(self) -> str:
        """Return what stands between the run and the token before it."""
        return self._gap(self.start)

    @property
    def after(self) -> str:
        """Return what stands between the run and the token after it."""
        return self._gap(self.end)

    def split(self, at: int) -> tuple[Side, Side]:
        """Return the run before token `at` and the one from it on."""
        return replace(self, end=at), replace(self, start=at)

    def figures(self) -> list[tuple[str, str]]:
        """Return the numbers, signs and units of the run, each as it is compared and as it is written."""
        return [(self.words.folds[at], self._raw(at)) for at in range(self.start, self.end) if self._is_figure(at)]

    def lowered(self) -> list[tuple[str, str]]:
        """Return the figures with raised digits of words on the line: "m^2" may be "m2", but 10^5 is never 105."""
        return [
            (fold.removeprefix("^") if at and self.words.kinds[at - 1] != NUMBER else fold, self._raw(at))
            for at, fold in enumerate(self.folds, self.start)
            if self._is_figure(at)
        ]

    def prose(self) -> list[str]:
        """Return the comparison forms of the other words; the "A" of "vitamin A" is no article."""
        return [
            "A" if self._raw(at) == "A" and at > 0 and not self._gap(at).strip() else self.words.folds[at]
            for at in range(self.start, self.end)
            if not self._is_figure(at)
        ]

    def glued(self) -> bool:
        """Tell whether every figure is the first character of a word: what a lost ligature was taken for ("3ymus")."""
        return all(
            at + 1 < self.end and not self._gap(at + 1) for at in range(self.start, self.end) if self._is_figure(at)
        )

    def _gap(self, at: int) -> str:
        """Return what stands before token `at`, which may be the one after the last."""
        low = self.words.ends[at - 1] if at else 0
        return self.text[low : self.words.starts[at] if at < len(self.words) else len(self.text)]

    def _raw(self, at: int) -> str:
        return self.text[self.words.starts[at] : self.words.ends[at]]

    def _is_figure(self, at: int) -> bool:
        fold = self.words.folds[at]
        if self.words.kinds[at] in (NUMBER, SIGN) or fold in NUMBER_WORDS:
            return True
        return fold in UNITS and at > 0 and self.words.kinds[at - 1] == NUMBER and joins(self._gap(at))
