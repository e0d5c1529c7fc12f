"""Every fault there is, on every way there is: what passes costs no paper, what lasts costs its own and no other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from core.errors import known_reason
from core.loopback import Internet, Plan, Route
from core.loopback.faults import FAULTS, HARMLESS
from core.loopback.service import JOB_FAULTS
from tests.fakes import HeldConverter
from tests.library import PDFS, on, unique
from tests.plans import DAY_OFF, LASTING, LASTING_JOB, PASSING, PASSING_JOB, UNNOTICED
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult

#: Deadlines are short: loopback answers at once or never.
OPTIONS: dict[str, Any] = {
    "max_downloads": 16, "host_concurrency": 16, "idle_timeout_s": 0.6, "retry_base_s": 0.005, "poll_interval_s": 0.05,
    "acquisition_timeout_s": 1.0, "max_inflated_bytes": 2**24, "retry_after_cap_s": 2.0,
}  # fmt: skip
KINDS = ("arxiv", "pmc", "europepmc", "oa_url", "landing", "jats", "html", "retrieve")

#: Faults that are tested for themselves: they take long, or concern other papers as well.
APART = {"drip", "gzip_bomb", "rate_limited", DAY_OFF}


async def read(net: Internet, home: Path) -> PipelineResult:
    converter = HeldConverter(slots=2)
    converter.open()
    async with asyncio.timeout(60):
        return await run_paper_pipeline(net.papers, settings=net.settings(home, **OPTIONS), converter=converter)


#: A paper that can be had on two ways; its file is what the fault `wrong_paper` sends.
GOOD = on(PDFS[0], Route("oa_url"), Route("retrieve"))

#: The samples that can be had on one way alone.
SUITED = {kind: [n for n, served in enumerate(PDFS) if n and not served.jats] for kind in KINDS}
SUITED |= {"jats": [n for n, served in enumerate(PDFS) if served.jats]}
SUITED |= {"html": [n for n, served in enumerate(PDFS) if served.html]}


def planned(*faults: tuple[str, str, int | None]) -> Plan:
    """Return a plan with the good paper, and one for each (way, fault, times) that shares its files with no other."""
    papers = [
        unique(SUITED[kind][number % len(SUITED[kind])] + len(PDFS) * number, Route(kind, fault, times))  # type: ignore[arg-type]
        for number, (kind, fault, times) in enumerate(faults)
    ]
    return Plan((GOOD, *papers))


def how(outcomes: dict[str, Any], net: Internet) -> list[tuple[str, str, str]]:
    """Return way, fault and reason of each of these papers."""
    routes = {served.id: served.routes[0] for served in net.plan.papers}
    return [(routes[name].kind, routes[name].fault, outcome.get("reason", "")) for name, outcome in outcomes.items()]


def test_every_fault_of_the_loopback_internet_is_tested() -> None:
    assert set(FAULTS) - set(LASTING) - set(PASSING) - HARMLESS - APART == {
        "wall_awswaf", "wall_challenge", "wall_incapsula", "wall_pow", "wall_recaptcha",  # siblings of walls we have
    }  # fmt: skip
    assert {*LASTING_JOB, *PASSING_JOB} == JOB_FAULTS


async def test_no_paper_is_lost_to_a_fault_that_passes_or_does_no_harm(tmp_path: Path) -> None:
    faults: list[tuple[str, str, int | None]] = []
    for kind in KINDS:
        passing = {**PASSING, **(PASSING_JOB if kind == "retrieve" else {}), "rate_limited": 1}
        faults += [(kind, name, most) for name, most in passing.items()]
        faults += [(kind, name, None) for name in ("", *sorted(HARMLESS))]
    async with Internet(planned(*faults)) as net:
        result = await read(net, tmp_path)
        assert how({**result.acquisition_failed, **result.processing_failed}, net) == []
        assert len(result.results) == len(net.papers)


async def test_a_fault_that_lasts_costs_its_paper_and_no_other(tmp_path: Path) -> None:
    faults: list[tuple[str, str, int | None]] = []
    for kind in KINDS:
        lasting = {*LASTING, *(LASTING_JOB if kind == "retrieve" else ())} - UNNOTICED.get(kind, set())
        faults += [(kind, name, None) for name in sorted(lasting)]
    async with Internet(planned(*faults, ("oa_url", "gzip_bomb", None))) as net:
        result = await read(net, tmp_path)
        assert how({name: outcome for name, outcome in result.results.items() if name != GOOD.id}, net) == []
        assert result.results.keys() == {GOOD.id}
        assert [each for each in how(result.acquisition_failed, net) if not known_reason(each[2])] == []
        assert [name for name, outcome in result.acquisition_failed.items() if not outcome["tried"]] == []
