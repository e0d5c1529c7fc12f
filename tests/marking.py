"""What tests of Marker share: when they run, how its engine is set up, and answers of its worker made by hand."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from core.conversion.converter import Converted
from core.conversion.marker.engine import MarkerTextConverter
from core.settings import Settings

needs_marker = pytest.mark.skipif(find_spec("marker") is None, reason="needs the extra [marker]: `make marker`")


def engine(**options: object) -> MarkerTextConverter:
    """Return Marker without weights, not yet entered."""
    return MarkerTextConverter(Settings.model_validate({"max_processing": 1, **options}))


async def convert(pdf: Path, **options: object) -> Converted:
    """Return what an engine made for this one paper reads."""
    async with engine(**options) as converter:
        return await converter.convert(pdf, deadline=120.0)


def answer(
    *pages: tuple[int, int], pictures: dict[int, int] | None = None, calls: dict[str, int] | None = None
) -> dict[str, Any]:
    """Return what a worker answers of pages with so many letters in the file and in the text."""
    return {
        "letters": [layer for layer, _ in pages],
        "written": [written for _, written in pages],
        "pictures": [(pictures or {}).get(number, 0) for number in range(1, len(pages) + 1)],
        "ink": [1] * len(pages),
        "metadata": {"table_of_contents": [], "methods": ["pdftext"] * len(pages)},
        "calls": calls or {},
    }
