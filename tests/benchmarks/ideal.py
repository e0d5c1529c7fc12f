"""The same pipeline without any overhead, simulated: what a plan allows a scheduler that does not know the future."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from tests.benchmarks.figures import Run
from tests.benchmarks.plan import SLOTS, Plan
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import urgency


def run(plan: Plan) -> Run:
    """Return the run in which every slot takes the next paper at once and nothing else costs time."""
    acquired = _acquire(plan)
    return _convert(plan, acquired)


def _acquire(plan: Plan) -> dict[str, float]:
    slots = [0.0] * SLOTS
    acquired = {paper.doi: paper.job_s for paper in plan.papers if not paper.download_s}
    for paper in sorted(plan.papers, key=lambda paper: -paper.relevance):
        if paper.download_s:
            acquired[paper.doi] = heapq.heappop(slots) + paper.download_s
            heapq.heappush(slots, acquired[paper.doi])
    return acquired


def _convert(plan: Plan, acquired: Mapping[str, float]) -> Run:
    coming = sorted(plan.papers, key=lambda paper: -acquired[paper.doi])
    waiting: list[tuple[float, int]] = []
    workers = [0.0] * plan.workers
    converted: dict[str, float] = {}
    while coming or waiting:
        now = heapq.heappop(workers)
        if not waiting:
            now = max(now, acquired[coming[-1].doi])
        while coming and acquired[coming[-1].doi] <= now:
            paper = coming.pop()
            heapq.heappush(waiting, (-urgency(paper.relevance, paper.pages), paper.number))
        paper = plan.papers[heapq.heappop(waiting)[1] - 1]
        converted[paper.doi] = now + paper.convert_s
        heapq.heappush(workers, converted[paper.doi])
    convert_s = {paper.doi: paper.convert_s for paper in plan.papers}
    return Run(acquired, converted, convert_s, max(converted.values()))
