"""A text as it is compared: words, numbers and signs in one spelling each, and where in the Markdown each stands.

Spaces, line ends, hyphens, quotation marks, emphasis, table pipes, link targets and tags are no tokens; ligatures,
accents and case are folded. So what two typesettings of one sentence differ in is gone, and what they say is left.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from core.evidence.glyphs import COMMANDS, GLYPHS, PLAIN_DIGITS, SUBSCRIPTS, SUPERSCRIPTS
from core.evidence.quantities import CASED_UNITS, canonical

#: Letters to Unicode that are none to readers: raised and lowered digits, ordinal signs, spacing accents.
_NO_LETTER = rf"{SUPERSCRIPTS}{SUBSCRIPTS}\u00aa\u00ba\u02b0-\u02ff"
_IDEOGRAPH = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TAGS = "a|b|br|code|del|div|em|i|img|ins|li|mark|math|ol|p|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul"
_TOKEN = re.compile(
    rf"""
      (?P<tag></?(?:{_TAGS})(?:\s[^<>\n]{{0,300}})?/?>
        |<!--[^<>]{{0,300}}-->
        |\]\((?:[^()\s]|\([^()\s]{{0,100}}\)){{0,500}}\)
        |(?<=\s)\+(?=[a-z]))        # a "Th" of a font that does not say what its ligatures are
    | (?P<entity>&(?:[a-zA-Z]{{2,8}}|\#\d{{1,6}});)
    | (?P<command>\\[a-zA-Z]{{2,20}})
    | (?P<number>\d+(?:[.,\u00b7]\d+)*|(?<![\w.)])\.\d+)
    | (?P<superscript>[{SUPERSCRIPTS}]+)
    | (?P<subscript>[{SUBSCRIPTS}]+)
    | (?P<word>[{_IDEOGRAPH}]|(?:[^\W\d_{_NO_LETTER}{_IDEOGRAPH}]|[\u0300-\u036f])+)
    | (?P<glyph>[{re.escape("".join(GLYPHS))}])
    """,
    re.VERBOSE,
)
_RAISED = re.compile(r"(?:\^\{?|<sup>)\s?([-\u2212\u2013+]?)$")
_MINUS = "-\u2212\u2013\u2011"
#: What may stand before a minus; after anything else it is a hyphen, or makes a range.
_BEFORE_MINUS = frozenset(" \t\n\u00a0\u2009\u202f([{=<>\u2264\u2265\u00b1~:,;/|$")
#: What may stand between a number and its unit.
_GAP = " \t\n\u00a0\u2009\u202f-\u2011*_$\\{}"
_MAX_LETTERS = 200  # of a word that is not ASCII; real ones stay below
WORD, NUMBER, SIGN = "w", "n", "s"


@dataclass(slots=True)
class Tokens:
    """Parallel lists: the comparison form of each token, its kind, and the range of the text it was read from."""

    folds: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.folds)

    def add(self, fold: str, kind: str, match: re.Match[str]) -> None:
        """Append what `match` was read as; what has no comparison form is no token."""
        if fold:
            self.folds.append(fold)
            self.kinds.append(kind)
            self.starts.append(match.start())
            self.ends.append(match.end())


def tokens(text: str) -> Tokens:
    """Return the tokens of `text`, in time linear in its length."""
    found = Tokens()
    for match in _TOKEN.finditer(text):
        read = _READERS.get(match.lastgroup or "")
        if read is not None:
            read(found, match)
    return found


def joins(gap: str) -> bool:
    """Tell whether a number and its unit may stand on the two sides of `gap`."""
    return len(gap) <= 6 and not gap.strip(_GAP)


def fold_word(raw: str) -> str:
    """Return `raw` in lower case, ligatures spelt out, without accents."""
    return raw.lower() if raw.isascii() else _fold(raw[:_MAX_LETTERS])


@lru_cache(maxsize=20_000)
def _fold(raw: str) -> str:
    plain = unicodedata.normalize("NFKD", raw.replace("\u0131", "i"))
    return "".join(c for c in plain if c.isalnum() and not unicodedata.combining(c)).casefold()


def _word(found: Tokens, match: re.Match[str]) -> None:
    """Add a word; the case of a unit after its number is kept where it tells units apart."""
    raw = match.group().replace("\u00b5", "\u03bc")
    after_number = found.kinds[-1:] == [NUMBER]
    after_micro = found.folds[-1:] == ["\u03bc"] and found.kinds[-2:-1] == [NUMBER]
    close = (after_number or after_micro) and joins(match.string[found.ends[-1] : match.start()])
    if close and after_micro:
        found.folds[-1], found.ends[-1] = "\u03bc" + raw, match.end()  # TeX sets the micro of a unit apart
    else:
        found.add(raw if close and raw in CASED_UNITS else fold_word(raw), WORD, match)


def _number(found: Tokens, match: re.Match[str]) -> None:
    text, start = match.string, match.start()
    raised = _RAISED.search(text, max(0, start - 8), start)
    sign = _signed(raised.group(1)) if raised else _minus(text, start)
    found.add("^" * bool(raised) + sign + canonical(match.group()), NUMBER, match)


def _signed(mark: str) -> str:
    return "-" if mark and mark != "+" else ""


def _minus(text: str, start: int) -> str:
    """Return "-" for a number with a minus before it, nothing for one after a hyphen or in a range."""
    at = start - 1
    while at > 0 and start - at < 4 and text[at].isspace():
        at -= 1
    if at < 0 or text[at] not in _MINUS or (start - at > 1 and text[at] != "\u2212"):
        return ""
    return "-" if at == 0 or text[at - 1] in _BEFORE_MINUS else ""


def _superscript(found: Tokens, match: re.Match[str]) -> None:
    plain = match.group().translate(PLAIN_DIGITS)
    digits = plain.strip("+-")
    found.add(f"^{_signed(plain[: plain.find(digits)])}{digits}" if digits else "", NUMBER, match)


def _subscript(found: Tokens, match: re.Match[str]) -> None:
    found.add(match.group().translate(PLAIN_DIGITS), NUMBER, match)


def _symbol(found: Tokens, match: re.Match[str]) -> None:
    raw = match.group()
    spelt = html.unescape(raw) if match.lastgroup == "entity" else COMMANDS.get(raw[1:], raw[:1])
    spelt = GLYPHS.get(spelt, spelt)
    if spelt[:1].isalpha():
        found.add(fold_word(spelt), WORD, match)
    elif spelt in _SIGNS:
        found.add(spelt, SIGN, match)


_SIGNS = frozenset(sign for sign in GLYPHS.values() if not sign.isalpha())
_READERS = {
    "word": _word,
    "number": _number,
    "superscript": _superscript,
    "subscript": _subscript,
    "entity": _symbol,
    "command": _symbol,
    "glyph": _symbol,
}
