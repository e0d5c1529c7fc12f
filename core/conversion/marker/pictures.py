"""The pictures of a page without a model that sees them: the images that the PDF itself holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from core.conversion.layout.furniture import MARGIN
from core.conversion.marker.boxes import Box, Rect, Sheet

_SMALLEST = 40.0  # points, of either side: less is an icon or a rule
_LARGEST = 0.6  # of the page: more is the scan of it, and the text on it no part of a picture
_NEAR = 40.0  # points between a picture and its caption


def with_pictures(boxes: Sequence[Box], page: pdfium.PdfPage, height: float) -> list[Box]:
    """Return the boxes with one for each picture of `page`, before its caption or else at the end."""
    found = list(boxes)
    for picture in _pictures(page, height):
        captions = [(_distance(picture.rect, box.rect), at) for at, box in enumerate(found) if box.label == "Caption"]
        distance, at = min(captions, default=(_NEAR, 0))
        found.insert(at if distance < _NEAR else gap(found), picture)
    return found


def gap(boxes: Sequence[Box]) -> int:
    """Return where, as late as possible, something can be put in without parting a paragraph."""
    at = len(boxes)
    while at and boxes[at - 1].goes_on:
        at -= 1
    return at or len(boxes)


def _pictures(page: pdfium.PdfPage, height: float) -> Iterator[Box]:
    left, bottom, right, top = page.get_bbox()
    rects = [_rect(image, left, top) for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])]
    fit = tuple(Box("Picture", rect) for rect in rects if _fits(rect, right - left, top - bottom))
    yield from Sheet(right - left, top - bottom, 0, fit, {}).shown(page.get_rotation(), height).boxes


def _rect(image: Any, left: float, top: float) -> Rect:
    x0, y0, x1, y1 = image.get_bounds()
    return x0 - left, top - y1, x1 - left, top - y0


def _fits(rect: Rect, width: float, height: float) -> bool:
    across, down = rect[2] - rect[0], rect[3] - rect[1]
    in_margin = rect[3] < MARGIN * height or rect[1] > (1 - MARGIN) * height
    return min(across, down) > _SMALLEST and across * down < _LARGEST * width * height and not in_margin


def _distance(a: Rect, b: Rect) -> float:
    """Return how far apart two regions are, above one another; those beside one another are far apart."""
    if min(a[2], b[2]) <= max(a[0], b[0]):
        return 2 * _NEAR
    return max(0.0, b[1] - a[3], a[1] - b[3])
