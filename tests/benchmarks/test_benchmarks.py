"""The benchmark itself, on plans so small that only its own mistakes show; the figures are for `make bench`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks import conversion, efficiency, ideal, latency, memory, pipeline, pools
from tests.benchmarks.figures import Run, conversion_bound, end_to_end_bound, figures
from tests.benchmarks.plan import SLOTS, Paper, Plan, make

SETTINGS = [(rho, workers) for rho in efficiency.LOADS for workers in efficiency.WORKERS]


def test_the_bounds_are_those_of_the_definition() -> None:
    papers = (Paper(1, 0.9, 10, 1.0, 0.0, 2.0), Paper(2, 0.5, 10, 0.0, 3.0, 2.0), Paper(3, 0.1, 10, 8.0, 0.0, 1.0))
    plan = Plan(papers, 1, 1.0)
    one, two, three = (paper.doi for paper in papers)
    run = Run({one: 1, two: 3, three: 8}, {one: 3, two: 5, three: 9}, {one: 2, two: 2, three: 1}, 10)

    assert conversion_bound(run, 1) == 9
    assert conversion_bound(Run(dict.fromkeys(run.acquired, 6), {}, run.convert_s, 0), 1) == 6 + 5
    assert end_to_end_bound(plan) == max(1 + 5, 9, 9 / SLOTS + 1)
    assert figures(run, plan).utilisation == 0.5
    assert figures(run, plan).top_read == 0.3


@pytest.mark.parametrize(("rho", "workers"), SETTINGS)
def test_no_run_beats_the_bounds_and_the_chosen_plan_is_one_that_can_be_run_well(rho: float, workers: int) -> None:
    plan = make(workers=workers, rho=rho, seconds=15)
    found = figures(ideal.run(plan), plan)

    assert 0.97 <= found.eff_e2e <= 1
    assert 0.98 <= found.eff_conv <= 1.000001
    assert found.top_read <= 0.25


def test_the_load_is_what_it_is_called() -> None:
    for rho, workers in SETTINGS:
        plan = make(workers=workers, rho=rho, seconds=15)
        convert_s = sum(paper.convert_s for paper in plan.papers) / workers
        download_s = sum(paper.download_s for paper in plan.papers) / SLOTS
        assert convert_s / download_s == pytest.approx(rho)
        assert max(convert_s, download_s) == pytest.approx(15)


def test_idleness_counts_only_while_a_paper_waits() -> None:
    acquired, started, ended = {"a": 1.0, "b": 2.0, "c": 2.0}, {"a": 1.5, "b": 2.0, "c": 5.0}, {"a": 4.0, "b": 3.0}

    assert latency.idleness(acquired, started, {**ended, "c": 6.0}, 2) == (0.5 + 1.0 + 1.0, 2.0)


def test_the_pipeline_wins_on_a_small_plan_and_converts_at_once() -> None:
    row = efficiency.compare(make(workers=2, rho=1.0, seconds=1.5, count=30))

    assert row.phased is not None
    assert row.ours.eff_conv > 0.7
    assert row.ours.eff_e2e > row.phased.eff_e2e


def test_memory_and_rerun_sections_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sections = [memory.measure(count=60, seed=1), memory.rerun(count=20, seed=1)]

    assert [str(target) for section in sections for target in section.targets if not target.holds] == []


def test_the_command_prints_a_table_and_writes_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.main(["rerun", "--quick", "--json", str(tmp_path / "figures.json")]) == 0

    assert "warm rerun" in capsys.readouterr().out
    assert json.loads((tmp_path / "figures.json").read_text())["rerun"]["targets"]


def test_an_unknown_section_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        pipeline.main(["speed"])

    assert "choose from efficiency" in capsys.readouterr().err


def test_the_pools_are_measured_on_the_samples() -> None:
    section = pools.overhead()

    assert float(section.rows[0][0]) == (pools.ROUNDS - 1) * len(pools.SAMPLES)


def test_an_engine_that_cannot_be_used_is_named_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert not conversion.usable("marker-service")
    assert "LIT_REVIEW_MARKER_BASE_URL" in capsys.readouterr().out
