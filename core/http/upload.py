"""A file on its way to a service: one form, read in steps by threads, and whether it went out whole."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx

from core.errors import FetchError
from core.settings import MIB

_DASHES = b"--"
_LINE = b"\r\n"


class Upload(httpx.AsyncByteStream):
    """A `multipart/form-data` body (RFC 7578): `fields`, then the `size` bytes at `path` as the field "file".

    Each try sends it from its beginning. `whole` tells that the latest try gave all of it to the network: before that,
    nobody can have taken it in. No handle stays open between two steps, so a cancelled try leaves none behind.
    """

    def __init__(self, path: Path, size: int, *, name: str, fields: Mapping[str, str]) -> None:
        self.whole = False
        self._path, self._size = path, size
        self._boundary = secrets.token_hex(16).encode()
        parts = [self._part(f'name="{_escaped(field)}"', value.encode()) for field, value in fields.items()]
        kind = b"Content-Type: application/pdf"
        self._head = b"".join(parts) + self._part(f'name="file"; filename="{_escaped(name)}"', b"", kind)[: -len(_LINE)]
        self._tail = _LINE + _DASHES + self._boundary + _DASHES + _LINE

    @classmethod
    async def of(cls, path: Path, *, name: str, fields: Mapping[str, str], most: int) -> Upload:
        """Return the upload of the file at `path`; raise `too_large` for more than `most` bytes."""
        size = await asyncio.to_thread(os.path.getsize, path)
        if size > most:
            raise FetchError("too_large", f"{size} bytes to send, more than {most}", size=size)
        return cls(path, size, name=name, fields=fields)

    @property
    def headers(self) -> dict[str, str]:
        """Return what the request must say of this body."""
        length = len(self._head) + self._size + len(self._tail)
        kind = f"multipart/form-data; boundary={self._boundary.decode()}"
        return {"content-type": kind, "content-length": str(length)}

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Begin again."""
        self.whole = False
        return _Pieces(self)

    async def piece(self, at: int) -> bytes:
        """Return the next bytes of the body from offset `at` of it, none at its end."""
        inside = at - len(self._head)
        if inside < 0:
            return self._head
        if inside < self._size:
            return await asyncio.to_thread(self._read, inside)
        self.whole = True
        return self._tail if inside == self._size else b""

    def _read(self, offset: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(offset)
            piece = file.read(min(MIB, self._size - offset))
        if not piece:
            raise FetchError("truncated", "the file became shorter while it was sent")
        return piece

    def _part(self, disposition: str, value: bytes, *headers: bytes) -> bytes:
        opening = b"Content-Disposition: form-data; " + disposition.encode()
        return _LINE.join([_DASHES + self._boundary, opening, *headers, b"", value, b""])


class _Pieces:
    """One try at sending; unlike a generator it has no end to wait for when it is dropped."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._at = 0

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._upload.piece(self._at)
        self._at += len(piece)
        if not piece:
            raise StopAsyncIteration
        return piece


def _escaped(name: str) -> str:
    """Return a name as browsers write it between quotes (WHATWG HTML, multipart form data)."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
