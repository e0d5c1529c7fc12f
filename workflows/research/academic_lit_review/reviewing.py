"""`lit-review review`: from a question on the command line to a review, and on from where a stopped run left off."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from rich.console import Console

from core.errors import InputError
from core.http import HttpClient
from core.scholarly import MemoryCache, open_catalogues
from core.settings import Settings
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review import export, presets, question, recorded, stopping
from workflows.research.academic_lit_review.estimate import Estimate, estimate
from workflows.research.academic_lit_review.publishing.markdown import markdown
from workflows.research.academic_lit_review.reading import configured
from workflows.research.academic_lit_review.review import academic_lit_review
from workflows.research.academic_lit_review.state import ReviewState
from workflows.research.academic_lit_review.terminal import View, plural, view

#: Where runs that were stopped are kept, in the folder of the paper store.
RUNS = "reviews.sqlite"


@dataclass(frozen=True)
class Task:
    """What was asked for on the command line; None: as configured."""

    topic: str
    questions: tuple[str, ...] = ()
    quality: str | None = None
    max_papers: int | None = None
    years: str | None = None
    language: str = question.DEFAULT_LANGUAGE
    seeds: tuple[str, ...] = ()
    pdfs: str = ""
    model: str = ""
    fast_model: str = ""
    token_budget: int = 0
    include_retracted: bool = False
    out: Path | None = None
    home: Path | None = None
    converter: str | None = None
    email: str | None = None
    retrieve_url: str | None = None
    plain: bool = False
    dry_run: bool = False

    @property
    def thread(self) -> str:
        """Return what tells this review from others: the same command goes on with the same review."""
        told = {
            key: value for key, value in asdict(self).items() if key not in ("home", "out", "plain", "email", "dry_run")
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def review(task: Task) -> int:
    """Do what `task` says and return the exit status: 0 for a success, 3 for a partial or a failed review."""
    told, result = Console(stderr=True), Console()
    settings = configured(
        home=task.home, converter=task.converter, contact_email=task.email, retrieve_academic_url=task.retrieve_url
    )
    asked = question.asked(task.topic, task.questions, task.years, task.language)
    preset = presets.chosen(task.quality, max_papers=task.max_papers)
    if task.dry_run:
        cost = asyncio.run(_cost(asked, preset, settings, model=bool(task.model or task.fast_model)))
        result.out(f"a review of at most {plural(preset.max_papers, 'paper')}: {cost}", highlight=False)
        return 0
    if task.out:
        export.prepare(task.out)
    try:
        with view(told, plain=task.plain) as show:
            state = stopping.run(_reviewed(task, settings, show), lambda: show.say("stopping ..."))
    except stopping.Stopped as stopped:
        told.out("stopped; run the same command again to go on", highlight=False)
        return stopped.status
    if not task.out:
        result.out(markdown(state["review"], recorded.records(state)), highlight=False)
    told.out(summary(state), highlight=False)
    return 0 if state["status"] == "success" else 3


def summary(state: ReviewState) -> str:
    """Return how a review ended, in a few lines."""
    counts = state["counts"]
    included = plural(counts["included"], "paper")
    lines = [f"{state['status']}: a review of {included}, {counts['included_full_text']} of them read in full"]
    lines += [f"  {reason}" for reason in state["reasons"]]
    lines += [f"review in {state['files'][0]}"] if state["files"] else []
    return "\n".join(lines)


async def _cost(asked: question.Question, preset: presets.Preset, settings: Settings, *, model: bool) -> Estimate:
    """Return what a review costs; the catalogues are made ready, and not asked."""
    async with HttpClient(settings) as http:
        return estimate(asked, preset, open_catalogues(settings, http, MemoryCache()), settings, model=model)


async def _reviewed(task: Task, settings: Settings, show: View) -> ReviewState:
    """Run the graph; what a run of the same command had done before it was stopped is not done again."""
    async with PaperStore.open(settings.home) as store, _runs(settings.home) as runs:
        state = await academic_lit_review(
            task.topic,
            task.questions,
            quality=task.quality or presets.DEFAULT,
            date_range=task.years,
            language=task.language,
            seeds=task.seeds,
            pdfs=task.pdfs,
            model=task.model,
            fast_model=task.fast_model,
            token_budget=task.token_budget,
            include_retracted=task.include_retracted,
            out=task.out or "",
            settings=settings,
            store=store,
            on_event=show,
            checkpointer=runs,
            thread_id=task.thread,
            max_papers=task.max_papers,
        )
        await runs.adelete_thread(task.thread)
    return state


@asynccontextmanager
async def _runs(home: Path) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """Open where stopped runs are kept."""
    try:
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # here, for only the command needs it
    except ImportError as error:
        raise InputError(
            'lit-review review needs langgraph-checkpoint-sqlite: pip install "academic-lit-review"'
        ) from error
    async with AsyncSqliteSaver.from_conn_string(str(home / RUNS)) as runs:
        yield runs
