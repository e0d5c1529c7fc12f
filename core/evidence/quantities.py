"""Numbers, units and comparison signs: what they may be written as, and whether two writings say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d+")
_DECIMAL = re.compile(r"\d*\.\d+")
_LIST = re.compile(r"\d+(?:,\d+)+")
_POWER = re.compile(r"\^\d+")
_THOUSANDS = re.compile(r"\d{3}")
#: How many ways to read a run of figures are looked at; hostile runs must cost nothing.
_MAX_READINGS = 64

_ONES_TO_NINETEEN = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES = {word: str(number) for number, word in enumerate(_ONES_TO_NINETEEN.split(), 1)}
_TENS = {word: str(10 * number) for number, word in enumerate(_DECADES.split(), 2)}
#: Numbers in words, and the digits they stand for.
NUMBER_WORDS: dict[str, str] = {
    **_ONES,
    **_TENS,
    "zero": "0",
    "hundred": "100",
    "thousand": "1000",
    "million": "1000000",
    "billion": "1000000000",
    "once": "1",
    "twice": "2",
}

#: Units that differ from another one in case only (millimolar and millimetre), as they stand after a number.
CASED_UNITS = frozenset(
    ("M", "mM", "nM", "pM", "fM", "\u03bcM", "uM", "MW", "Mg", "S", "K", "G", "MPa", "Mb", "MV", "MA", "MHz", "ML", "L")
)

_SPELLINGS = """
% percent pct
g gram grams gm gms
kg kilogram kilograms kgs
mg milligram milligrams mgs
\u03bcg ug mcg microgram micrograms
ng nanogram nanograms
pg
l L liter liters litre litres
dl
ml milliliter milliliters millilitre millilitres cc
\u03bcl ul microliter microliters microlitre microlitres
km
m meter meters metre metres
cm
mm
\u03bcm um micron microns
nm
M molar
mM
\u03bcM uM
nM
pM
mol mole moles
mmol
\u03bcmol umol
ms msec
s sec secs second seconds
min mins minute minutes
h hr hrs hour hours
d day days
week weeks wk wks
month months
y yr yrs year years
c oc celsius
K
hz
khz
mhz MHz
ghz
w
kw
mw
MW
v
mv
kv
pa
kpa
MPa mpa
mmhg
rpm
cfu
iu
da
kda
bp
kb
mb
gb
tb
ppm
ppb
kj
kcal
fold
times
"""
#: Words that are units when they follow a number, and the form in which they are compared.
UNITS: dict[str, str] = {unit: line.split()[0] for line in _SPELLINGS.strip().splitlines() for unit in line.split()}

#: Signs that state how two quantities compare; the same words in other signs.
SIGNS = {"<=": "\u2264", ">=": "\u2265", "=<": "\u2264", "=>": "\u2265"}


def canonical(raw: str) -> str:
    """Return a number in one spelling: no thousands separators, a decimal point, no idle zeros after it.

    What else it may be read as ("12,13" is one number or two), `readings` tells.
    """
    raw = raw.replace("\u00b7", ".")
    if _GROUPED.fullmatch(raw):
        raw = raw.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(raw):
        return raw.replace(",", ".")
    if not _DECIMAL.fullmatch(raw):
        return raw
    whole, _, part = raw.partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")


def readings(figures: Sequence[tuple[str, str]], *, flat: bool = False) -> set[tuple[str, ...]]:
    """Return every sequence of quantities that `figures` (comparison form and raw text of each) can be read as.

    `flat`: a raised digit may have come down to the line, as in texts that know no superscripts ("10^5", "105").
    """
    runs: set[tuple[str, ...]] = {()}
    for fold, raw in figures:
        longer = {more for run in runs for more in _longer(run, fold, raw, flat)}
        runs = longer if len(longer) <= _MAX_READINGS else set(sorted(longer)[:_MAX_READINGS])
    return runs


def _longer(run: tuple[str, ...], fold: str, raw: str, flat: bool) -> Iterator[tuple[str, ...]]:
    """Yield `run` with one figure more, in each way it can be read."""
    value = UNITS.get(fold) or NUMBER_WORDS.get(fold, fold)
    last = run[-1] if run else ""
    yield (*run, value)
    if _LIST.fullmatch(raw):
        yield (*run, *(canonical(part) for part in raw.split(",")))
    if value.startswith("^") and flat:
        yield (*run, value[1:])
        yield (*run, value.lstrip("^-"))
    if last.isdigit() and (_THOUSANDS.fullmatch(value) or (flat and _POWER.fullmatch(value))):
        yield (*run[:-1], last + value.removeprefix("^"))
    if last[-1:].isdigit() and value.startswith("-"):  # a range, loosely set
        yield (*run, value[1:])
    if last + value in SIGNS:
        yield (*run[:-1], SIGNS[last + value])
    if raw.lower() in _ONES and int(value) < 10 and last in _TENS.values():
        yield (*run[:-1], str(int(last) + int(value)))
