"""What is printed on the picture of a page, as far as a stand-in for a vision model can see."""

from __future__ import annotations

import base64
import io
from typing import Any

GAP = 0.008  # of a page's height: more white than this divides two bands
LINE = 0.012  # of a page's height: one line of print

Box = tuple[int, int, int, int]


def picture_of(encoded: str) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(base64.b64decode(encoded)))


def bands(picture: Any) -> list[Box]:
    """Return the boxes of what is printed, from top to bottom, divided where the page is white all across."""
    from PIL import Image

    ink = picture.convert("L").point([255 * (shade < 170) for shade in range(256)])
    width, height = picture.size
    rows = [number for number, shade in enumerate(ink.resize((1, height), Image.Resampling.BOX).tobytes()) if shade]
    found: list[list[int]] = []
    for row in rows:
        if not found or row - found[-1][1] > GAP * height:
            found.append([row, row])
        found[-1][1] = row
    boxes = [ink.crop((0, top, width, bottom + 1)).getbbox() for top, bottom in found]
    return [(b[0], top, b[2], bottom + 1) for b, (top, bottom) in zip(boxes, found, strict=True) if b]


def length(box: Box, picture: Any) -> int:
    """Return how many words a box of print holds, roughly: 12 in a line across the page."""
    lines = (box[3] - box[1]) / (LINE * picture.height)
    words = 12 * lines * (box[2] - box[0]) / picture.width
    return max(2, round(float(words)))


def scaled(box: Box, picture: Any) -> str:
    sides = (*picture.size, *picture.size)
    return " ".join(str(min(1000, round(1000 * at / side))) for at, side in zip(box, sides, strict=True))
