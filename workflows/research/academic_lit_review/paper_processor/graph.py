"""The paper processor as a LangGraph: papers in, one outcome per paper out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from core.conversion.converter import Converter
from core.http import HttpClient
from core.metadata import PaperMetadata
from core.progress import Emit
from core.settings import Settings
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review.context import Context, get_context
from workflows.research.academic_lit_review.paper_processor.acquisition.core import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.records import validated
from workflows.research.academic_lit_review.paper_processor.state import PaperProcessingInput, PaperProcessingState


async def check_papers(state: PaperProcessingState) -> PaperProcessingState:
    """Check the records and merge those of the same work."""
    return {"papers": validated(state.get("papers"))}


async def acquire_and_convert(state: PaperProcessingState, runtime: Runtime[Context]) -> PaperProcessingState:
    """Look into the cache, obtain what is missing and convert it, all streaming."""
    result = await run_paper_pipeline(state["papers"], **await asyncio.to_thread(get_context(runtime).dependencies))
    acquired, results, acquisition_failed, processing_failed = result
    return {
        "acquired": acquired,
        "results": results,
        "acquisition_failed": acquisition_failed,
        "processing_failed": processing_failed,
    }


def create_paper_processing_subgraph() -> StateGraph[PaperProcessingState, Context, PaperProcessingInput, Any]:
    """Return the uncompiled graph: compile it with a checkpointer of your own, or add it to a larger graph."""
    builder = StateGraph(
        PaperProcessingState,
        context_schema=Context,
        input_schema=PaperProcessingInput,
        output_schema=PaperProcessingState,
    )
    builder.add_node(check_papers)
    builder.add_node(acquire_and_convert, metadata={"streams": "cache, acquire, queue, convert"})
    builder.add_edge(START, "check_papers")
    builder.add_edge("check_papers", "acquire_and_convert")
    builder.add_edge("acquire_and_convert", END)
    return builder


paper_processing_subgraph: CompiledStateGraph[PaperProcessingState, Context, PaperProcessingInput, Any] = (
    create_paper_processing_subgraph().compile(name="paper_processor")
)


async def run_paper_processing(
    papers: Iterable[PaperMetadata],
    *,
    settings: Settings | None = None,
    store: PaperStore | None = None,
    http: HttpClient | None = None,
    converter: Converter | None = None,
    on_event: Emit | None = None,
    retry_failed: bool = False,
) -> PaperProcessingState:
    """Run the graph on `papers` and return its final state, from plain Python.

    state = await run_paper_processing([{"doi": "10.1371/journal.pone.0000308"}], on_event=print)
    """
    context = Context(
        settings=settings, store=store, http=http, engine=converter, on_event=on_event, retry_failed=retry_failed
    )
    state = await paper_processing_subgraph.ainvoke({"papers": list(papers)}, context=context)
    return cast(PaperProcessingState, state)
