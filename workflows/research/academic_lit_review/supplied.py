"""What a person answers to the questions of a run: which papers are read, and files of those that could not be had."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from core.conversion.inspect import Inspection, Inspector
from core.errors import PaperError
from core.metadata import PaperMetadata
from core.settings import Settings
from workflows.research.academic_lit_review.paper_processor.acquisition.gate import admit

#: By what a file must be known, to belong to a paper without anybody saying so.
_CERTAIN = ("doi", "arxiv_id", "title")
LEFT_OUT = "left out by the user"


def shown(names: Sequence[str], papers: Mapping[str, PaperMetadata]) -> list[dict[str, Any]]:
    """Return what a person needs to know of papers to decide on them."""
    keys = ("title", "year", "venue", "doi", "relevance_score")
    return [{"id": name, **{key: papers[name].get(key) for key in keys}} for name in names]


def approved(answer: object, selected: Sequence[str], reserve: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return what is read, what is left out and what waits, as a person says; anything but a mapping approves of all.

    `{"drop": [ids], "add": [ids]}` takes papers out, and others out of the reserve.
    """
    wishes = answer if isinstance(answer, Mapping) else {}
    drop, add = set(wishes.get("drop") or ()), set(wishes.get("add") or ())
    read = [name for name in selected if name not in drop] + [name for name in reserve if name in add - drop]
    out = [name for name in [*selected, *reserve] if name in drop]
    return read, out, [name for name in reserve if name not in add | drop]


async def matched(
    folder: str, missing: Mapping[str, PaperMetadata], settings: Settings
) -> tuple[dict[str, PaperMetadata], list[str]]:
    """Return those of `missing` whose PDF lies in `folder`, with its path, and notes on files that are none of them."""
    files = await asyncio.to_thread(_pdfs, folder)
    pairs: list[tuple[int, Path, str]] = []
    async with Inspector(settings) as inspector:
        for file in files:
            pairs += await _likely(file, missing, inspector)
    found: dict[str, Path] = {}
    for _, file, name in sorted(pairs):
        if name not in found and file not in found.values():
            found[name] = file
    notes = [f"{file.name} is none of the papers that were missing" for file in files if file not in found.values()]
    papers = {name: cast(PaperMetadata, {**missing[name], "pdf_path": str(file)}) for name, file in found.items()}
    return papers, notes if files else [f"no PDF was found in {folder}"]


async def _likely(
    file: Path, missing: Mapping[str, PaperMetadata], inspector: Inspector
) -> list[tuple[int, Path, str]]:
    """Return which papers the file may be, and how sure that is: the lower, the surer."""
    try:
        seen = await inspector.inspect(file)
    except PaperError:
        return []
    known = {name: _identity(seen, paper) for name, paper in missing.items()}
    return [(_CERTAIN.index(identity), file, name) for name, identity in known.items() if identity in _CERTAIN]


def _identity(seen: Inspection, paper: PaperMetadata) -> str:
    try:
        return admit(seen, paper).identity
    except PaperError:
        return ""


def _pdfs(folder: str) -> list[Path]:
    place = Path(folder).expanduser()
    return sorted(path.resolve() for path in place.rglob("*.pdf")) if place.is_dir() else []
