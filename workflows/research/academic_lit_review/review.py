"""A review from plain Python."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from pydantic import ValidationError

from core.conversion.converter import Converter
from core.errors import InputError
from core.http import HttpClient
from core.progress import Emit
from core.scholarly import Catalogues
from core.settings import Settings
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review.context import ReviewContext
from workflows.research.academic_lit_review.graph import create_academic_lit_review_graph
from workflows.research.academic_lit_review.presets import DEFAULT, chosen
from workflows.research.academic_lit_review.question import DEFAULT_LANGUAGE, Years
from workflows.research.academic_lit_review.state import ReviewState

Model = BaseChatModel | str | None


async def academic_lit_review(
    topic: str,
    research_questions: Sequence[str] | str = (),
    *,
    quality: str = DEFAULT,
    date_range: Years = None,
    language: str = DEFAULT_LANGUAGE,
    seeds: Sequence[str] = (),
    pdfs: str | Path = "",
    model: Model = None,
    fast_model: Model = None,
    token_budget: int = 0,
    embeddings: Embeddings | None = None,
    include_retracted: bool = False,
    out: str | Path = "",
    settings: Settings | None = None,
    store: PaperStore | None = None,
    http: HttpClient | None = None,
    catalogues: Catalogues | None = None,
    converter: Converter | None = None,
    on_event: Emit | None = None,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    thread_id: str = "review",
    **single: float | None,
) -> ReviewState:
    """Review the literature on `topic`, and return the final state of the graph.

        state = await academic_lit_review("Holy basil and anxiety", quality="quick", out="review")

    `single` are settings of the preset to be changed (`max_papers=20`). With a `checkpointer`, a run of `thread_id`
    that was broken off goes on where it stopped. Dependencies that are not given are opened and closed here. Raises
    InputError and SettingsError before anything is asked of anybody; that papers or catalogues fail is told in the
    state: its `status`, `reasons` and `notes`.
    """
    chosen(quality, **single)
    asked = {
        "topic": topic,
        "research_questions": research_questions,
        "date_range": date_range,
        "language": language,
        "seeds": list(seeds),
        "pdfs": str(pdfs),
    }
    async with AsyncExitStack() as stack:
        known = await asyncio.to_thread(Settings) if settings is None else settings
        context = _context(
            quality=quality.strip().lower().replace("-", "_").replace(" ", "_"),
            **_named("model", "chat", model),
            **_named("fast_model", "fast_chat", fast_model),
            token_budget=token_budget,
            embeddings=embeddings,
            include_retracted=include_retracted,
            out=str(out),
            settings=known,
            store=store or await stack.enter_async_context(PaperStore.open(known.home)),
            http=http or await stack.enter_async_context(HttpClient(known)),
            catalogues=catalogues,
            engine=converter,
            on_event=on_event,
            **single,
        )
        return await _run(asked, context, checkpointer, thread_id)


async def _run(
    asked: dict[str, Any], context: ReviewContext, checkpointer: BaseCheckpointSaver[Any] | None, thread_id: str
) -> ReviewState:
    graph = create_academic_lit_review_graph().compile(checkpointer=checkpointer, name="academic_lit_review")
    config: Any = {"configurable": {"thread_id": thread_id}} if checkpointer else {}
    broken_off = checkpointer is not None and bool((await graph.aget_state(config)).next)
    given: Any = None if broken_off else asked
    keys = list(ReviewState.__annotations__)
    durability: Any = "sync" if checkpointer else None  # a phase is on disk before the next one begins
    state = await graph.ainvoke(given, config, context=context, output_keys=keys, durability=durability)
    return cast(ReviewState, state)


def _named(name: str, live: str, model: Model) -> dict[str, Any]:
    return {live: model} if isinstance(model, BaseChatModel) else {name: model or ""}


def _context(**given: Any) -> ReviewContext:
    try:
        return ReviewContext(**given)
    except ValidationError as error:
        told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise InputError("\n".join(told)) from error
