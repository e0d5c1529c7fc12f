"""A file is whole and durable under its hash, or not there."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from core.http.part import HEAD_BYTES, Part, receiving


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def written(folder: Path, *data: bytes) -> Part:
    part = Part(folder)
    part.begin()
    for piece in data:
        part.write(piece)
    return part


def test_a_kept_file_bears_its_hash_and_the_temporary_one_is_gone(tmp_path: Path) -> None:
    part = written(tmp_path, b"full ", b"text")

    path, sha256 = part.keep()

    assert sha256 == hashlib.sha256(b"full text").hexdigest()
    assert (path, path.read_bytes(), names(tmp_path)) == (tmp_path / sha256, b"full text", [sha256])
    assert (part.size, part.head) == (9, b"full text")


def test_the_head_is_the_beginning_however_the_bytes_came(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40

    part = written(tmp_path, data[:10], data[10:5000], data[5000:])
    part.keep()

    assert part.head == data[:HEAD_BYTES]


def test_two_owners_of_the_same_bytes_get_a_file_each(tmp_path: Path) -> None:
    first, sha256 = written(tmp_path, b"same").keep()
    second, again = written(tmp_path, b"same").keep()

    assert sha256 == again
    assert first != second
    assert first.read_bytes() == second.read_bytes() == b"same"


def test_a_new_try_starts_with_an_empty_file(tmp_path: Path) -> None:
    part = written(tmp_path, b"half of ano")
    part.begin()
    part.write(b"whole")

    path, _ = part.keep()

    assert (path.read_bytes(), part.size, part.head, len(names(tmp_path))) == (b"whole", 5, b"whole", 1)


def test_dropping_removes_the_file_kept_or_not(tmp_path: Path) -> None:
    begun, kept = written(tmp_path, b"begun"), written(tmp_path, b"kept")
    kept.keep()

    begun.drop()
    kept.drop()
    kept.drop()

    assert names(tmp_path) == []


def test_a_step_that_comes_after_dropping_does_nothing(tmp_path: Path) -> None:
    part = written(tmp_path, b"begun")
    part.drop()

    part.begin()
    part.write(b"late")
    part.keep()

    assert names(tmp_path) == []


async def test_a_block_that_fails_leaves_nothing_and_one_that_ends_well_leaves_the_file(tmp_path: Path) -> None:
    async def failing() -> None:
        async with receiving(tmp_path) as part:
            await asyncio.to_thread(part.begin)
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        await failing()
    assert names(tmp_path) == []

    async with receiving(tmp_path) as part:
        await asyncio.to_thread(part.begin)
        path, _ = await asyncio.to_thread(part.keep)
    assert path.exists()
