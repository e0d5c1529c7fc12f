"""The real `PdfConverter` in real worker processes, its models on a stand-in server that fails in every way it can."""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from core.conversion.converter import Converted
from core.conversion.marker.engine import MarkerConverter
from core.errors import ConversionError, InferenceDown
from core.settings import Settings
from core.streaming import together
from tests.pdfs import typeset
from tests.surya import Surya, surya

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(importlib.util.find_spec("marker") is None, reason="needs the extra [marker]: `make marker`"),
]

DEADLINE_S = 60.0
WORKERS = 2
WAIT_S = 5.0
PAGE = "= Finding {}\n\n#lorem(150)\n\n#lorem(100)"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the workers a home of their own, to see what they leave in it."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def stand_in() -> Iterator[Surya]:
    with surya() as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(stand_in: Surya, home: Path) -> AsyncIterator[MarkerConverter]:
    async with MarkerConverter(settings(stand_in)) as one:
        yield one


@pytest.fixture(autouse=True)
def well(stand_in: Surya) -> Iterator[None]:
    """Put the stand-in right again after each test."""
    yield
    stand_in.fault, stand_in.garbled = "", False


def settings(stand_in: Surya, **options: object) -> Settings:
    quick = {"retry_base_s": 0.01, "inference_wait_s": WAIT_S, "marker_start_server": False, "max_processing": WORKERS}
    return Settings(_env_file=None, **{**quick, **stand_in.settings(), **options})


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """Return a PDF of two pages with a text layer."""
    path = tmp_path / "paper.pdf"
    path.write_bytes(typeset(PAGE.format("one"), PAGE.format("two")))
    return path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Return a PDF whose one page is a picture of lines of print."""
    from PIL import Image, ImageDraw

    page = Image.new("L", (1240, 1754), 255)
    for top in range(200, 1500, 25):
        ImageDraw.Draw(page).rectangle((150, top, 1090, top + 12), 0)
    path = tmp_path / "scan.pdf"
    page.save(path, resolution=150)
    return path


async def read(engine: MarkerConverter, pdf: Path, *, deadline: float = DEADLINE_S) -> Converted:
    async with asyncio.timeout(DEADLINE_S):
        return await engine.convert(pdf, deadline=deadline)


async def test_a_text_layer_that_is_good_is_kept_in_the_layout_that_was_seen(
    engine: MarkerConverter, stand_in: Surya, paper: Path
) -> None:
    before = stand_in.count("layout")

    converted = await read(engine, paper)

    assert "Finding two" in converted.markdown
    assert "seen" not in converted.markdown
    assert converted.metadata["methods"] == ["pdftext", "pdftext"]
    assert stand_in.count("layout") - before == 2


async def test_a_page_that_is_a_picture_is_read_by_the_server(engine: MarkerConverter, scan: Path) -> None:
    converted = await read(engine, scan)

    assert len(set(converted.markdown.split())) > 100
    assert all(word.startswith("seen") for word in converted.markdown.split())
    assert converted.metadata["methods"] == ["surya"]


async def test_a_text_layer_that_is_garbled_is_replaced(engine: MarkerConverter, stand_in: Surya, paper: Path) -> None:
    stand_in.garbled = True

    converted = await read(engine, paper)

    assert "Finding" not in converted.markdown
    assert converted.metadata["methods"] == ["surya", "surya"]


async def test_the_server_is_asked_for_no_more_at_a_time_than_it_can_do(
    engine: MarkerConverter, stand_in: Surya, paper: Path
) -> None:
    stand_in.fault, stand_in.peak = "slow", 0

    texts = await together(*(read(engine, paper) for _ in range(4)))

    assert len({text.markdown for text in texts}) == 1
    assert 0 < stand_in.peak <= stand_in.slots * 1.5


@pytest.mark.parametrize("fault", ["json", "soup", "cut"])
async def test_nonsense_about_the_layout_costs_the_layout_and_not_the_text(
    engine: MarkerConverter, stand_in: Surya, paper: Path, fault: str
) -> None:
    stand_in.fault = fault

    converted = await read(engine, paper)

    assert "Finding two" in converted.markdown
    assert "sorry" not in converted.markdown


@pytest.mark.parametrize("fault", ["json", "soup"])
async def test_nonsense_instead_of_a_scan_is_no_text(
    engine: MarkerConverter, stand_in: Surya, scan: Path, fault: str
) -> None:
    stand_in.fault = fault

    with pytest.raises(ConversionError) as raised:
        await read(engine, scan)

    assert raised.value.reason in ("implausible_text", "no_text_layer")


async def test_a_server_that_fails_every_call_fails_the_paper_and_soon(
    engine: MarkerConverter, stand_in: Surya, scan: Path
) -> None:
    """Marker itself returns normally, without text, after more than a minute."""
    stand_in.fault = "error"
    begun = time.monotonic()

    with pytest.raises(InferenceDown):
        await read(engine, scan)

    assert time.monotonic() - begun < 20


async def test_a_server_that_dies_and_returns_costs_a_retry(
    engine: MarkerConverter, stand_in: Surya, paper: Path, scan: Path
) -> None:
    stand_in.dies_after = stand_in.count() + 3

    async def restart() -> None:
        await asyncio.to_thread(stand_in.dead.wait)
        stand_in.serve()

    *texts, _ = await together(*(read(engine, pdf) for pdf in (paper, scan, paper, scan)), restart())

    assert all(text and text.markdown for text in texts)


async def test_no_worker_starts_a_server_or_writes_down_that_it_did(engine: MarkerConverter, home: Path) -> None:
    children = psutil.Process().children()

    assert len(children) == WORKERS
    assert [child.children() for child in children] == [[]] * WORKERS
    assert not (home / ".cache" / "datalab").exists()


async def test_fast_mode_reads_too_and_goes_to_the_next_device_when_one_is_gone(
    stand_in: Surya, home: Path, paper: Path, scan: Path
) -> None:
    with surya() as first:
        urls = f"{first.base('vision')},{stand_in.base('vision')}"
        options = {"marker_mode": "fast", "surya_inference_url": urls, "max_processing": 1}
        async with MarkerConverter(settings(stand_in, **options)) as engine:
            assert "Finding two" in (await read(engine, paper)).markdown
            assert first.count() == 0  # nothing on these pages needs the vision model

            assert "seen" in (await read(engine, scan)).markdown
            assert first.count() > 0
            await asyncio.to_thread(first.die)

            assert "seen" in (await read(engine, scan)).markdown


async def test_a_server_that_answers_nothing_holds_a_paper_up_to_its_deadline(
    engine: MarkerConverter, stand_in: Surya, paper: Path
) -> None:
    stand_in.fault = "mute"

    with pytest.raises(ConversionError, match="conversion_timeout"):
        await read(engine, paper, deadline=2.0)


async def test_a_server_that_stays_away_fails_the_paper_when_patience_ends(
    engine: MarkerConverter, stand_in: Surya, scan: Path
) -> None:
    """The last: from now on papers fail at once."""
    await asyncio.to_thread(stand_in.die)

    with pytest.raises(InferenceDown):
        await read(engine, scan)
    begun = time.monotonic()
    with pytest.raises(InferenceDown):
        await read(engine, scan)

    assert time.monotonic() - begun < 1
