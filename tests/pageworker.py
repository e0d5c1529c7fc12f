"""Reads the pages of a PDF as engines do, but for PDFs that say in a comment what is to happen at which page."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from tests import workerfns

_DEED = re.compile(rb"% (\w+) at page (\d+)((?: \d+)*)\s*$")


def read(path: str, pages: list[int]) -> dict[str, Any]:
    """Note the call in the folder NOTES, then answer."""
    data = Path(path).read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    with pypdfium2.PdfDocument(data) as document:
        count = len(document)
    first, last = pages[0], min(pages[1], count)
    Path(os.environ["NOTES"], f"{sha256} {first} {os.getpid()}").touch()
    deed = _DEED.search(data)
    if deed and first <= int(deed[2]) <= last:
        workerfns.act(deed[1].decode(), *map(int, deed[3].split()))
    texts = [f"Page {number} of {sha256}." for number in range(first, last + 1)]
    ends = [sum(map(len, texts[:number])) + 2 * (number - 1) for number in range(1, len(texts) + 1)]
    return {
        "markdown": "\n\n".join(texts), "pages": ends, "first": first, "count": count, "file": {"sha256": sha256},
    }  # fmt: skip
