"""Inspection: a readable paper shows its figures, anything else is refused with a reason, nothing is waited for."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from blockbuster import blockbuster_ctx

from core.conversion.inspect import Inspection, Inspector
from core.errors import NotAdmitted
from core.settings import Settings
from tests import pdfs

XMP = b"""<x:xmpmeta><rdf:RDF><rdf:Description prism:doi="10.1000/XMP.1">
<dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">Tea &amp; sleep</rdf:li></rdf:Alt></dc:title></rdf:Description></x:xmpmeta>"""


@pytest.fixture(autouse=True)
def _no_blocking_call() -> Iterator[None]:
    with blockbuster_ctx(scanned_modules=["core"]):
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


def write(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def inspector(timeout_s: float = 20.0, downloads: int = 2) -> Inspector:
    return Inspector(Settings.model_validate({"inspect_timeout_s": timeout_s, "max_downloads": downloads}))


async def look(file: Path, content: bytes) -> Inspection:
    async with inspector() as eyes:
        return await eyes.inspect(write(file, content))


async def test_a_paper_shows_its_figures(file: Path) -> None:
    content = pdfs.typeset("One page", "Two", "Three", "Four", title="On tea", keywords="doi:10.1234/Tea.5")
    seen = await look(file, content)
    assert (seen.pages, seen.sampled, seen.page_chars, seen.chars) == (4, 4, (7, 3, 5, 4), 19)
    assert seen.text == "One page\n\fTwo\n\fThree"
    assert (seen.title, seen.doi) == ("On tea", "10.1234/tea.5")
    assert (seen.encrypted, seen.complete, seen.size) == (False, True, len(content))


async def test_title_and_doi_are_also_found_in_xmp(file: Path) -> None:
    seen = await look(file, pdfs.paged(b"3 0 R", 1, {6: b"<</Length 300>>\nstream\n" + XMP + b"\nendstream"}))
    assert (seen.title, seen.doi) == ("Tea & sleep", "10.1000/xmp.1")


async def test_of_a_long_file_ten_pages_are_sampled(file: Path) -> None:
    seen = await look(file, pdfs.paged(b"3 0 R " * 400, 400))
    assert (seen.pages, seen.sampled, seen.chars) == (400, 10, 150)


async def test_a_scan_shows_no_characters(file: Path) -> None:
    seen = await look(file, pdfs.typeset("#rect(width: 5cm, height: 5cm)"))
    assert (seen.sampled, seen.chars) == (1, 0)


async def test_a_file_that_only_its_owner_may_change_is_fine(file: Path) -> None:
    seen = await look(file, pdfs.locked(b"", b"boss"))
    assert (seen.encrypted, seen.pages) == (True, 1)


async def test_a_file_with_a_lost_end_is_read_when_all_its_pages_are_there(file: Path) -> None:
    content = pdfs.paged(b"3 0 R", 1)
    seen = await look(file, content[: content.index(b"startxref")])
    assert (seen.complete, seen.pages, seen.chars) == (False, 1, 15)


async def test_rubbish_after_the_end_does_no_harm(file: Path) -> None:
    assert (await look(file, pdfs.typeset("Text") + b"<!-- served by x -->" + bytes(900))).complete


WHOLE = pdfs.typeset("Hello", "World")


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (b"<!DOCTYPE html><title>Just a moment...</title>", "not_pdf", "html"),
        (b'{"status": 404}', "not_pdf", "text"),
        (b"", "empty", "0 bytes"),
        (pdfs.paged(b"", 0), "empty", "no pages"),
        (pdfs.build({1: b"<</Type /Catalog>>"}), "empty", "no pages"),
        (pdfs.locked(b"secret", b"boss"), "encrypted", "password"),
        (WHOLE[: len(WHOLE) // 2], "truncated", "no end of file marker"),
        (pdfs.paged(b"3 0 R 9 0 R", 2).partition(b"startxref")[0], "truncated", "1 of 2 pages cannot be read"),
        (b"%PDF-1.7\n" + b"rubbish " * 500 + b"\nstartxref\n12\n%%EOF", "damaged", "does not open"),
        (pdfs.paged(b"2 0 R", 1), "damaged", "none of 1 pages"),
        (pdfs.bomb(b"\0", 800), "too_large", "1024 MB of memory"),
    ],
)
async def test_what_is_no_readable_paper_is_refused(file: Path, content: bytes, reason: str, detail: str) -> None:
    with pytest.raises(NotAdmitted, match=detail) as caught:
        await look(file, content)
    assert caught.value.reason == reason


async def test_the_error_of_one_file_is_not_told_of_the_next(tmp_path: Path) -> None:
    write(tmp_path / "locked", pdfs.locked(b"secret", b"boss"))
    write(tmp_path / "blank", pdfs.paged(b"", 0))
    async with inspector(downloads=1) as eyes:
        for name, reason in (("locked", "encrypted"), ("blank", "empty")):
            with pytest.raises(NotAdmitted, match=reason):
                await eyes.inspect(tmp_path / name)


@pytest.mark.parametrize("content", [pdfs.paged(b"3 0 R " * 300_000, 300_000), pdfs.paged(b"3 0 R", 2**31 - 1)])
async def test_a_huge_page_count_is_no_trap(file: Path, content: bytes) -> None:
    assert (await look(file, content)).sampled <= 10


@pytest.mark.parametrize("content", [b"q ", b"[", b"<<", b"BT /F 1 Tf (a) Tj ET\n", b"0 0 m 9 9 l S\n"])
async def test_a_bomb_ends_in_time(file: Path, content: bytes) -> None:
    write(file, pdfs.bomb(content, 100))
    async with inspector(timeout_s=0.5) as eyes:
        try:
            seen = await eyes.inspect(file)
        except NotAdmitted as refused:
            assert refused.reason in ("damaged", "too_large")  # noqa: PT017 - either is right
        else:
            assert seen.chars == 0


async def test_a_hung_file_delays_only_itself(tmp_path: Path) -> None:
    write(tmp_path / "bomb", pdfs.bomb(b"0 0 m 9 9 l S\n", 200))
    write(tmp_path / "good", WHOLE)
    async with inspector(timeout_s=1.0) as eyes, asyncio.TaskGroup() as group:
        hung = group.create_task(_reason(eyes, tmp_path / "bomb"))
        for _ in range(10):
            assert (await eyes.inspect(tmp_path / "good")).pages == 2
        assert not hung.done()
    assert hung.result() == "damaged: inspection took longer than 1 s"


async def test_leaving_ends_a_running_inspection_at_once(tmp_path: Path) -> None:
    write(tmp_path / "bomb", pdfs.bomb(b"0 0 m 9 9 l S\n", 200))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), inspector() as eyes:
            await eyes.inspect(tmp_path / "bomb")
    assert psutil.Process().children(recursive=True) == []


async def _reason(eyes: Inspector, file: Path) -> str:
    with pytest.raises(NotAdmitted) as caught:
        await eyes.inspect(file)
    return str(caught.value)


async def test_a_warm_inspector_has_a_process_before_the_first_file() -> None:
    async with inspector() as eyes:
        await eyes.warm()
        assert psutil.Process().children(recursive=True)
