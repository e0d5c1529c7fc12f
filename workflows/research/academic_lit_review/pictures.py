"""The images of exported texts: copied beside the Markdown, and its links led there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from core.conversion.converter import PageSpan


def linked(
    text: str, pages: tuple[PageSpan, ...], names: Iterable[str], folder: str
) -> tuple[str, tuple[PageSpan, ...]]:
    """Return `text` with its links to the images `names` leading into `folder`, and where its pages are then."""
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    if not known:
        return text, pages
    places = [match.end(1) for match in re.finditer(rf"(\]\(<?|\bsrc=[\"'])(?:{known})(?=[)>\s\"'])", text)]
    parts = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]

    def moved(offset: int) -> int:
        return offset + sum(place < offset for place in places) * (len(folder) + 1)

    spans = tuple(PageSpan(page.number, moved(page.start), moved(page.end)) for page in pages)
    return f"{folder}/".join(parts), spans


def found(folder: Path | None) -> list[Path]:
    """Return the images in a folder of the store; blocking."""
    return sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
