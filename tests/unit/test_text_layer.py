"""The text-layer engine: an answer with pages for every readable paper, a typed reason for everything else."""

import asyncio
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from core.conversion.converter import Converted, Converter
from core.conversion.text_layer import TextLayerConverter
from core.errors import ConversionError
from core.settings import Settings
from tests import pdfs

Write = Callable[[bytes], Path]


@pytest.fixture(autouse=True)
def _no_blocking_call() -> Iterator[None]:
    with blockbuster_ctx(scanned_modules=["core"]):
        yield


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(content: bytes) -> Path:
        path = tmp_path / "paper.pdf"
        path.write_bytes(content)
        return path

    return put


def engine(**overrides: object) -> TextLayerConverter:
    return TextLayerConverter(Settings.model_validate({"max_processing": 1, **overrides}))


async def convert(pdf: Path, *, deadline: float = 60.0) -> Converted:
    async with engine() as converter:
        return await converter.convert(pdf, deadline=deadline)


async def test_it_is_a_converter_and_its_fingerprint_names_rules_and_library() -> None:
    converter: Converter = engine()
    async with converter:
        assert (converter.name, converter.rank, converter.slots) == ("text-layer", 10, 1)
        assert re.fullmatch(r"text-layer/\d+\+pypdfium2/5\.[\d.]+", converter.fingerprint)


async def test_every_page_has_its_span_and_the_spans_have_no_gaps(write: Write) -> None:
    converted = await convert(write(pdfs.typeset("#lorem(60)", "#rect()", "Zebra. #lorem(50)")))
    assert [span.number for span in converted.pages] == [1, 2, 3]
    assert all(a.end == b.start for a, b in pairwise(converted.pages))
    assert (converted.pages[0].start, converted.pages[-1].end) == (0, len(converted.markdown))
    assert converted.pages[1].start == converted.pages[1].end
    assert converted.markdown[converted.pages[2].start :].startswith("Zebra.")
    assert converted.warnings == ("no text on page 2",)
    assert converted.engine == "text-layer"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdfs.locked(b"secret", b"boss"), "encrypted"),
        (b"%PDF-1.7\nnothing of the kind", "damaged"),
        (pdfs.typeset("#lorem(300)")[:700], "damaged"),
        (pdfs.paged(b"", 0), "empty"),
        (pdfs.typeset("#rect(width: 10cm, height: 10cm)"), "no_text_layer"),
    ],
)
async def test_what_cannot_be_read_has_a_reason(write: Write, content: bytes, reason: str) -> None:
    with pytest.raises(ConversionError) as caught:
        await convert(write(content))
    assert caught.value.reason == reason


async def test_text_that_stands_askew_everywhere_is_implausible(write: Write) -> None:
    with pytest.raises(ConversionError, match="implausible_text"):
        await convert(write(pdfs.typeset("#rotate(30deg)[#lorem(100)]")))


@pytest.mark.parametrize(
    ("content", "deadline", "reason"),
    [(pdfs.bomb(b"\0", 400), 60.0, "out_of_memory"), (pdfs.bomb(b"0 0 m 9 9 l S\n", 200), 0.5, "conversion_timeout")],
)
async def test_a_bomb_ends_with_a_reason_and_the_next_paper_is_fine(
    write: Write, content: bytes, deadline: float, reason: str
) -> None:
    async with engine(worker_memory_bytes=512 * 1024 * 1024) as converter:
        with pytest.raises(ConversionError) as caught:
            await converter.convert(write(content), deadline=deadline)
        assert caught.value.reason == reason
        assert (await converter.convert(write(pdfs.typeset("#lorem(50)")), deadline=60.0)).markdown


async def test_cancelling_stops_the_work(write: Write) -> None:
    async with engine() as converter:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await converter.convert(write(pdfs.bomb(b"0 0 m 9 9 l S\n", 200)), deadline=60.0)
        assert (await converter.convert(write(pdfs.typeset("#lorem(50)")), deadline=60.0)).markdown
