"""Papers out of JSONL (`.jsonl`): one `PaperMetadata` a line. The values are nobody's promise, so they are checked."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.inputs.files import writable_name
from workflows.research.academic_lit_review.inputs.record import MAX_ID, Note, clean, compact, usable

_ADAPTER = TypeAdapter(PaperMetadata)
_KEYS = frozenset(PaperMetadata.__annotations__)
_IDS = ("doi", "openalex_id", "pmid", "pmcid", "arxiv_id")
#: What a number can be at most in a database column.
_MOST = 2**53


def parse(text: str, folder: Path) -> Iterator[PaperMetadata | Note]:
    """Yield the papers of a JSONL file, a note for every line that is none, and one for all keys nobody knows."""
    unknown: dict[str, int] = {}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip():
            yield from _line(f"line {number}", line, folder, unknown)
    if unknown:
        yield Note(
            "", f"unknown keys ignored: {', '.join(sorted(unknown)[:20])} (first in line {min(unknown.values())})"
        )


def _line(where: str, line: str, folder: Path, unknown: dict[str, int]) -> Iterator[PaperMetadata | Note]:
    try:
        data = _plain(json.loads(line))
    except (ValueError, RecursionError) as error:
        yield Note(where, f"not JSON: {error}")
        return
    if not isinstance(data, dict):
        yield Note(where, f"a JSON object was expected, not {line.strip()[:40]}")
        return
    for key in data.keys() - _KEYS:
        unknown.setdefault(clean(key)[:40], int(where.removeprefix("line ")))
    paper, problems = _checked({key: data[key] for key in _KEYS & data.keys()}, folder)
    yield from (Note(where, problem) for problem in problems)
    yield paper if usable(paper) else Note(where, "has neither identifier nor title")


def _plain(value: Any) -> Any:
    """Return JSON without nulls and invisible characters, and names as authors."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_plain(part) for part in value if part is not None]
    if isinstance(value, dict):
        plain = {str(key): _plain(part) for key, part in value.items() if part is not None}
        if isinstance(plain.get("authors"), list):
            plain["authors"] = [{"name": name} if isinstance(name, str) else name for name in plain["authors"]]
        return plain
    return value


def _checked(data: dict[str, Any], folder: Path) -> tuple[PaperMetadata, list[str]]:
    """Return what of `data` is well-typed and possible, and a sentence for each value that is not."""
    problems = []
    try:
        paper = _ADAPTER.validate_python(data)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]): problem["msg"] for problem in error.errors(include_url=False)}
        problems = [f"{key} ignored: {message}" for key, message in wrong.items()]
        paper = _ADAPTER.validate_python({key: value for key, value in data.items() if key not in wrong})
    if "pdf_path" in paper:
        paper["pdf_path"] = os.path.abspath(os.path.join(folder, paper["pdf_path"]))
    impossible = sorted(key for key, value in paper.items() if not _possible(key, value))
    problems += [f"{key} ignored: {clean(str(paper.get(key)))[:80]!r} cannot be" for key in impossible]
    return compact({key: value for key, value in paper.items() if key not in impossible}), problems


def _possible(key: str, value: object) -> bool:
    if key == "year":
        return isinstance(value, int) and 1000 <= value <= 2999
    if key == "pdf_path":
        return isinstance(value, str) and os.path.isfile(value) and writable_name(value)
    if key == "pdf_sha256":
        return re.fullmatch(r"[0-9a-f]{64}", str(value)) is not None
    if key in _IDS:
        return len(str(value)) <= MAX_ID
    return not isinstance(value, int | float) or (math.isfinite(value) and abs(value) <= _MOST)
