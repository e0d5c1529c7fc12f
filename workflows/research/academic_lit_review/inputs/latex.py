# ruff: noqa: RUF001 - the characters look ambiguous on purpose: they are what LaTeX's commands print
"""The LaTeX that occurs in bibliographies, as plain text: accents, letters, symbols, braces."""

from __future__ import annotations

import re
import unicodedata

#: Accent commands and the combining characters they stand for.
_ACCENTS = dict(
    zip(
        "`'^~=u.\"rHvdckbt",
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0323\u0327\u0328\u0331\u0361",
        strict=True,
    )
)
_GREEK = re.findall(
    r"\w+", "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi pi rho sigma tau phi chi psi omega"
)
_SYMBOLS: dict[str, str] = {
    **{name: unicodedata.lookup(f"GREEK SMALL LETTER {name}") for name in _GREEK},
    **{name.title(): unicodedata.lookup(f"GREEK CAPITAL LETTER {name}") for name in _GREEK},
    **dict.fromkeys(("newline", "linebreak", "quad"), " "),
    **dict(
        re.findall(
            r"(\w+):(\S)",
            r"""ss:ß o:ø O:Ø l:ł L:Ł ae:æ AE:Æ oe:œ OE:Œ aa:å AA:Å i:ı j:ȷ dh:ð DH:Ð th:þ TH:Þ dj:đ DJ:Đ ng:ŋ NG:Ŋ
            textendash:– textemdash:— textquoteleft:‘ textquoteright:’ lq:‘ rq:’ textquotedblleft:“ textquotedblright:”
            guillemotleft:« guillemotright:» textless:< textgreater:> lt:< gt:> textbackslash:\ textasciitilde:~
            textasciicircum:^ textunderscore:_ textbar:| slash:/ textdegree:° textmu:µ textregistered:® texttrademark:™
            copyright:© S:§ texteuro:€ euro:€ pounds:£ ldots:… dots:… textellipsis:… dag:† times:× pm:± cdot:· circ:°
            leq:≤ le:≤ geq:≥ ge:≥ neq:≠ approx:≈ sim:∼ to:→ rightarrow:→ infty:∞ prime:′ lambda:λ Lambda:Λ
            varepsilon:ε vartheta:ϑ varphi:φ upsilon:υ""",
        )
    ),
}
_CHARACTERS = {"\\": " ", ",": " ", ";": " ", ":": " ", "-": "", "/": "", "!": "", "@": ""}
_PLAIN = {"---": "—", "--": "–", "``": "“", "''": "”", "~": " ", "{": "", "}": ""}

_LETTER = r"\\[ij](?![A-Za-z])|[^\W\d_]"
_TOKEN = re.compile(
    rf"""\\(?P<mark>["'`^~=.])\s*\{{?\s*(?P<base>{_LETTER})?
       | \\(?P<over>[uvHtcdbrk])(?:\s*\{{\s*|\s+)(?P<under>{_LETTER})
       | \\(?P<name>[A-Za-z]+)\*?\s?
       | \\(?P<char>[^A-Za-z])
       | (?P<plain>---?|``|''|[{{}}~])""",
    re.X,
)
_MATH = re.compile(r"(?<!\\)\$((?:[^$\\]|\\.)*)\$", re.S)


def decode(text: str) -> str:
    """Return `text` without LaTeX: accents composed, symbols as characters, formatting commands and braces dropped."""
    if not re.search(r"[\\{}$~]|--|``|''", text):
        return text
    return unicodedata.normalize("NFC", _TOKEN.sub(_replace, _MATH.sub(_formula, text)))


def _formula(match: re.Match[str]) -> str:
    """Drop the dollars and the index marks of a formula; two prices in one title are none."""
    inner = match.group(1)
    if not re.search(r"[\\_^{}<>]", inner) and len(inner.strip()) > 1:
        return match.group()
    return re.sub(r"(?<!\\)[_^]", "", inner)


def _replace(match: re.Match[str]) -> str:
    if accent := match["mark"] or match["over"]:
        base = (match["base"] or match["under"] or "").removeprefix("\\")
        return base + _ACCENTS[accent] if base else ""
    if match["name"]:
        return _SYMBOLS.get(match["name"], "")
    if match["char"]:
        return _CHARACTERS.get(match["char"], match["char"])
    return _PLAIN[match["plain"]]
