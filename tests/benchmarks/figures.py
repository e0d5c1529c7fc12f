"""What is counted: lower bounds of the makespan, and how near a run came to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.benchmarks.plan import SLOTS, Plan


@dataclass(frozen=True)
class Run:
    """One run as it was seen, by paper id: when papers were acquired and converted, in seconds since its start.

    `convert_s` is what the converter took for each, `download_s` what its host took, by the host's own log.
    """

    acquired: Mapping[str, float]
    converted: Mapping[str, float]
    convert_s: Mapping[str, float]
    makespan: float
    download_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """How one run went; all of them ratios.

    `top_read` is the part of the run after which the most relevant fifth was read, `top_mean` its mean.
    """

    eff_conv: float
    eff_e2e: float
    utilisation: float
    top_read: float
    top_mean: float


def figures(run: Run, plan: Plan) -> Figures:
    """Return the figures of a run of `plan`."""
    tops = [run.converted[paper.doi] for paper in plan.top]
    return Figures(
        eff_conv=conversion_bound(run, plan.workers) / run.makespan,
        eff_e2e=end_to_end_bound(plan.measured(run.download_s, run.convert_s)) / run.makespan,
        utilisation=sum(run.convert_s.values()) / plan.workers / run.makespan,
        top_read=max(tops) / run.makespan,
        top_mean=sum(tops) / len(tops) / run.makespan,
    )


def conversion_bound(run: Run, workers: int) -> float:
    """Return the least makespan with the measured times of acquisition and conversion."""
    bound = max(run.acquired[paper] + seconds for paper, seconds in run.convert_s.items())
    left = 0.0
    for paper in sorted(run.convert_s, key=lambda paper: -run.acquired[paper]):
        left += run.convert_s[paper]
        bound = max(bound, run.acquired[paper] + left / workers)
    return bound


def end_to_end_bound(plan: Plan) -> float:
    """Return the least makespan with the times of `plan`, knowing the download slots and the workers."""
    ready = sorted(paper.ready_s for paper in plan.papers)
    convert = [paper.convert_s for paper in plan.papers]
    return max(
        (sum(ready[: plan.workers]) + sum(convert)) / plan.workers,
        max(paper.ready_s + paper.convert_s for paper in plan.papers),
        sum(paper.download_s for paper in plan.papers) / SLOTS + min(convert),
    )
