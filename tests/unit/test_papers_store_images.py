"""Images lie in a folder of their text, as durable, checked and swept as everything else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio

from core.stores.papers import PaperStore
from core.stores.records import StoredText
from tests.storing import accept, faults, markdown, pdf

A, B = "10.1/a", "10.1/b"
PICTURES = {"_page_0_Figure_1.jpeg": b"jpeg", "plot.png": b"png"}


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[PaperStore]:
    async with PaperStore.open(tmp_path) as opened:
        yield opened
    assert faults(tmp_path) == []
    assert list((tmp_path / "tmp").iterdir()) == []


async def illustrated(store: PaperStore, pictures: dict[str, bytes], paper_id: str = A, number: int = 1) -> StoredText:
    file = await accept(store, paper_id, pdf(number))
    return await store.add_text(paper_id, file.sha256, replace(markdown(number), images=pictures), seconds=1.0)


def found(text: StoredText) -> dict[str, bytes]:
    assert text.images is not None
    return {path.name: path.read_bytes() for path in text.images.iterdir()}


async def test_images_lie_in_the_folder_of_their_text_under_their_names(store: PaperStore, tmp_path: Path) -> None:
    text = await illustrated(store, PICTURES)

    assert text.images == tmp_path / "images" / text.sha256[:2] / text.sha256
    assert found(text) == PICTURES
    assert await store.texts_of(A) == [text]
    assert (await store.lookup([A], rank=10, fingerprint="fake/1"))[A].text == text
    stats = await store.stats()
    assert (stats.images, stats.image_bytes) == (2, 7)


async def test_a_text_without_images_has_no_folder(store: PaperStore, tmp_path: Path) -> None:
    assert (await illustrated(store, {})).images is None
    assert not (tmp_path / "images").exists()


async def test_a_name_that_leads_elsewhere_is_left_out(store: PaperStore, tmp_path: Path) -> None:
    bad = ("../x", "/etc/x", "a/b.png", "..", ".hidden", "", "x\0y", "ä.png", "n" * 200)

    text = await illustrated(store, {**dict.fromkeys(bad, b"no"), "ok.png": b"yes"})

    assert found(text) == {"ok.png": b"yes"}
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"no"] == []


async def test_a_text_that_is_made_again_the_same_gains_images_reason_and_metadata(store: PaperStore) -> None:
    bare = await illustrated(store, {})
    again = replace(markdown(1), images=PICTURES, why="asked for", metadata={"n": [1, {"é": None}]})

    text = await store.add_text(A, bare.file_sha256, again, seconds=2.0)

    assert found(text) == PICTURES
    assert (text.why, text.metadata) == ("asked for", {"n": [1, {"é": None}]})
    assert await store.texts_of(A) == [text]


async def test_another_text_of_the_same_converter_changes_nothing(store: PaperStore) -> None:
    first = await illustrated(store, {})
    other = replace(markdown(2), images=PICTURES, why="asked for")

    assert await store.add_text(A, first.file_sha256, other, seconds=2.0) == first


async def test_images_of_a_forgotten_paper_go_with_the_next_opening(tmp_path: Path) -> None:
    async with PaperStore.open(tmp_path) as store:
        gone, kept = await illustrated(store, PICTURES), await illustrated(store, PICTURES, B, 2)
        await store.forget(A)
        assert (await store.stats()).images == 2

    async with PaperStore.open(tmp_path) as store:
        assert gone.images is not None
        assert not gone.images.exists()
        assert found(kept) == PICTURES


async def test_what_a_killed_process_left_in_an_image_folder_is_swept(tmp_path: Path) -> None:
    async with PaperStore.open(tmp_path) as store:
        text = await illustrated(store, PICTURES)
        assert text.images is not None
        (text.images / "half.png").write_bytes(b"no row names it")
        orphan = tmp_path / "images/ff" / ("f" * 64)
        orphan.mkdir(parents=True)
        (orphan / "a.png").write_bytes(b"its text was never stored")

    async with PaperStore.open(tmp_path):
        assert found(text) == PICTURES
        assert not orphan.exists()


async def test_a_damaged_image_is_moved_aside_and_missing_from_then_on(store: PaperStore, tmp_path: Path) -> None:
    text = await illustrated(store, PICTURES)
    assert text.images is not None
    (text.images / "plot.png").write_bytes(b"gnp")

    assert (await store.verify()).damaged == (text.images / "plot.png",)

    assert (tmp_path / "damaged" / f"{text.sha256}-plot.png").read_bytes() == b"gnp"
    assert (await store.verify()).damaged == ()
    assert list(found(text)) == ["_page_0_Figure_1.jpeg"]
