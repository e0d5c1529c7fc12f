"""What the nodes of the review graph work with, opened for one of them and closed after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.runtime import Runtime

from core.http import HttpClient
from core.progress import Emit, ProgressEvent, Stage, Status, emitter
from core.scholarly import Catalogues, StoreCache, open_catalogues
from core.settings import Settings
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review.catalogued import credits_spent
from workflows.research.academic_lit_review.context import Context, ReviewContext, get_context
from workflows.research.academic_lit_review.models import Meter, Usage, metered
from workflows.research.academic_lit_review.presets import Preset
from workflows.research.academic_lit_review.state import ReviewState


@dataclass(frozen=True)
class Desk:
    """The dependencies of one phase; `before` is what the phases before it have used."""

    context: ReviewContext
    settings: Settings
    store: PaperStore
    http: HttpClient
    catalogues: Catalogues
    preset: Preset
    model: BaseChatModel | None
    fast: BaseChatModel | None
    meter: Meter
    emit: Emit
    before: dict[str, int]
    began: float

    def processing(self) -> Context:
        """Return the context of the paper processor: it works at this desk."""
        context = self.context
        return Context(
            settings=self.settings,
            store=self.store,
            http=self.http,
            engine=context.engine,
            on_event=context.on_event,
            retry_failed=context.retry_failed,
        )

    def tell(self, stage: Stage, status: Status, **detail: Any) -> None:
        """Report one event of the run."""
        self.emit(ProgressEvent(stage=stage, status=status, paper_id="", done=0, total=0, detail=detail))

    def used(self, phase: str) -> ReviewState:
        """Return what `phase` has taken, in seconds, and what the run has used in all."""
        usage = self.meter.usage
        spent = self.before.get("openalex_credits", 0) + credits_spent(self.catalogues).get("spent", 0)
        return {
            "timings": {phase: round(time.monotonic() - self.began, 3)},
            "usage": {
                "calls": usage.calls,
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "openalex_credits": spent,
            },
        }


@asynccontextmanager
async def open_desk(state: ReviewState, runtime: Runtime[ReviewContext]) -> AsyncIterator[Desk]:
    """Open what the context does not hold; what it holds stays open afterwards.

    Tokens and credits that earlier phases used count, also those before the run was broken off.
    """
    began, context, before = time.monotonic(), get_context(runtime, ReviewContext), state.get("usage") or {}
    settings = await asyncio.to_thread(context.configured)
    preset = Preset(**state["preset"]) if "preset" in state else context.preset()  # type: ignore[arg-type]
    meter = _meter(context, before)
    model, fast = await asyncio.to_thread(_models, context, meter)
    async with AsyncExitStack() as stack:
        store = context.store or await stack.enter_async_context(PaperStore.open(settings.home))
        http = context.http or await stack.enter_async_context(HttpClient(settings))
        left = max(0, settings.openalex_credits - before.get("openalex_credits", 0))
        asked = settings.model_copy(update={"openalex_credits": left})
        catalogues = context.catalogues or open_catalogues(asked, http, StoreCache(store))
        emit = emitter(context.on_event)
        yield Desk(context, settings, store, http, catalogues, preset, model, fast, meter, emit, before, began)


def _meter(context: ReviewContext, before: dict[str, int]) -> Meter:
    meter = Meter(context.token_budget)
    meter.usage = Usage(before.get("calls", 0), before.get("input_tokens", 0), before.get("output_tokens", 0))
    return meter


def _models(context: ReviewContext, meter: Meter) -> tuple[BaseChatModel | None, BaseChatModel | None]:
    """Return the careful and the fast model; one of them alone does the work of both."""
    careful = metered(context.chat or context.model, meter)
    fast = metered(context.fast_chat or context.fast_model, meter)
    return careful or fast, fast or careful
