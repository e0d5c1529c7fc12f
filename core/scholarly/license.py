"""Licences as catalogues spell them: `cc by`, `CCBY`, `CC-BY`, an address; unknown ones stay unknown."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/(zero|mark))")
_NAMES = {"pd": "public-domain", "public domain": "public-domain", "publicdomain": "public-domain"}
_KINDS = ("by", "nc", "nd", "sa")


def license_of(text: str) -> str:
    """Return `cc-by` and its like, `cc0` or `public-domain` for a stated licence, nothing for what is none of these."""
    stated = text.strip().lower()[:500]
    if match := _ADDRESS.search(stated):
        return f"cc-{match[1]}" if match[1] else {"zero": "cc0", "mark": "public-domain"}[match[2]]
    if stated in _NAMES or stated == "public-domain":
        return _NAMES.get(stated, stated)
    letters = re.sub(r"[\d.\s_-]", "", stated)
    if letters in ("cc", "cczero") and (letters == "cczero" or "0" in stated):
        return "cc0"
    return _creative(letters.removeprefix("cc")) if letters.startswith("cc") else ""


def _creative(letters: str) -> str:
    parts = re.fullmatch(r"(by)(nc)?(nd|sa)?", letters)
    return "-".join(["cc", *(part for part in parts.groups() if part in _KINDS)]) if parts else ""
