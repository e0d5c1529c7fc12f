"""`lit-review read`: from what the user named to texts, a table and files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from rich.console import Console

from core.errors import SettingsError
from core.http import HttpClient
from core.metadata import PaperMetadata
from core.scholarly import StoreCache, complete, open_catalogues
from core.settings import Settings
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review import export, stopping
from workflows.research.academic_lit_review.inputs import read_inputs
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.records import collected
from workflows.research.academic_lit_review.paper_processor.state import Outcome, PipelineResult
from workflows.research.academic_lit_review.report import report, summary
from workflows.research.academic_lit_review.terminal import View, view


@dataclass(frozen=True)
class Order:
    """What was asked for on the command line; None: as configured."""

    inputs: list[str]
    out: Path | None = None
    home: Path | None = None
    converter: str | None = None
    max_concurrent: int | None = None
    upgrade: bool = False
    retry_failed: bool = False
    email: str | None = None
    retrieve_url: str | None = None
    as_json: bool = False
    plain: bool = False


#: How long the catalogues may take to say more of papers that are known by an identifier alone, seconds.
COMPLETING_S = 20.0

Pipeline = Callable[..., Awaitable[PipelineResult]]


def read(order: Order, pipeline: Pipeline = run_paper_pipeline) -> int:
    """Do what `order` says, with `pipeline` to read the papers, and return the exit status."""
    told, result = Console(stderr=True), Console()
    settings = _settings(order)
    inputs = read_inputs(order.inputs)
    if order.out:
        export.prepare(order.out)
    for note in inputs.notes:
        told.out(f"note: {note}", highlight=False)
    try:
        with view(told, plain=order.plain) as show:
            running = _process(order, settings, inputs.papers, pipeline, show)
            outcomes = stopping.run(running, lambda: show.say("stopping ..."))
    except stopping.Stopped as stopped:
        told.out("stopped; run the same command again to go on", highlight=False)
        return stopped.status
    report(outcomes, result, as_json=order.as_json)
    told.out(_told(order, settings, outcomes), highlight=False)
    return 3 if any(outcome["status"] == "failed" for outcome in outcomes) else 0


def _settings(order: Order) -> Settings:
    return configured(
        home=order.home,
        converter=order.converter,
        upgrade=order.upgrade or None,
        contact_email=order.email,
        retrieve_academic_url=order.retrieve_url,
    )


def configured(**given: object) -> Settings:
    """Return the settings with those of the command line that are not None; raise SettingsError naming wrong ones."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("; ".join(map(_wrong, error.errors()))) from error
    except ValueError as error:  # pydantic-settings: a variable that is not the JSON it has to be
        raise SettingsError(str(error)) from error


def _wrong(problem: ErrorDetails) -> str:
    name = ".".join(map(str, problem["loc"]))
    return f"{name} (LIT_REVIEW_{name.upper()}) is {problem['input']!r}: {problem['msg'].removeprefix('Value error, ')}"


async def _process(
    order: Order, settings: Settings, papers: list[PaperMetadata], pipeline: Pipeline, show: View
) -> list[Outcome]:
    async with PaperStore.open(settings.home) as store:
        finished = await pipeline(
            await _completed(papers, settings, store, show),
            order.max_concurrent,
            settings=settings,
            store=store,
            on_event=show,
            retry_failed=order.retry_failed,
        )
        outcomes = list(finished.outcomes.values())
        if order.out:
            for problem in await export.export(outcomes, store, order.out):
                show.say(problem)
    return outcomes


async def _completed(
    papers: list[PaperMetadata], settings: Settings, store: PaperStore, show: View
) -> list[PaperMetadata]:
    """Return `papers` with what the catalogues know of those that came as bare identifiers."""
    if not any(map(_bare, papers)):  # the pipeline collects them; a folder of PDFs is not to be hashed twice
        return papers
    known = list((await collected(papers, store)).values())
    bare = [paper for paper in known if _bare(paper)]
    if not bare:
        return papers
    async with HttpClient(settings) as http:
        catalogues = open_catalogues(settings, http, StoreCache(store))
        found = await complete(bare, catalogues, deadline_s=COMPLETING_S)
    for error in found.errors:
        show.say(f"note: {error}")
    return [paper for paper in known if paper not in bare] + list(found.papers)


def _bare(paper: PaperMetadata) -> bool:
    return not paper.get("title") and not paper.get("pdf_path")


def _told(order: Order, settings: Settings, outcomes: list[Outcome]) -> str:
    texts = (
        f"texts in {order.out}" if order.out else f"texts in the paper store at {settings.home}; --out DIR copies them"
    )
    return f"{summary(outcomes)}; {texts}"
