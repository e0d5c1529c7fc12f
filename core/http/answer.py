"""What a request gives: a `Page` in memory or a `Download` on disk."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import FetchError

A = TypeVar("A", bound=BaseModel)

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.I)
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.I)
#: Families of text encodings. Python's others (`idna`, `punycode`, `hex`) are not, and some take quadratic time.
_TEXT = re.compile(r"utf|iso8859|cp\d|windows|latin|koi8|gb|hz|big5|euc|shift|ascii|mac|johab|tis|ptcp|kz")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SNIFFED_BYTES = 1024


@dataclass(frozen=True)
class Page:
    """An answer in memory; `url` and `hops` (the addresses that redirected) are redacted, `headers` in lower case."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    hops: tuple[str, ...] = ()
    media_type: str = ""
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Return the body as text: by byte order mark, header, declaration in the text, UTF-8, then Windows-1252."""
        for mark, encoding in _MARKS:
            if self.body.startswith(mark):
                return self.body.decode(encoding, "replace")
        for name in (*self._charsets(), "utf-8"):
            try:
                return self.body.decode(name)
            except UnicodeDecodeError:
                continue
        return self.body.decode("cp1252", "replace")

    def json(self) -> Any:
        """Return the body read as JSON; raise `FetchError("bad_answer")` if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise FetchError("bad_answer", f"not JSON ({type(error).__name__})", url=self.url) from error

    def read(self, model: type[A]) -> A:
        """Return the body read as JSON of that form; raise `FetchError("bad_answer")` if it is of another."""
        try:
            return model.model_validate(self.json())
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
            detail = f"not a {model.__name__} ({wrong})"
            raise FetchError("bad_answer", detail, url=self.url, status=self.status) from None

    def _charsets(self) -> list[str]:
        declared = _DECLARED.search(self.body[:_SNIFFED_BYTES])
        named = _CHARSET.search(self.headers.get("content-type", ""))
        names = [named.group(1) if named else "", declared.group(1).decode("ascii") if declared else ""]
        return [found for name in names if (found := _codec(name))]


@dataclass(frozen=True)
class Download:
    """A file on disk, whole and durable; `head` is its first 4096 bytes, the rest as in `Page`."""

    path: Path
    sha256: str
    size: int
    head: bytes = field(repr=False)
    url: str
    status: int
    hops: tuple[str, ...] = ()
    media_type: str = ""
    seconds: float = 0.0


def _codec(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return ""
    return found if _TEXT.match(found.replace("-", "").replace("_", "")) else ""
