"""`lit-review demo`: the real graphs on sample papers, over real HTTP, from a small internet on this machine.

The papers are read twice, to show what is not done again, and then reviewed.
"""

from __future__ import annotations

import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from core.conversion.converter import PageSpan
from core.errors import InputError
from core.progress import ProgressEvent
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review import export, stopping
from workflows.research.academic_lit_review.context import Context
from workflows.research.academic_lit_review.paper_processor import PaperProcessingState, paper_processing_subgraph
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.report import label, report, summary
from workflows.research.academic_lit_review.review import academic_lit_review
from workflows.research.academic_lit_review.state import ReviewState
from workflows.research.academic_lit_review.terminal import view

if TYPE_CHECKING:
    from core.loopback import Internet

#: How many of the samples cannot be had, on purpose: nobody offers them, and the run has to say so.
EXPECTED_FAILURES = 1
#: What the samples are about, and what they are asked.
TOPIC = "Street trees"
QUESTIONS = ("How much do street trees cool the air?", "What limits the cooling by street trees?")
#: The excerpt: so many lines of so many characters.
_LINES, _WIDTH = 3, 96


@dataclass(frozen=True)
class Run:
    """The outcomes of one run of the graph, and its duration in seconds."""

    outcomes: list[Outcome]
    seconds: float


@dataclass(frozen=True)
class Reviewed:
    """What became of the review, and its duration in seconds."""

    state: ReviewState
    seconds: float


@dataclass(frozen=True)
class Shown:
    """What the demo has to show in the end."""

    first: Run
    second: Run
    excerpt: str
    review: Reviewed


def demo(*, out: Path | None = None, keep: bool = False, plain: bool = False) -> int:
    """Run the demo; the exit status is 0 when the samples ended as they must."""
    internet = _internet()
    told, result = Console(stderr=True), Console()
    if out:
        export.prepare(out)
    told.out(_opening(len(internet.plan.papers)), highlight=False)
    with _home(out, keep=keep) as home:
        try:
            with view(told, plain=plain) as show:
                shown = stopping.run(_runs(internet, home, out, show), lambda: show.say("stopping ..."))
        except stopping.Stopped as stopped:
            told.out("stopped", highlight=False)
            return stopped.status
        report(shown.first.outcomes, result)
        result.out(_closing(shown, home, out, keep=keep), highlight=False)
    return 0 if _as_expected(shown) else 1


def _internet() -> Internet:
    try:
        from core.loopback import Internet
    except ModuleNotFoundError as error:
        raise InputError(f'the demo needs {error.name}: pip install "academic-lit-review[demo]"') from error
    return Internet.samples()


@contextmanager
def _home(out: Path | None, *, keep: bool) -> Iterator[Path]:
    """Hand out the folder of the paper store: inside `out`, kept, or gone afterwards."""
    if out:
        yield out / "store"
    elif keep:
        yield Path(tempfile.mkdtemp(prefix="lit-review-demo-"))
    else:
        with tempfile.TemporaryDirectory(prefix="lit-review-demo-", ignore_cleanup_errors=True) as home:
            yield Path(home)


async def _runs(internet: Internet, home: Path, out: Path | None, show: Callable[[ProgressEvent], None]) -> Shown:
    async with internet as net:
        first = await _run(net, home, show)
        second = await _run(net, home, lambda event: None)
        review = await _review(net, home, (out or home) / "review")
    async with PaperStore.open(home) as store:
        if out:
            await export.export(first.outcomes, store, out)
        return Shown(first, second, await _excerpt(first.outcomes, store), review)


async def _review(net: Internet, home: Path, folder: Path) -> Reviewed:
    """Review the papers: found in the catalogues of the small internet, their texts as read just now."""
    began = time.monotonic()
    state = await academic_lit_review(TOPIC, QUESTIONS, quality="quick", out=folder, settings=net.settings(home))
    return Reviewed(state, time.monotonic() - began)


async def _run(net: Internet, home: Path, show: Callable[[ProgressEvent], None]) -> Run:
    """Run the graph as any caller would: progress from the custom stream, outcomes from the final state."""
    began, state = time.monotonic(), PaperProcessingState()
    parts = paper_processing_subgraph.astream(
        {"papers": net.papers},
        context=Context(settings=net.settings(home)),
        stream_mode=["custom", "values"],
        version="v2",
    )
    async for part in parts:
        if part["type"] == "custom":
            show(part["data"])
        elif part["type"] == "values":
            state = part["data"]
    ended = {**state["results"], **state["acquisition_failed"], **state["processing_failed"]}
    return Run(list(ended.values()), time.monotonic() - began)


async def _excerpt(outcomes: list[Outcome], store: PaperStore) -> str:
    """Return the beginning of the longest paragraph on the second page of the longest paper."""
    read = [outcome for outcome in outcomes if outcome["status"] != "failed"]
    if not read:
        return ""
    chosen = max(read, key=lambda outcome: (outcome.get("pages", 0), outcome["paper_id"]))
    text = await store.read_text(chosen["text_sha256"])
    stored = next(each for each in await store.texts_of(chosen["paper_id"]) if each.sha256 == chosen["text_sha256"])
    page = stored.pages[min(1, len(stored.pages) - 1)] if stored.pages else PageSpan(1, 0, len(text))
    paragraphs = [part for part in text[page.start : page.end].split("\n\n") if part[:1].isalpha()]
    lines = textwrap.wrap(max(paragraphs, key=len, default=""), _WIDTH)[:_LINES]
    return "\n".join([f"from {label(chosen)}, page {page.number}:", *(f"  | {line}" for line in lines)])


def _opening(total: int) -> str:
    return (
        f"{total} invented sample papers, served by a small scholarly internet on this machine (127.0.0.x); "
        f"expected: {total - EXPECTED_FAILURES} read, {EXPECTED_FAILURES} failed with its reason"
    )


def _as_expected(shown: Shown) -> bool:
    failed = [outcome for outcome in shown.first.outcomes if outcome["status"] == "failed"]
    again = [outcome for outcome in shown.second.outcomes if outcome["status"] == "cached"]
    read = len(shown.first.outcomes) - EXPECTED_FAILURES
    return len(failed) == EXPECTED_FAILURES and len(again) == read and bool(shown.review.state.get("files"))


def _closing(shown: Shown, home: Path, out: Path | None, *, keep: bool) -> str:
    cached = [outcome for outcome in shown.second.outcomes if outcome["status"] == "cached"]
    total = len(shown.second.outcomes)
    kept = out or (home if keep else None)
    place = f"texts in {kept}" if kept else "texts in a temporary folder; --out DIR keeps them"
    verdict = "as expected" if _as_expected(shown) else "NOT as expected: please report this"
    return "\n".join(
        [
            f"first run: {summary(shown.first.outcomes)} in {shown.first.seconds:.1f} s, {verdict}; {place}",
            f"second run: {len(cached)} of {total} from the cache in {shown.second.seconds:.2f} s",
            shown.excerpt,
            _reviewed(shown.review, kept),
        ]
    )


def _reviewed(review: Reviewed, kept: Path | None) -> str:
    papers, themes = len(review.state["extractions"]), len(review.state["themes"])
    place = f"open {kept / 'review' / 'review.html'}" if kept else "--out DIR keeps it"
    return f"review of {TOPIC.lower()!r}: {papers} papers in {themes} themes, in {review.seconds:.1f} s; {place}"
