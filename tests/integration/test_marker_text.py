"""Marker without weights: the real `PdfConverter` in worker processes, on the text layer and our layout rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import psutil
import pypdfium2
import pytest
import pytest_asyncio

import core.loopback
from core.conversion.converter import Converted, Converter
from core.conversion.marker.engine import FUNCTION, RECYCLE_BYTES, START_S, MarkerTextConverter
from core.conversion.marker.options import TEXT, MarkerOptions
from core.conversion.pool import open_pool
from core.conversion.workers import MIB, Memory
from core.errors import ConversionError, SettingsError
from core.settings import Settings
from tests import pdfs
from tests.marking import convert, engine, needs_marker

Write = Callable[[bytes], Path]

pytestmark = [needs_marker, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

LIBRARY = Path(core.loopback.__file__).parent / "library"
SECTION = "= {}\n\n#lorem(90)\n\n== {}\n\n#lorem(90)"
TABLE = """
#figure(table(columns: 3, [Street], [Trees], [Degrees], [Elm Row], [41], [1.2], [Oak Lane], [17], [0.4]),
  caption: [What was measured], kind: table, supplement: [Table])
"""

FIGURE = """
#figure(image(bytes(range(256)), format: (encoding: "luma8", width: 16, height: 16), width: 6cm), caption: [A gradient])
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def marker() -> AsyncIterator[MarkerTextConverter]:
    async with engine() as one:
        yield one


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(content: bytes) -> Path:
        path = tmp_path / "paper.pdf"
        path.write_bytes(content)
        return path

    return put


async def read(marker: MarkerTextConverter, pdf: Path) -> Converted:
    return await marker.convert(pdf, deadline=marker.deadline(10))


def page(converted: Converted, number: int) -> str:
    span = converted.pages[number - 1]
    return converted.markdown[span.start : span.end]


async def test_it_is_a_converter_that_reads_no_scans(marker: MarkerTextConverter) -> None:
    converter: Converter = marker
    assert (converter.name, converter.rank, converter.slots, converter.reads_scans) == ("marker-text", 10, 1, False)
    assert converter.deadline(10) > converter.deadline(1) > 0


async def test_a_sample_paper_has_its_title_headings_table_and_pages(marker: MarkerTextConverter) -> None:
    found = await read(marker, LIBRARY / "02.pdf")

    assert found.markdown.startswith("# **Warmer nights below closed canopies")
    assert "| 14:00 to 16:00" in found.markdown
    assert [span.number for span in found.pages] == [1, 2]
    assert all(a.end == b.start for a, b in pairwise(found.pages))
    assert (found.pages[0].start, found.pages[-1].end) == (0, len(found.markdown))
    assert found.warnings == ()
    assert (found.engine, found.rank, found.fingerprint) == ("marker-text", 10, marker.fingerprint)


async def test_what_marker_knows_besides_comes_with_the_text(marker: MarkerTextConverter) -> None:
    found = (await read(marker, LIBRARY / "02.pdf")).metadata

    assert found["methods"] == ["pdftext", "pdftext"]
    assert {"title": "1 Introduction", "level": 2, "page": 1} in found["table_of_contents"]
    assert {"title": "4 Discussion", "level": 2, "page": 2} in found["table_of_contents"]


async def test_a_paragraph_that_runs_over_a_page_break_is_one_and_no_mark_is_left(
    marker: MarkerTextConverter, write: Write
) -> None:
    found = await read(marker, write(pdfs.typeset("= Long\n\n#lorem(900) Zebra.")))

    assert len(found.pages) == 2
    assert page(found, 1)[-1] == " "
    assert page(found, 2)[0].islower()
    assert page(found, 2).endswith("Zebra.")
    assert "---" not in found.markdown


async def test_words_of_markup_in_a_paper_stay_words(marker: MarkerTextConverter, write: Write) -> None:
    words = r"A \<script\>alert(1)\</script\> and \{1\}" + "-" * 48 + r" and \<div class='page'\>. #lorem(60)"

    found = await read(marker, write(pdfs.typeset(words, "= Second\n\n#lorem(60)")))

    assert "<script>" not in found.markdown.replace("\\<", "")
    assert "alert(1)" in page(found, 1)
    assert "Second" in page(found, 2)


@pytest.mark.parametrize("turned", [90, 180, 270])
async def test_a_turned_page_reads_as_an_upright_one(marker: MarkerTextConverter, write: Write, turned: int) -> None:
    upright = write(pdfs.typeset(f"{SECTION.format('One', 'Two')}\n{TABLE}"))
    plain = await read(marker, upright)
    with pypdfium2.PdfDocument(upright) as document:
        document[0].set_rotation(turned)
        document.save(upright.with_name("turned.pdf"))

    found = await read(marker, upright.with_name("turned.pdf"))

    assert "| Oak Lane | 17" in plain.markdown
    assert found.metadata == plain.metadata
    assert found.markdown == plain.markdown


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdfs.locked(b"secret", b"boss"), "encrypted"),
        (b"%PDF-1.7\nnothing of the kind", "damaged"),
        (pdfs.typeset("#lorem(300)")[:700], "damaged"),
        (pdfs.paged(b"", 0), "empty"),
        (b"", "empty"),
        (b"<html><head><title>404</title></head><body><p>Not found</p></body></html>", "not_pdf"),
        (pdfs.typeset("#rect(width: 10cm, height: 10cm)"), "no_text_layer"),
        (pdfs.scanned(2), "no_text_layer"),
    ],
)
async def test_what_cannot_be_read_has_a_reason(
    marker: MarkerTextConverter, write: Write, content: bytes, reason: str
) -> None:
    with pytest.raises(ConversionError) as caught:
        await read(marker, write(content))
    assert caught.value.reason == reason


