"""Random plans through the whole pipeline: real HTTP, real SQLite, real PDFs looked into by real processes."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.loopback import Internet
from core.progress import ProgressEvent
from core.stores.papers import PaperStore
from tests.invariants import check_events, check_outcomes, check_texts
from tests.leftovers import ENDING_S, left, no_handles_left
from tests.plans import Case, cases
from tests.scripted import ScriptedConverter
from tests.stepping import Turns, run
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult

#: The same plans every time; with more of them, other ones every time.
EXAMPLES = int(os.environ.get("LIT_REVIEW_EXAMPLES", "0"))
#: No run may take longer, in seconds; it is over in one or two.
PATIENCE_S = 30.0


def plans(count: int) -> settings:
    return settings(
        max_examples=EXAMPLES or count,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        phases=(Phase.generate,),  # a smaller example would take minutes to find
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@contextmanager
def new_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "home"


async def read(
    case: Case, net: Internet, home: Path, converter: ScriptedConverter, on_event: Callable[[ProgressEvent], None]
) -> PipelineResult:
    papers, chosen = case.records(net), case.settings(net, home)
    async with asyncio.timeout(PATIENCE_S):
        return await run_paper_pipeline(papers, settings=chosen, converter=converter, on_event=on_event)


@pytest.mark.timeout(600)
@given(case=cases())
@plans(30)
def test_every_paper_that_can_be_had_is_read_and_nothing_is_left_running(case: Case) -> None:
    async def main(turns: Turns) -> None:
        converter, events = case.converter(), list[ProgressEvent]()
        async with Internet(case.plan) as net:
            result = await read(case, net, home, converter, events.append)
            assert await left(home) == {}
            assert net.submits <= Counter(case.submits())
        check_outcomes(case, result)
        check_events(case, events)
        await check_texts(case, result, home)
        assert converter.peak <= case.workers
        assert converter.calls <= Counter(case.tries())

    with new_home() as home, no_handles_left():
        run(main)


@dataclass(frozen=True)
class Moment:
    """When a run is cancelled: after this share of the turns of the event loop, or of the events, that it takes."""

    unit: Literal["turns", "events"]
    share: float


@dataclass(frozen=True)
class Span:
    """How long a run was."""

    turns: int
    events: int


@dataclass
class Interrupted:
    """A run that cancels itself at its moment."""

    case: Case
    moment: Moment
    span: Span
    turns: Turns
    events: int = 0
    cancelled_at: float | None = None

    async def run(self, net: Internet, home: Path, converter: ScriptedConverter) -> None:
        """Run until the moment, or to the end when that comes first."""
        self._task = asyncio.create_task(read(self.case, net, home, converter, self._heard))
        if self.moment.unit == "turns":
            self.turns.at(int(self.moment.share * self.span.turns), self._cancel)
        await asyncio.wait([self._task])
        assert self._task.cancelled() == (self.cancelled_at is not None)
        assert self.cancelled_at is None or self._now() - self.cancelled_at < ENDING_S
        assert await left(home) == {}

    def _heard(self, event: ProgressEvent) -> None:
        self.events += 1
        if self.moment.unit == "events" and self.events == max(1, int(self.moment.share * self.span.events)):
            self._cancel()

    def _cancel(self) -> None:
        if self._task.cancel():
            self.cancelled_at = self._now()

    def _now(self) -> float:
        return self._task.get_loop().time()


async def finished(case: Case, home: Path) -> tuple[set[str], Counter[str]]:
    """Return which papers the store holds a text or a lasting failure of, and which wait for a job it knows."""
    async with PaperStore.open(home) as store:
        held = await store.lookup(case.titles, rank=10, fingerprint=case.converter().fingerprint)
    ended = {paper_id for paper_id, holding in held.items() if holding.text or holding.failure}
    return ended, Counter(paper_id for paper_id, holding in held.items() if holding.job and holding.job.job_id)


@pytest.mark.timeout(600)
@given(case=cases(most=5), moment=st.builds(Moment, st.sampled_from(("turns", "events")), st.floats(0, 1)))
@plans(20)
def test_a_run_cancelled_at_any_await_ends_at_once_and_the_next_one_only_does_what_is_left(
    case: Case, moment: Moment
) -> None:
    async def uninterrupted(turns: Turns) -> tuple[PipelineResult, Span]:
        before, events = turns.count, list[ProgressEvent]()
        async with Internet(case.plan) as net:
            result = await read(case, net, home / "reference", case.converter(), events.append)
        return result, Span(turns.count - before, len(events))

    async def main(turns: Turns) -> None:
        reference, span = await uninterrupted(turns)
        events, converter = list[ProgressEvent](), case.converter()
        async with Internet(case.plan) as net:
            await Interrupted(case, moment, span, turns).run(net, home / "again", case.converter())
            ended, waiting = await finished(case, home / "again")
            before = Counter(net.submits)
            result = await read(case, net, home / "again", converter, events.append)
            assert await left(home / "again") == {}
            resubmitted = {paper_id for paper_id in waiting if net.submits[paper_id] > before[paper_id]}
        check_outcomes(case, result)
        check_events(case, events)
        await check_texts(case, result, home / "again")
        assert {paper_id for paper_id in resubmitted if case.submits()[paper_id] == 1} == set()
        assert {case.titles[paper_id] for paper_id in ended} & converter.calls.keys() == set()
        unsure = {paper_id for paper_id, chance in case.chances().items() if chance == "maybe"}
        assert result.results.keys() - unsure == reference.results.keys() - unsure

    with new_home() as home, no_handles_left():
        run(main)
