"""The files of `--out`: one Markdown file per paper, its images beside it, `outcomes.jsonl` and `missing.csv`."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

from core.conversion.converter import PageSpan
from core.errors import InputError, LitReviewError, StoreError
from core.identifiers import file_key
from core.stores.records import StoredText
from workflows.research.academic_lit_review.paper_processor.state import Outcome, Tried
from workflows.research.academic_lit_review.pictures import found, linked
from workflows.research.academic_lit_review.report import label

OUTCOMES, MISSING = "outcomes.jsonl", "missing.csv"
COLUMNS = ("id", "title", "doi", "failed_stage", "reason", "detail", "tried")

#: Longest readable part of a file name, in UTF-8 bytes: with hash and suffix far below the 255 of file systems.
_NAME_BYTES = 80
#: Signs a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|[\t\r\n]")
#: What YAML does not allow as it is in a quoted scalar, beyond what JSON escapes.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


class Texts(Protocol):
    """Where texts are read from: the paper store."""

    async def read_text(self, sha256: str) -> str:
        """Return a text by its hash; raise StoreError when it is damaged."""

    async def texts_of(self, paper_id: str) -> list[StoredText]:
        """Return what is known of a paper's texts."""


def prepare(folder: Path) -> None:
    """Make `folder` and see that files can be made in it; raise InputError when not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written: {error.strerror}") from error


async def export(outcomes: Iterable[Outcome], texts: Texts, folder: Path) -> list[str]:
    """Write everything about `outcomes` into `folder`; return a sentence for every text that is damaged.

    What earlier runs wrote there of other papers stays, in the tables too. Each file is whole or not there. Raises
    LitReviewError when the disk does not take it.
    """
    problems, told = [], await asyncio.to_thread(earlier, folder)
    for outcome in outcomes:
        line: dict[str, object] = dict(outcome)
        if outcome["status"] != "failed":
            try:
                line["markdown"] = await _paper(outcome, texts, folder)
            except StoreError as error:
                problems.append(f"{label(outcome)}: {error}; run the same command again to make it anew")
        told[outcome["paper_id"]] = line
    lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in told.values())
    await asyncio.to_thread(write, folder / OUTCOMES, "".join(lines))
    table = missing(cast(list[Outcome], list(told.values())))
    await asyncio.to_thread(write, folder / MISSING, "\ufeff" + table)  # Excel takes UTF-8 only with a BOM
    return problems


def earlier(folder: Path) -> dict[str, dict[str, object]]:
    """Return the outcomes that earlier runs wrote into `folder`, by paper; blocking. A broken line is left out."""
    path, known = folder / OUTCOMES, {}
    for line in path.read_text("utf-8", "replace").splitlines() if path.is_file() else []:
        with suppress(ValueError, KeyError, TypeError):
            outcome = json.loads(line)
            known[outcome["paper_id"]] = {"status": outcome["status"], **outcome}
    return known


def write(path: Path, content: str | bytes) -> None:
    """Write `content` to `path` in one piece; blocking. Raises LitReviewError when the disk does not take it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise LitReviewError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def file_name(outcome: Outcome) -> str:
    """Return a readable name that is safe on every file system, and differs for different papers."""
    plain = unicodedata.normalize("NFC", label(outcome)).casefold().removesuffix(".pdf")
    words = re.sub(r"[\W_]+", "-", plain).strip("-").encode()[:_NAME_BYTES].decode("utf-8", "ignore").strip("-")
    return "-".join(filter(None, (words, file_key(outcome["paper_id"])[:8]))) + ".md"


async def _paper(outcome: Outcome, texts: Texts, folder: Path) -> str:
    """Write the text of a paper, and its images into a folder of the same name; return the name of the text."""
    name, text = file_name(outcome), await texts.read_text(outcome["text_sha256"])
    known = await texts.texts_of(outcome["paper_id"])
    stored = next((each for each in known if each.sha256 == outcome["text_sha256"]), None)
    await asyncio.to_thread(_write_paper, folder / name, outcome, text, stored)
    return name


def _write_paper(path: Path, outcome: Outcome, text: str, stored: StoredText | None) -> None:
    pages, images = (stored.pages, found(stored.images)) if stored else ((), [])
    for image in images:
        path.with_suffix("").mkdir(exist_ok=True)
        write(path.with_suffix("") / image.name, image.read_bytes())
    write(path, document(outcome, *linked(text, pages, [image.name for image in images], path.stem)))


def document(outcome: Outcome, text: str, pages: tuple[PageSpan, ...]) -> str:
    """Return the text, unchanged, under its front matter.

    `page_starts` are the characters of the text (counted from 0, after the front matter) where its pages begin.
    """
    matter = {
        "id": outcome["paper_id"],
        "title": outcome.get("title", ""),
        "doi": outcome.get("doi", ""),
        "source": outcome.get("source", ""),
        "url": outcome.get("url", ""),
        "license": outcome.get("license", ""),
        "identity": outcome.get("identity", ""),
        "warnings": outcome.get("warnings", []),
        "engine": outcome.get("engine", ""),
        "why": outcome.get("why", ""),
        "pages": len(pages) or outcome.get("pages", 0),
        "page_starts": [page.start for page in pages],
        "text_sha256": outcome["text_sha256"],
        "file_sha256": outcome.get("file_sha256", ""),
    }
    return f"---\n{front_matter(matter)}---\n\n{text}"


def front_matter(values: Mapping[str, object]) -> str:
    """Return `values` as YAML: JSON in one line each is YAML, but for a few characters."""
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", "".join(lines))


def missing(outcomes: Iterable[Outcome]) -> str:
    """Return the papers that were not obtained as CSV, each with everything that was tried."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    table.writerow(COLUMNS)
    for outcome in outcomes:
        if outcome["status"] == "failed":
            known = {**outcome, "id": outcome["paper_id"], "tried": tried(outcome.get("tried", []))}
            table.writerow([cell(str(known.get(column, ""))) for column in COLUMNS])
    return file.getvalue()


def tried(attempts: Iterable[Tried]) -> str:
    """Return all attempts in one cell, one a line."""
    told = (f"{each['source']} {each['url']} -> {each['verdict']}: {each.get('detail', '')}" for each in attempts)
    return "\n".join(line.strip(": ") for line in told)


def cell(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
