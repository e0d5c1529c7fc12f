"""What is done to true quotes: noise that changes nothing, and forgeries that change what they say."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Change = Callable[[str, random.Random, "Others"], str | None]


@dataclass(frozen=True)
class Others:
    """What a forger takes words from: other sentences of the paper, and those of other papers."""

    same: Sequence[str]
    foreign: Sequence[str]


_NUMBER = re.compile(r"(?<![\w.,\[^\u2013-])\d+(?:[.,]\d+)*(?![\w\],]|[.,]\d|[\u2013-]\d)")
_NUMBER_WORDS = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "twelve",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
]
_NEGATED = (
    (r"\b(did|does|do|was|were|is|are|has|have|had|could|can|may|should|would) not\b", r"\1"),
    (r"\bcannot\b", "can"),
    (r"\bno (?=[a-z]{4})", ""),
    (r"\bwithout\b", "with"),
    (r"\bnon-?(?=significant|toxic|cytotoxic|specific|linear|invasive|negative|pathogenic)", ""),
    (r"\bnever\b", "always"),
    (r"\b(?:hardly|barely|rarely|seldom|scarcely) ", ""),
    (r"\bneither\b(.{3,60})\bnor\b", r"both\1and"),
    (r"\black(?:ed|s)? of\b", "presence of"),
    (r"\bfailed to\b", "managed to"),
    (r"\binsignificant", "significant"),
)
_OPPOSITES = (
    "increase/decrease increased/decreased increases/decreases increasing/decreasing higher/lower highest/lowest "
    "more/less greater/smaller positive/negative positively/negatively before/after reduced/enhanced reduce/enhance "
    "improved/impaired effective/ineffective inhibit/promote inhibited/promoted inhibits/promotes upregulated/"
    "downregulated strong/weak better/worse high/low large/small maximum/minimum above/below early/late similar/"
    "different significant/insignificant safe/unsafe stimulate/suppress anti-inflammatory/pro-inflammatory hyperglycemic/"
    "hypoglycemic always/never all/some with/without"
)
_PAIRS = [pair.split("/") for pair in _OPPOSITES.replace("/ ", "/").split()]
_TURNED = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
_NO = re.compile(r"\b(?:no|not|non|none|nor|neither|never|without|cannot|hardly)\b", re.IGNORECASE)
_UNITS = {
    "mg": "g", "g": "mg", "kg": "g", "ml": "l", "mL": "L", "\u03bcg": "mg", "\u00b5g": "mg", "mM": "nM", "\u03bcM": "mM",
    "\u00b5M": "mM", "min": "h", "h": "min", "hours": "days", "days": "weeks", "weeks": "months", "months": "years",
    "years": "months", "minutes": "hours", "mm": "cm", "cm": "mm", "nm": "mm", "%": "",
}  # fmt: skip
_INVENTED = (
    "Our findings demonstrate that {0} is the principal determinant of {1} in the majority of cases.",
    "The association between {0} and {1} remained robust after adjustment for all measured confounders.",
    "Participants who received {0} reported substantially better outcomes in terms of {1} at follow-up.",
    "To our knowledge this is the first study to show that {0} directly regulates {1}.",
    "We conclude that {0} should be considered a first-line option whenever {1} is suspected.",
)


def number(quote: str, rng: random.Random, others: Others) -> str | None:
    """Change a number: a digit, its place, or its point."""
    found = list(_NUMBER.finditer(quote))
    if not found:
        return None
    match = rng.choice(found)
    raw = match.group()
    ways = [_digit(raw, rng), raw + "0", raw.replace(".", "") if "." in raw else f"{raw}.5", _swapped(raw)]
    new = rng.choice([way for way in ways if _value(way) != _value(raw)])
    return quote[: match.start()] + new + quote[match.end() :]


def _digit(raw: str, rng: random.Random) -> str:
    at = rng.choice([at for at, c in enumerate(raw) if c.isdigit()])
    return raw[:at] + str((int(raw[at]) + rng.randint(1, 8)) % 10) + raw[at + 1 :]


def _swapped(raw: str) -> str:
    return raw[::-1] if raw.isdigit() else raw + "1"


def _value(raw: str) -> str:
    return raw.replace(",", "").lstrip("0").rstrip("0").rstrip(".") if "." in raw else raw.replace(",", "").lstrip("0")


def number_word(quote: str, rng: random.Random, others: Others) -> str | None:
    """Change a number in words."""
    found = [word for word in _NUMBER_WORDS if re.search(rf"\b{word}\b", quote)]
    if not found:
        return None
    old = rng.choice(found)
    return re.sub(rf"\b{old}\b", rng.choice([word for word in _NUMBER_WORDS if word != old]), quote, count=1)


def negation_dropped(quote: str, rng: random.Random, others: Others) -> str | None:
    """Drop a negation."""
    ways = [(pattern, new) for pattern, new in _NEGATED if re.search(pattern, quote)]
    if not ways:
        return None
    pattern, new = rng.choice(ways)
    return re.sub(pattern, new, quote, count=1)


def beheaded(quote: str, rng: random.Random, others: Others) -> str | None:
    """Begin after the negation."""
    found = re.search(r"\b(?:[Nn]o|not|[Nn]on|[Nn]one|neither|never|[Ww]ithout|cannot|hardly)\b(?=[ -][a-z])", quote)
    rest = quote[found.end() :].lstrip(" -") if found else ""
    return rest if len(rest.split()) >= 5 else None


def negation_added(quote: str, rng: random.Random, others: Others) -> str | None:
    """Put a "not" after a verb."""
    if not re.search(r"\b(?:was|were|is|are|can|could|has|have)\b(?! not)", quote):
        return None
    return re.sub(r"\b(was|were|is|are|can|could|has|have)\b(?! not)", r"\1 not", quote, count=1)


def direction(quote: str, rng: random.Random, others: Others) -> str | None:
    """Turn a word into its opposite."""
    found = [word for word in _TURNED if re.search(rf"(?<![\w-]){word}(?![\w-])", quote)]
    if not found:
        return None
    word = rng.choice(found)
    return re.sub(rf"(?<![\w-]){word}(?![\w-])", _TURNED[word], quote, count=1)


def entity(quote: str, rng: random.Random, others: Others) -> str | None:
    """Exchange a long word for another one of the same paper."""
    mine = _terms(quote)
    theirs = _terms(" ".join(rng.sample(list(others.same), min(10, len(others.same)))))
    theirs = [term for term in theirs if term.lower() not in quote.lower() and quote.lower().find(term[:5].lower()) < 0]
    if not mine or not theirs:
        return None
    return quote.replace(rng.choice(mine), rng.choice(theirs), 1)


def _terms(text: str) -> list[str]:
    return sorted(set(re.findall(r"(?<![\w-])[A-Za-z]{7,}(?![\w-])", text)))


def unit(quote: str, rng: random.Random, others: Others) -> str | None:
    """Change a unit."""
    names = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
    match = re.search(rf"(?<=\d)(\s?)({names})(?![\w\u03bc])", quote)
    if not match:
        return None
    return quote[: match.start()] + match.group(1) + _UNITS[match.group(2)] + quote[match.end() :]


def sign(quote: str, rng: random.Random, others: Others) -> str | None:
    """Turn a comparison sign around."""
    turned = {"&lt;": "&gt;", "&gt;": "&lt;", "<": ">", ">": "<", "\u2265": "\u2264", "\u2264": "\u2265"}
    match = re.search("|".join(turned), quote)
    return quote[: match.start()] + turned[match.group()] + quote[match.end() :] if match else None


def foreign(quote: str, rng: random.Random, others: Others) -> str | None:
    """Take a true sentence of another paper."""
    return rng.choice(others.foreign)


def invented(quote: str, rng: random.Random, others: Others) -> str | None:
    """Make up a sentence with terms of this paper."""
    terms = _terms(quote)
    return rng.choice(_INVENTED).format(*rng.sample(terms, 2)) if len(terms) > 1 else None


def spliced(quote: str, rng: random.Random, others: Others) -> str | None:
    """Go on with the second half of another sentence of the paper."""
    head, tail = quote.split(), rng.choice(others.same).split()
    joined = " ".join([*head[: len(head) // 2], *tail[len(tail) // 2 :]])
    return None if joined in (quote, " ".join(tail)) else joined


FORGERIES: dict[str, Change] = {
    "changed number": number,
    "changed number word": number_word,
    "changed unit": unit,
    "changed sign": sign,
    "dropped negation": negation_dropped,
    "cut off from negation": beheaded,
    "added negation": negation_added,
    "swapped direction": direction,
    "swapped entity": entity,
    "spliced": spliced,
    "another paper": foreign,
    "invented": invented,
}


def ligatures(quote: str, rng: random.Random, others: Others) -> str | None:
    """Set ligatures, as PDFs do."""
    set_ = quote
    for letters, glyph in (("ffi", "\ufb03"), ("ffl", "\ufb04"), ("ff", "\ufb00"), ("fi", "\ufb01"), ("fl", "\ufb02")):
        set_ = set_.replace(letters, glyph)
    return set_ if set_ != quote else None


def hyphenation(quote: str, rng: random.Random, others: Others) -> str | None:
    """Break some long words at a line end, with a hyphen of any kind."""
    words = quote.split(" ")
    long = [at for at, word in enumerate(words) if len(word) > 7 and word.isalpha()]
    for at in rng.sample(long, min(3, len(long))):
        cut = rng.randint(3, len(words[at]) - 3)
        words[at] = words[at][:cut] + rng.choice("-\u2010\u00ad") + "\n" + words[at][cut:]
    return " ".join(words) if long else None


def line_breaks(quote: str, rng: random.Random, others: Others) -> str | None:
    """Set the quote in lines, with other spaces here and there."""
    spaces = ("\n", " \n", "\u00a0", "  ", "\u2009", "\n\n")
    return "".join(rng.choice(spaces) if c == " " and rng.random() < 0.3 else c for c in quote)


def typography(quote: str, rng: random.Random, others: Others) -> str | None:
    """Set other quotation marks and dashes."""
    table: dict[str, str | int | None] = {
        "\u2019": "'",
        "\u2018": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2212": "-",
        "-": "\u2010",
    }
    changed = quote.translate(str.maketrans(table))
    return changed if changed != quote else None


def markup(quote: str, rng: random.Random, others: Others) -> str | None:
    """Set some words in Markdown and HTML."""
    ways = ("*{}*", "**{}**", "_{}_", "[{}](https://example.org/a)", "<i>{}</i>", "<span id='page-1'></span>{}")
    return " ".join(rng.choice(ways).format(w) if w.isalpha() and rng.random() < 0.2 else w for w in quote.split(" "))


def no_references(quote: str, rng: random.Random, others: Others) -> str | None:
    """Leave out what is in brackets of references."""
    plain = re.sub(r"\s?\[\d[\d,\s\u2013-]*\]", "", quote)
    return plain if plain != quote else None


def cut(quote: str, rng: random.Random, others: Others) -> str | None:
    """Quote only a part: from no "not" away, and not into a quantity."""
    words = quote.split()
    kept = words[2:-2]
    if len(words) < 12 or _NO.search(" ".join(words[:2])) or any(c.isdigit() for c in kept[-1]):
        return None
    return " ".join(kept).strip(".,;")


NOISES: dict[str, Change] = {
    "as published": lambda quote, rng, others: quote,
    "ligatures": ligatures,
    "hyphenation": hyphenation,
    "line breaks": line_breaks,
    "typography": typography,
    "markup": markup,
    "no references": no_references,
    "a part": cut,
}
