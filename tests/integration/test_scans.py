"""Scans: refused by an engine that reads text layers; let in, read and only then identified by one that sees pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.conversion.converter import Converted
from core.errors import ConversionError, InferenceDown
from core.loopback import Internet, Plan, Route
from core.stores.papers import PaperStore
from tests import pdfs
from tests.engine import Engine
from tests.library import PDFS, on
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import Outcome

TITLE = str(PDFS[0].metadata["title"])
ANOTHER = "# Perovskite solar cells with a record efficiency\n\nAbstract. We made cells." + " They shone." * 300


class Ocr(Engine):
    """An engine that reads `text` off every file, or fails once with each of `errors`."""

    name, rank, slots, reads_scans = "ocr", 20, 2, True

    def __init__(self, text: str = f"# {TITLE}\n\nBody.", *errors: Exception) -> None:
        self.calls = 0
        self._text, self._errors = text, list(errors)

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return self.converted(self._text)


def scans(*routes: Route, **options: Any) -> Plan:
    """Return a plan of one paper that exists as a scan only."""
    return Plan((replace(on(PDFS[0], *routes), pdf=pdfs.scanned(4), jats=None, html=None),), **options)


async def read(net: Internet, home: Path, converter: Engine | None = None, **options: Any) -> Outcome:
    result = await run_paper_pipeline(net.papers, settings=net.settings(home), converter=converter, **options)
    [outcome] = result.outcomes.values()
    return outcome


async def test_a_scan_is_read_and_then_known_by_its_title(tmp_path: Path) -> None:
    async with Internet(scans(Route("oa_url"))) as net:
        outcome = await read(net, tmp_path, Ocr())

    assert (outcome["status"], outcome["engine"], outcome["identity"]) == ("converted", "ocr", "title")
    assert outcome["warnings"] == []


async def test_a_scan_of_another_paper_fails_and_is_never_a_hit(tmp_path: Path) -> None:
    async with Internet(scans(Route("oa_url"), service=False)) as net:
        first = await read(net, tmp_path, Ocr(ANOTHER))
        second = await read(net, tmp_path, Ocr())

    assert (first["status"], first["reason"]) == ("failed", "wrong_paper")
    assert "Perovskite" in first["detail"]
    assert (second["status"], second["reason"]) == ("failed", "wrong_paper")
    async with PaperStore.open(tmp_path) as store:
        [refusal] = await store.refusals(PDFS[0].id)
        held = (await store.lookup([PDFS[0].id], rank=0, fingerprint="ocr/1"))[PDFS[0].id]
        assert (refusal.reason, held.text, held.file) == ("wrong_paper", None, None)


async def test_after_a_scan_of_another_paper_the_next_place_is_asked(tmp_path: Path) -> None:
    wrong = replace(on(PDFS[0], Route("oa_url"), Route("oa_url", host="rogue")), pdf=pdfs.scanned(4))
    async with Internet(Plan((wrong,))) as net:
        converter = Ocr(ANOTHER)
        outcome = await read(net, tmp_path, converter)

        assert len(net.asked(host="rogue")) == 1
    assert converter.calls == 2
    assert outcome["reason"] == "wrong_paper"
    assert [attempt["verdict"] for attempt in outcome["tried"]][:2] == ["ok", "ok"]


async def test_a_scan_given_by_the_user_is_not_questioned(tmp_path: Path) -> None:
    mine = tmp_path / "mine.pdf"
    mine.write_bytes(pdfs.scanned(3))
    async with Internet(Plan(())) as net:
        papers: Any = [{"title": TITLE, "pdf_path": str(mine)}]
        result = await run_paper_pipeline(papers, settings=net.settings(tmp_path / "home"), converter=Ocr(ANOTHER))

    [outcome] = result.results.values()
    assert outcome["identity"] == "given"


async def test_a_text_layer_without_meaning_is_taken_for_none(tmp_path: Path) -> None:
    served = replace(on(PDFS[0], Route("oa_url")), pdf=pdfs.garbled())
    async with Internet(Plan((served,), service=False)) as net:
        refused = await read(net, tmp_path / "without")
        outcome = await read(net, tmp_path / "with", Ocr())

    assert refused["reason"] == "wrong_paper"
    assert (outcome["status"], outcome["identity"]) == ("converted", "title")


async def test_an_engine_without_eyes_refuses_it_and_one_with_eyes_does_not_believe_that(tmp_path: Path) -> None:
    async with Internet(scans(Route("oa_url"), service=False)) as net:
        first = await read(net, tmp_path)
        again = await read(net, tmp_path)
        seen = await read(net, tmp_path, Ocr())

    assert (first["reason"], again["reason"]) == ("no_text_layer", "no_text_layer")
    assert "(known from an earlier run)" in again["detail"]
    assert seen["status"] == "converted"


async def test_what_an_engine_with_eyes_could_not_read_either_is_believed(tmp_path: Path) -> None:
    async with Internet(scans(Route("oa_url"), service=False)) as net:
        await read(net, tmp_path)
        converter = Ocr("", ConversionError("implausible_text", "nothing on 4 pages"))
        first = await read(net, tmp_path, converter)
        second = await read(net, tmp_path, converter)

    assert (first["reason"], second["reason"]) == ("implausible_text", "implausible_text")
    assert converter.calls == 1


@pytest.mark.parametrize("errors", [1, 2])
async def test_a_server_that_is_down_costs_a_try_and_is_never_held_against_the_paper(
    tmp_path: Path, errors: int
) -> None:
    async with Internet(scans(Route("oa_url"), service=False)) as net:
        converter = Ocr(f"# {TITLE}", *[InferenceDown("inference_unavailable")] * errors)
        first = await read(net, tmp_path, converter)
        asked = len(net.requests)
        second = await read(net, tmp_path, converter)

        assert len(net.requests) == asked
    assert first["status"] == ("converted" if errors == 1 else "failed")
    assert second["status"] == ("cached" if errors == 1 else "converted")
    assert second.get("identity", "title") == "title"
