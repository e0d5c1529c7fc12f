"""Characters that stand for others: what TeX, symbol fonts and HTML call them, and what we compare them as."""

from __future__ import annotations

SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a"
SUBSCRIPTS = "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089"

#: Raised and lowered digits and signs as they stand on the line, for `str.translate`.
PLAIN_DIGITS = {
    **{ord(raised): plain for raised, plain in zip(SUPERSCRIPTS, "0123456789-+", strict=True)},
    **{ord(lowered): str(digit) for digit, lowered in enumerate(SUBSCRIPTS)},
}

#: Signs that are compared; any other character that is no letter or digit is not. The private ones are those of the
#: Symbol font (Adobe, "Symbol Set and Encoding"), which PDFs without a map to Unicode come with.
GLYPHS: dict[str, str] = {
    "%": "%",
    "\u2030": "\u2030",
    "<": "<",
    ">": ">",
    "=": "=",
    "+": "+",
    "\u00b1": "\u00b1",
    "\u2264": "\u2264",
    "\u2a7d": "\u2264",
    "\u2265": "\u2265",
    "\u2a7e": "\u2265",
    "\u2260": "\u2260",
    "\u2191": "\u2191",
    "\u2193": "\u2193",
    "\u00d7": "x",
    "&": "and",
    "\uf025": "%",
    "\uf03c": "<",
    "\uf03d": "=",
    "\uf03e": ">",
    "\uf061": "\u03b1",
    "\uf062": "\u03b2",
    "\uf064": "\u03b4",
    "\uf067": "\u03b3",
    "\uf06b": "\u03ba",
    "\uf06c": "\u03bb",
    "\uf06d": "\u03bc",
    "\uf0a3": "\u2264",
    "\uf0b1": "\u00b1",
    "\uf0b3": "\u2265",
    "\uf0b4": "x",
}

#: What TeX calls letters and signs; any other command is only about how things look.
COMMANDS: dict[str, str] = {
    "alpha": "\u03b1",
    "beta": "\u03b2",
    "gamma": "\u03b3",
    "delta": "\u03b4",
    "epsilon": "\u03b5",
    "varepsilon": "\u03b5",
    "zeta": "\u03b6",
    "eta": "\u03b7",
    "theta": "\u03b8",
    "kappa": "\u03ba",
    "lambda": "\u03bb",
    "mu": "\u03bc",
    "nu": "\u03bd",
    "xi": "\u03be",
    "pi": "\u03c0",
    "rho": "\u03c1",
    "sigma": "\u03c3",
    "tau": "\u03c4",
    "phi": "\u03c6",
    "varphi": "\u03c6",
    "chi": "\u03c7",
    "psi": "\u03c8",
    "omega": "\u03c9",
    "Delta": "\u0394",
    "Gamma": "\u0393",
    "Omega": "\u03a9",
    "Sigma": "\u03a3",
    "pm": "\u00b1",
    "times": "\u00d7",
    "le": "\u2264",
    "leq": "\u2264",
    "ge": "\u2265",
    "geq": "\u2265",
    "lt": "<",
    "gt": ">",
    "ne": "\u2260",
    "neq": "\u2260",
    "uparrow": "\u2191",
    "downarrow": "\u2193",
}
