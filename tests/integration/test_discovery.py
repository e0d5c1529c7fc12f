"""Discovery and diffusion over the catalogues of the loopback internet."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.http import HttpClient
from core.loopback import Internet, Plan
from core.loopback.corpus import read
from core.scholarly import Catalogues, MemoryCache, open_catalogues
from workflows.research.academic_lit_review.discovery import discover
from workflows.research.academic_lit_review.presets import PRESETS
from workflows.research.academic_lit_review.question import asked
from workflows.research.academic_lit_review.selection import select

CORPUS = os.environ.get("LIT_REVIEW_CORPUS")


def real() -> Plan:
    """Return the corpus with years as numbers: some of its references have them as text."""
    plan = read(Path(CORPUS)) if CORPUS else Plan(())
    return replace(
        plan, known=tuple({**paper, "year": int(paper["year"])} if "year" in paper else paper for paper in plan.known)
    )  # type: ignore[misc]


REAL = real()
BASIL = asked(
    "Ocimum sanctum (holy basil, tulsi): pharmacological effects",
    ["Does it protect the heart?", "Does it kill microbes?"],
)
needs_corpus = pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS is not set: there are no real papers here")


@dataclass(frozen=True)
class Desk:
    net: Internet
    catalogues: Catalogues


@asynccontextmanager
async def desk(plan: Plan, home: Path, **given: Any) -> AsyncIterator[Desk]:
    async with Internet(plan) as net:
        known = {"contact_email": "reader@library.net", "openalex_api_key": "key", "max_tries": 1, "host_pace_s": {}}
        settings = net.settings(home, **{**known, "acquisition_delay_s": 0, **given})
        async with HttpClient(settings) as http:
            yield Desk(net, open_catalogues(settings, http, MemoryCache()))


@needs_corpus
async def test_the_basil_papers_are_found_and_no_others(tmp_path: Path) -> None:
    preset = PRESETS["standard"]
    async with desk(REAL, tmp_path) as at:
        found = await discover(BASIL, at.catalogues, preset, year=2019)

    basil = {served.metadata["title"] for served in REAL.papers if "cimum sanctum" in served.metadata["title"]}
    titles = {found["papers"][name]["title"] for name in found["relevant"]}
    assert len(basil & titles) >= len(basil) - 1
    assert not [title for title in titles if "julia" in title.lower()]
    chosen = select(found["papers"], found["relevant"], found["near"], preset, year=2019)
    assert len(chosen["selected"]) == 50
    assert found["duplicates"] > 0
    assert found["records"] == found["duplicates"] + len(found["papers"])
    assert set(found["papers"]) == {*found["relevant"], *found["near"], *found["excluded"]}
    assert found["silent"] == []
