"""The paper processor as a LangGraph: schemas, events, state."""

from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from core.errors import InputError
from core.loopback import Internet
from tests.library import SAMPLE_PLAN
from workflows.research.academic_lit_review.context import Context
from workflows.research.academic_lit_review.paper_processor import (
    create_paper_processing_subgraph,
    paper_processing_subgraph,
    run_paper_processing,
)


async def test_the_graph_streams_typed_events_and_ends_in_state(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    state: dict[str, Any] = {}
    async with Internet(SAMPLE_PLAN) as net:
        stream = paper_processing_subgraph.astream(
            {"papers": net.papers},
            context=Context(settings=net.settings(tmp_path)),
            stream_mode=["custom", "values"],
            version="v2",
        )
        async with aclosing(stream):  # type: ignore[type-var]
            async for part in stream:
                if part["type"] == "custom":
                    events.append(part["data"])
                else:
                    state = part["data"]

    assert all(event.keys() == {"stage", "status", "paper_id", "done", "total", "detail"} for event in events)
    assert {event["status"] for event in events} >= {
        "started",
        "acquired",
        "converting",
        "converted",
        "failed",
        "finished",
    }
    ended = [event["paper_id"] for event in events if event["status"] in ("converted", "failed", "cached")]
    assert sorted(ended) == sorted({*state["results"], *state["acquisition_failed"]})
    assert [event["done"] for event in events] == sorted(event["done"] for event in events)
    assert events[-1]["done"] == events[-1]["total"] == len(SAMPLE_PLAN.papers)


async def test_acquired_tells_its_source_converted_its_pages_and_failed_its_reason(tmp_path: Path) -> None:
    details: dict[str, dict[str, Any]] = {}
    async with Internet(SAMPLE_PLAN) as net:
        await run_paper_processing(
            net.papers, settings=net.settings(tmp_path), on_event=lambda e: details.update({e["status"]: e["detail"]})
        )

    assert details["acquired"]["source"]
    assert details["converted"]["seconds"] >= 0
    assert details["failed"]["reason"]


async def test_state_holds_no_text_and_can_be_checkpointed(tmp_path: Path) -> None:
    graph = create_paper_processing_subgraph().compile(checkpointer=InMemorySaver())
    async with Internet(SAMPLE_PLAN) as net:
        config: Any = {"configurable": {"thread_id": "1"}}
        state = await graph.ainvoke({"papers": net.papers}, config, context=Context(settings=net.settings(tmp_path)))

    kept = (await graph.aget_state(config)).values
    assert kept["results"] == state["results"]
    del kept["papers"]
    assert len(json.dumps(kept)) < 2_500 * len(SAMPLE_PLAN.papers)


async def test_bad_input_is_told_before_anything_starts() -> None:
    with pytest.raises(InputError, match="no papers given"):
        await run_paper_processing([])
    with pytest.raises(InputError, match=r"papers\[0\]\['year'\]"):
        await run_paper_processing([{"title": "Bees", "year": "last"}])  # type: ignore[typeddict-item]


def test_studio_gets_forms_that_explain_themselves() -> None:
    graph = paper_processing_subgraph
    form, settings = graph.get_input_jsonschema(), graph.get_context_jsonschema() or {}

    assert form["required"] == ["papers"]
    assert form["properties"]["papers"]["description"]
    assert set(settings["properties"]) == {"converter", "upgrade", "max_downloads", "max_processing", "retry_failed"}
    assert all(field.get("description") and field.get("title") for field in settings["properties"].values())
    assert "results" in graph.get_output_jsonschema()["properties"]


def test_the_graph_is_drawn_offline_and_named_by_verbs() -> None:
    drawn = paper_processing_subgraph.get_graph().draw_mermaid()

    assert "check_papers" in drawn
    assert "acquire_and_convert" in drawn


def test_settings_of_the_form_reach_the_run(tmp_path: Path) -> None:
    options = Context(max_downloads=3, max_processing=2, converter="text-layer", retry_failed=True).dependencies()

    assert (options["settings"].max_downloads, options["settings"].max_processing) == (3, 2)
    assert options["settings"].converter == "text-layer"
    assert options["retry_failed"] is True
