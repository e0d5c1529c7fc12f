"""What holds for every run of the pipeline, whatever it was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from core.errors import known_reason
from core.identifiers import fold
from core.progress import ProgressEvent
from core.stores.papers import PaperStore
from tests.plans import Case
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult

ENDS = ("cached", "converted", "failed")


def check_outcomes(case: Case, result: PipelineResult) -> None:
    """Each work ends once (I1), for a known reason, and as the plan says it must (I2)."""
    chances = case.chances()
    assert Counter([*result.results, *result.acquisition_failed, *result.processing_failed]) == Counter(chances.keys())
    for paper_id, outcome in result.outcomes.items():
        read = outcome["status"] != "failed"
        assert chances[paper_id] in ("maybe", "yes" if read else "no"), outcome
        assert read or known_reason(outcome["reason"]), outcome
        assert read or outcome["tried"] or outcome["reason"] == "no_location" or paper_id in result.acquired, outcome


async def check_texts(case: Case, result: PipelineResult, home: Path) -> None:
    """Each text is there, whole, and is the text of its own paper."""
    async with PaperStore.open(home) as store:
        for paper_id, outcome in result.results.items():
            text = await store.read_text(outcome["text_sha256"])
            assert len(text) == outcome["chars"]
            assert fold(case.titles[paper_id]) in fold(text)
        assert (await store.verify()).damaged == ()


def check_events(case: Case, events: Iterable[ProgressEvent]) -> None:
    """Each paper ends in one event, `done` never falls, and no more papers than allowed are acquired but unfinished."""
    seen = list(events)
    ended = Counter(event["paper_id"] for event in seen if event["status"] in ENDS)
    assert ended == Counter(case.chances().keys())
    assert all(before["done"] <= after["done"] for before, after in pairwise(seen))
    assert {event["total"] for event in seen} == {len(case.papers)}
    assert seen[-1]["done"] == len(case.papers)
    assert high_water(seen) <= case.bound


def high_water(events: Iterable[ProgressEvent]) -> int:
    """Return how many papers were acquired and unfinished at most."""
    open_papers: set[str] = set()
    most = 0
    for event in events:
        if event["status"] == "acquired":
            open_papers.add(event["paper_id"])
        elif event["status"] in (*ENDS, "waiting"):  # whose file could not be read is to be acquired again
            open_papers.discard(event["paper_id"])
        most = max(most, len(open_papers))
    return most
