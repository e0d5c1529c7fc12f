"""The service's text, measured against the PDF it was given: Marker reports success for pages it has lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from core.conversion.marker.pages import written
from core.conversion.marker.plausible import judge
from core.conversion.marker_service.answers import Outline, Result
from core.conversion.marker_service.paging import Paged
from core.errors import ConversionError

_UPLOADED = re.compile(r"\b[0-9a-f]{32}\.pdf\b")


def check_file(result: Result, name: str, pages: int) -> None:
    """Raise `ConversionError` if the result says that it is of another upload than `name`, or of a part of it."""
    named = _UPLOADED.findall(result.metadata.input_file or "")
    if named and name not in named:
        raise ConversionError("conversion_failed", "the service answered with the text of another file")
    told = result.metadata.pages
    if told and told != pages:
        raise ConversionError("implausible_text", f"the service read {told} pages of {pages}")


def check_text(made: Paged, outline: Outline, letters: Sequence[int]) -> tuple[str, ...]:
    """Return what is to be said of a text, `letters` being those of the PDF's pages; raise if it cannot be true.

    Where pages end is certain or it is not: then the text is measured as one.
    """
    if made.certain:
        return judge(_pages(made, outline, letters), reads_scans=True)
    layer, count = sum(max(0, many) for many in letters), len(letters)
    whole = {"letters": [layer], "written": written(made.markdown, [len(made.markdown)]), "pictures": [count]}
    return judge(whole | {"metadata": {"methods": ["unknown"]}}, reads_scans=True)


def _pages(made: Paged, outline: Outline, letters: Sequence[int]) -> dict[str, Any]:
    count = len(letters)
    told = len(outline.page_stats) == count
    shown = [made.markdown[start:end].count("![") for start, end in pairwise([0, *made.ends])]
    return {
        "letters": letters,
        "written": written(made.markdown, list(made.ends)),
        "pictures": outline.pictures if told else shown,
        "metadata": {"methods": outline.methods if told else ["unknown"] * count},
    }
