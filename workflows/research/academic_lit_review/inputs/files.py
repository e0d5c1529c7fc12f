"""Reading files and folders somebody gave us: how large, in which encoding, hidden or not."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable

from core.errors import InputError

#: Largest bibliography read, in bytes: 50,000 entries with abstracts are about this large.
MAX_BYTES = 100 * 1024 * 1024

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: str, *, limit: int = MAX_BYTES) -> tuple[str, str]:
    """Return the text of the file at `path`, and a remark when its encoding had to be guessed."""
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > limit:
        raise InputError(f"{path}: larger than {limit // (1024 * 1024)} MiB; split it into several files")
    return _decode(data)


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace"), ""
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        remark = f"not UTF-8 (line {line}); read as Latin-1, so check the accents"
    try:
        return data.decode("cp1252"), remark  # Latin-1 plus the quotes and dashes of Windows
    except UnicodeDecodeError:
        return data.decode("latin-1"), remark


def is_pdf(path: str) -> bool:
    """Tell whether the file at `path` is called or begins like a PDF."""
    if path.lower().endswith(".pdf"):
        return True
    try:
        with open(path, "rb") as file:
            return b"%PDF-" in file.read(1024)
    except OSError:
        return False


def pdfs(folder: str, on_error: Callable[[OSError], None]) -> list[str]:
    """Return the PDFs under `folder`, sorted, without hidden ones; folders that cannot be read go to `on_error`."""
    found = []
    for parent, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            os.path.join(parent, name)
            for name in names
            if name.lower().endswith(".pdf") and not name.startswith(".") and os.path.isfile(os.path.join(parent, name))
        ]
    return sorted(found)


def writable_name(path: str) -> bool:
    """Tell whether `path` can be written down as text: not every file name is valid UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
