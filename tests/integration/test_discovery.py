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
from core.loopback import Internet, Plan, Trouble
from core.loopback.corpus import read
from core.scholarly import Catalogues, MemoryCache, open_catalogues
from core.settings import CATALOGUES
from tests.trees import library
from workflows.research.academic_lit_review.diffusion import Diffused, snowball
from workflows.research.academic_lit_review.discovery import Discovered, discover
from workflows.research.academic_lit_review.presets import PRESETS, Preset
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


async def test_a_small_library_is_searched_merged_and_followed(tmp_path: Path) -> None:
    question, preset = asked("street trees"), PRESETS["test"]
    async with desk(library(), tmp_path) as at:
        found = await discover(question, at.catalogues, preset, year=2024)
        known = found["papers"], found["relevant"], found["near"]
        more = await snowball(question, *known, at.catalogues, preset, year=2024)

    assert {"10.5555/trees", "10.5555/bees"} & set(found["relevant"])
    assert len(found["identified"]) >= 4
    assert len(more["stages"]) == 1
    assert more["credits"]["spent"] > 0


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
    assert sum(found["identified"].values()) == found["duplicates"] + len(found["papers"])
    assert set(found["papers"]) == {*found["relevant"], *found["near"], *found["excluded"]}
    assert found["silent"] == []


async def followed(at: Desk, found: Discovered, preset: Preset, **options: Any) -> Diffused:
    known = found["papers"], found["relevant"], found["near"]
    return await snowball(BASIL, *known, at.catalogues, preset, year=2019, **options)


@needs_corpus
async def test_citations_lead_from_a_few_basil_papers_to_many(tmp_path: Path) -> None:
    preset = replace(PRESETS["comprehensive"], saturation=0.0)
    async with desk(REAL, tmp_path) as at:
        found = await discover(BASIL, at.catalogues, PRESETS["test"], year=2019)
        more = await followed(at, found, preset)

    assert len(found["relevant"]) <= 60
    assert len(more["relevant"]) >= len(found["relevant"]) + 30
    everything = {*found["papers"], *more["papers"]}
    left = {**found["excluded"], **more["excluded"]}
    assert everything == {*more["relevant"], *more["near"], *left}
    assert {name for pair in more["citations"] for name in pair} <= {*more["relevant"], *more["near"]}
    assert sum(more["identified"].values()) == more["duplicates"] + len(more["papers"])
    assert more["credits"]["spent"] <= more["credits"]["limit"]
    assert more["completeness"]["by_both"] >= 7
    titles = [paper["title"].lower() for name, paper in more["papers"].items() if name in set(more["relevant"])]
    assert all("ocimum" in title or "tulsi" in title or "basil" in title for title in titles)


@needs_corpus
async def test_the_credits_of_a_run_are_never_exceeded_and_the_others_go_on(tmp_path: Path) -> None:
    async with desk(REAL, tmp_path, openalex_credits=13) as at:
        found = await discover(BASIL, at.catalogues, PRESETS["quick"], year=2019)
        more = await followed(at, found, PRESETS["quick"])
        spent = [request for request in at.net.asked(host="openalex") if "search=" in request.path]

    assert more["credits"]["spent"] <= 13
    assert len(spent) <= 1
    assert found["relevant"]
    assert any(
        note.startswith("openalex, search: the credits for this catalogue are used up") for note in found["notes"]
    )
    assert sum(stage["records"] for stage in more["stages"]) > 0


@needs_corpus
@pytest.mark.parametrize("down", CATALOGUES)
async def test_any_one_catalogue_may_be_down(down: str, tmp_path: Path) -> None:
    plan = replace(REAL, troubles=(Trouble(down, "http_503"),))
    async with desk(plan, tmp_path) as at:
        found = await discover(BASIL, at.catalogues, PRESETS["test"], year=2019)
        more = await followed(at, found, PRESETS["test"])

    assert found["silent"] == ([] if down == "unpaywall" else [down])
    assert any(note.startswith(down) for note in found["notes"]) is (down != "unpaywall")
    assert len(more["relevant"]) >= 20


@needs_corpus
async def test_all_catalogues_down_is_told_and_gives_nothing(tmp_path: Path) -> None:
    plan = replace(REAL, troubles=tuple(Trouble(name, "http_503") for name in CATALOGUES))
    async with desk(plan, tmp_path) as at:
        found = await discover(BASIL, at.catalogues, PRESETS["test"], year=2019)
        more = await followed(at, found, PRESETS["test"])

    assert (found["papers"], found["relevant"], more["papers"]) == ({}, [], {})
    assert sorted(found["silent"]) == sorted(set(CATALOGUES) - {"unpaywall"})
    assert more["stopped"] == "there was no paper left whose citations could be followed"