async def test_a_file_that_needs_no_password_to_open_is_read(marker: MarkerTextConverter, write: Write) -> None:
    """One that is empty inside, so its reason is another."""
    with pytest.raises(ConversionError, match="no_text_layer"):
        await read(marker, write(pdfs.locked(b"", b"boss")))


async def test_pages_without_text_are_named(marker: MarkerTextConverter, write: Write) -> None:
    found = await read(marker, write(pdfs.typeset("#lorem(90)", "#rect(fill: black)", "Zebra. #lorem(80)")))

    assert found.warnings == ("no text on page 2",)
    assert found.pages[1].start == found.pages[1].end
    assert page(found, 3).startswith("Zebra.")


async def test_a_page_that_cannot_be_opened_is_named_and_costs_no_other(
    marker: MarkerTextConverter, write: Write
) -> None:
    lines = b"".join(b"(Line %d of a page made by hand) Tj T* " % number for number in range(20))
    words = pdfs.stream(b"BT /F 12 Tf 14 TL 50 700 Td " + lines + b"ET")

    found = await read(marker, write(pdfs.paged(b"3 0 R 9 0 R 3 0 R", 3, {4: words})))

    assert found.warnings == ("unreadable page 2",)
    assert found.metadata["methods"] == ["pdftext", "unreadable", "pdftext"]
    assert "Line 19" in page(found, 1)
    assert "Line 19" in page(found, 3)


async def test_a_blank_page_is_not_missed(marker: MarkerTextConverter, write: Write) -> None:
    found = await read(marker, write(pdfs.typeset("#lorem(90)", "#v(1cm)", "#lorem(80)")))
    assert found.warnings == ()


async def test_a_long_paper_in_chunks_has_the_pages_of_the_whole(tmp_path: Path) -> None:
    pdf = tmp_path / "long.pdf"
    pdf.write_bytes(pdfs.typeset(*(SECTION.format(f"Part {n}", f"More of {n}") for n in range(1, 6))))

    whole, parts = await convert(pdf), await convert(pdf, marker_chunk_pages=2, max_processing=2)

    assert parts.markdown == whole.markdown
    assert parts.pages == whole.pages
    assert parts.metadata == whole.metadata


async def test_only_the_pages_asked_for_are_read(tmp_path: Path) -> None:
    pdf = tmp_path / "long.pdf"
    pdf.write_bytes(pdfs.typeset(*("\n\n".join([f"Page {n} of four."] * 30) for n in range(1, 5))))

    found = await convert(pdf, marker_options={"page_range": "1,3"}, marker_chunk_pages=2)

    assert [set(page(found, number).split()) & set("1234") for number in range(1, 5)] == [set(), {"2"}, set(), {"4"}]
    assert found.metadata["methods"] == ["", "pdftext", "", "pdftext"]
    assert found.warnings == ()


async def test_pictures_come_by_the_names_under_which_the_text_shows_them(tmp_path: Path) -> None:
    pdf = tmp_path / "figures.pdf"
    pdf.write_bytes(pdfs.typeset(*(f"= Part {n}\n#lorem(60)\n{FIGURE}\n#lorem(60)" for n in (1, 2))))

    found = await convert(pdf, marker_images=True, marker_chunk_pages=1)

    assert len(found.images) == 2
    assert all(image.startswith(b"\xff\xd8") for image in found.images.values())
    assert [page(found, number).count(f"![]({name})") for number, name in enumerate(sorted(found.images), 1)] == [1, 1]
    assert "![" not in (await convert(pdf)).markdown


@pytest.mark.parametrize(
    ("options", "word"),
    [({"disable_orc": True}, "disable_ocr"), ({"use_llm": True}, "gemini_api_key")],
)
async def test_options_that_do_not_fit_stop_the_run(write: Write, options: dict[str, object], word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        await convert(write(pdfs.typeset("#lorem(90)")), marker_options=options)


async def test_memory_stays_bounded_over_a_hundred_conversions_for_processes_are_replaced(tmp_path: Path) -> None:
    options = MarkerOptions(TEXT).plain()
    samples = [tmp_path / f"{number}.pdf" for number in range(5)]
    for number, sample in enumerate(samples):
        sample.write_bytes(pdfs.typeset(f"{SECTION.format(number, 'Same')}\n{TABLE}"))
    memory = Memory(2 * RECYCLE_BYTES, resident=True, recycle_bytes=RECYCLE_BYTES)
    others, held = children(), dict[int, int]()

    async with open_pool(
        Settings(), FUNCTION, slots=1, memory=memory, recycle_after=40, start_timeout_s=START_S
    ) as pool:
        for number in range(100):
            answer = await pool.run(samples[number % len(samples)], options, deadline=120)
            assert "Oak Lane" in answer["markdown"]
            for child in children() - others:
                held[child.pid] = max(held.get(child.pid, 0), child.memory_info().rss)

    assert children() == others
    assert len(held) == 3
    assert max(held.values()) < 700 * MIB


def children() -> set[psutil.Process]:
    return set(psutil.Process().children())
