"""What stands on a page: words with their boxes and styles, and the lines they form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Style:
    """How a word is set: the effective size in points, the family of the font and what it says of itself."""

    size: float
    face: str = ""
    bold: bool = False
    italic: bool = False
    mono: bool = False


@dataclass(slots=True)
class Word:
    """A word and where it stands: `x0` to `x1` on the baseline `y`, which grows downwards, in points."""

    text: str
    x0: float
    x1: float
    y: float
    style: Style


@dataclass(slots=True)
class Line:
    """Words that follow each other on one baseline; `hyphen` tells that the last one goes on in the next line."""

    words: list[Word]
    page: int
    hyphen: bool = False
    x0: float = field(init=False)
    x1: float = field(init=False)
    y: float = field(init=False)
    style: Style = field(init=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.x0 = min(word.x0 for word in self.words)
        self.x1 = max(word.x1 for word in self.words)
        self.style, self.y = prevailing(self.words)
        self.text = " ".join(word.text for word in self.words)

    @property
    def width(self) -> float:
        """Return the width in points."""
        return self.x1 - self.x0

    @property
    def top(self) -> float:
        """Return where its letters begin; the share of ascenders is that of common text faces."""
        return self.y - 0.75 * self.style.size

    @property
    def bottom(self) -> float:
        """Return where its letters end."""
        return self.y + 0.22 * self.style.size


@dataclass(slots=True)
class PageText:
    """The lines of one page in the order of its content stream; `chars` counts the letters and digits PDFium finds.

    The page is turned upright: its text ran `turn` quarter turns to the left.
    """

    number: int
    width: float
    height: float
    lines: list[Line]
    chars: int
    turn: int = 0


def prevailing(words: list[Word]) -> tuple[Style, float]:
    """Return the style most letters are set in, and the baseline of its first word."""
    style = words[0].style
    if all(word.style is style for word in words):
        return style, words[0].y
    letters: dict[Style, int] = {}
    first: dict[Style, Word] = {}
    for word in words:
        letters[word.style] = letters.get(word.style, 0) + len(word.text)
        first.setdefault(word.style, word)
    style = max(letters, key=lambda key: letters[key])
    if not style.bold and sum(letters[key] for key in letters if key.bold) * 2 > sum(letters.values()):
        return replace(style, bold=True), first[style].y
    return style, first[style].y
