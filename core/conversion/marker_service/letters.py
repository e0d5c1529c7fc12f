"""What a PDF itself holds, for the process that looks into it."""

from __future__ import annotations

from core.conversion.marker.layer import look


def letters(path: str) -> list[int]:
    """Return the letters and digits in the text layer of each page, -1 for one that cannot be read."""
    return list(look(path).letters.values())
