"""Simple papers go to the text layer, hard ones to the engine that sees the pages, and each says why."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.conversion.converter import Converted, Converter
from core.conversion.look import MOST_PAGES, look
from core.conversion.routed import Route, RoutedConverter, Sight, route
from core.errors import ConversionError, InferenceDown, WorkerDied
from core.settings import Settings
from tests import pdfs
from tests.engine import Engine

CORPUS = os.environ.get("LIT_REVIEW_CORPUS", "")
PROSE = "#lorem(400)"
FORMULAS = "#lorem(60)\n" + "$ integral_0^1 x^2 dif x = sum_(i=1)^n a_i b_i + alpha $\n" * 4
TABLES = PROSE + "\n#figure(table(columns: 2, [a], [b]), caption: [Things])\n" * 4

Write = Callable[[bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(content: bytes) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.pdf"
        path.write_bytes(content)
        return path

    return put


class Scripted(Engine):
    """An engine that fails with its errors, one a call, and then gives its name as the text."""

    def __init__(self, name: str, rank: int, *errors: Exception, slots: int = 1) -> None:
        self.name, self.rank, self.slots = name, rank, slots
        self.reads_scans = rank > 10
        self.deadlines: list[float] = []
        self._errors = list(errors)

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        self.deadlines.append(deadline)
        if self._errors:
            raise self._errors.pop(0)
        return self.converted(self.name)


def routed(*errors: Exception, simple: Scripted | None = None) -> RoutedConverter:
    """Return a router whose thorough engine has these errors."""
    settings = Settings.model_validate({"inspect_timeout_s": 30})
    return RoutedConverter(simple or Scripted("plain", 10, slots=2), Scripted("seeing", 20, *errors), settings)


async def convert(converter: RoutedConverter, pdf: Path) -> Converted:
    async with converter:
        return await converter.convert(pdf, deadline=60)


def test_it_is_a_converter_with_a_lane_for_each_engine() -> None:
    converter: Converter = routed()

    assert (converter.name, converter.rank, converter.slots, converter.reads_scans) == ("routed", 20, 3, True)
    assert routed().lanes == {"plain": 2, "seeing": 1}
    assert converter.fingerprint == "routed/1+plain/1+seeing/1"
    assert converter.deadline(10) == 50


@pytest.mark.parametrize(
    ("content", "engine", "why"),
    [
        (pdfs.typeset(PROSE), "plain", "a plain text layer, few formulas and tables"),
        (pdfs.scanned(2), "seeing", "2 of 2 pages are scans"),
        (pdfs.scanned(1, text="A text for searching only\nread by a machine"), "seeing", "1 of 1 pages are scans"),
        (pdfs.garbled(), "seeing", "garbled text on 1 of 1 pages"),
        (pdfs.typeset(PROSE, FORMULAS), "seeing", "formulas on 1 of 2 pages"),
        (pdfs.typeset(TABLES), "seeing", "4 tables on 1 of 1 pages"),
    ],
    ids=["prose", "scan", "scan with hidden text", "garbled", "formulas", "tables"],
)
async def test_each_paper_goes_to_the_engine_it_needs_and_says_why(
    write: Write, content: bytes, engine: str, why: str
) -> None:
    made = await convert(routed(), write(content))

    assert (made.engine, made.fingerprint, made.markdown) == (engine, f"{engine}/1", engine)
    assert made.rank == {"plain": 10, "seeing": 20}[engine]
    assert made.why == f"routed to {engine}: {why}"
    assert made.metadata == {"routed_by": routed().fingerprint}


async def test_the_lane_of_a_paper_is_that_of_its_engine_and_the_look_is_not_repeated(write: Write) -> None:
    plain, scan, broken = write(pdfs.typeset(PROSE)), write(pdfs.scanned()), write(b"%PDF-1.4 nothing")
    async with routed() as converter:
        assert [await converter.lane(pdf) for pdf in (plain, scan, broken)] == ["plain", "seeing", "plain"]
        scan.unlink()
        assert (await converter.convert(scan, deadline=60)).engine == "seeing"


@pytest.mark.parametrize(
    "error",
    [
        ConversionError("conversion_timeout", "longer than 60 s"),
        ConversionError("implausible_text", "12 of 3000"),
        ConversionError("out_of_memory"),
    ],
)
async def test_a_readable_paper_the_thorough_engine_fails_on_is_read_by_the_other(
    write: Write, error: ConversionError
) -> None:
    made = await convert(routed(error), write(pdfs.typeset(TABLES)))

    assert made.engine == "plain"
    assert made.why == "routed to seeing: 4 tables on 1 of 1 pages; it failed"
    assert made.warnings == (f"read by plain, for seeing failed: {error}",)
    assert "routed_by" not in made.metadata


@pytest.mark.parametrize("error", [InferenceDown("inference_unavailable"), WorkerDied("worker_died", "signal 9")])
async def test_a_failure_that_may_pass_is_given_one_more_try(write: Write, error: ConversionError) -> None:
    pdf = write(pdfs.typeset(TABLES))

    assert (await convert(routed(error), pdf)).engine == "seeing"
    assert (await convert(routed(error, error), pdf)).engine == "plain"


async def test_a_scan_fails_with_the_failure_of_the_engine_that_could_have_read_it(write: Write) -> None:
    converter = routed(InferenceDown("inference_unavailable", "gone"))

    async with converter:
        with pytest.raises(InferenceDown, match="gone"):
            await converter.convert(write(pdfs.scanned()), deadline=60)


async def test_what_neither_engine_reads_fails_for_the_reason_of_the_better_one(write: Write) -> None:
    simple = Scripted("plain", 10, ConversionError("implausible_text"))
    converter = routed(ConversionError("conversion_failed", "an exception"), simple=simple)

    with pytest.raises(ConversionError, match="an exception"):
        await convert(converter, write(pdfs.typeset(TABLES)))


async def test_each_engine_has_a_deadline_of_its_own(write: Write) -> None:
    simple = Scripted("plain", 10)
    await convert(routed(simple=simple), write(pdfs.typeset(PROSE, PROSE)))

    assert simple.deadlines == [simple.deadline(2)]


async def test_a_file_that_does_not_open_is_no_matter_of_engines(write: Write) -> None:
    with pytest.raises(ConversionError, match="damaged"):
        await convert(routed(), write(b"%PDF-1.4 nothing"))


async def test_a_paper_that_cannot_be_looked_at_is_left_to_the_thorough_engine(write: Write) -> None:
    settings = Settings.model_validate({"inspect_timeout_s": 0.05})
    converter = RoutedConverter(Scripted("plain", 10), Scripted("seeing", 20), settings)

    made = await convert(converter, write(pdfs.bomb(b"0 0 m 10 10 l S ", 64)))

    assert made.engine == "seeing"
    assert made.why.startswith("routed to seeing: it cannot be looked at (conversion_timeout")


@pytest.mark.parametrize(
    ("sight", "thorough", "readable"),
    [
        (Sight(pages=20, looked=20, scans=12), True, False),
        (Sight(pages=20, looked=20, scans=1), False, True),
        (Sight(pages=8, looked=8, garbled=1), True, False),
        (Sight(pages=10, looked=10, formulas=2), False, True),
        (Sight(pages=10, looked=10, formulas=3), True, True),
        (Sight(pages=10, looked=10, tabled=2, tables=3), False, True),
        (Sight(pages=10, looked=10, tabled=2, tables=4), True, True),
        (Sight(pages=44, looked=44, tabled=12, tables=2), True, True),
        (Sight(pages=0, looked=0), False, True),
    ],
)
def test_the_thresholds(sight: Sight, thorough: bool, readable: bool) -> None:
    found = route(sight)

    assert (found.thorough, found.readable) == (thorough, readable)


def test_of_a_long_document_pages_from_all_over_it_are_looked_at(write: Write) -> None:
    seen = look(str(write(pdfs.typeset(*[PROSE] * 70, *[FORMULAS] * 70))))

    assert (seen["pages"], len(seen["seen"])) == (140, MOST_PAGES)
    assert sum(page["math"] > 0 for page in seen["seen"]) == MOST_PAGES // 2


@pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS names no folder of real papers")
def test_of_the_real_papers_those_with_formulas_or_many_tables_are_hard() -> None:
    routes: dict[str, Route] = {
        pdf.stem: route(Sight.of(look(str(pdf)))) for pdf in sorted(Path(CORPUS, "pdfs").glob("*.pdf"))
    }
    hard: dict[str, Any] = {name: found.why for name, found in routes.items() if found.thorough}

    assert len(routes) == 47
    assert hard == {
        "10.1155_2018_7801543": "2 tables on 12 of 44 pages",
        "10.1155_2018_9412167": "formulas on 5 of 12 pages, 5 tables on 4 of 12 pages",
        "10.1186_s12934-018-1017-5": "5 tables on 3 of 9 pages",
        "10.15171_joddd.2016.015": "5 tables on 2 of 7 pages",
        "10.21105_jcon.00092": "formulas on 3 of 10 pages",
        "10.5281_zenodo.3162890": "garbled text on 1 of 9 pages, formulas on 5 of 9 pages",
        "10.5281_zenodo.5006005": "formulas on 4 of 14 pages, 4 tables on 4 of 14 pages",
        "10.6026_97320630013067": "4 tables on 3 of 6 pages",
    }
