"""The state of a review: everything a node writes has a place in it, and reducers may be applied twice."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Callable
from typing import get_type_hints

import pytest

from core.errors import InputError
from workflows.research.academic_lit_review import desk, nodes
from workflows.research.academic_lit_review.context import ReviewContext
from workflows.research.academic_lit_review.graph import academic_lit_review_graph, create_academic_lit_review_graph
from workflows.research.academic_lit_review.state import ReviewInput, ReviewOutput, ReviewState, blank, merged, once

STATE = get_type_hints(ReviewState, include_extras=True)
NODES = sorted(create_academic_lit_review_graph().nodes)


def returned(function: Callable[..., object]) -> set[str]:
    """Return the keys of every dictionary that a function builds at its top or returns."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    made = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return | ast.AnnAssign)]
    dicts = [each for each in made if isinstance(each, ast.Dict)]
    return {key.value for each in dicts for key in each.keys if isinstance(key, ast.Constant)}


def test_a_node_is_called_like_its_function() -> None:
    assert all(inspect.iscoroutinefunction(getattr(nodes, name)) for name in NODES)
    assert all(getattr(nodes, name).__doc__ for name in NODES)


@pytest.mark.parametrize("name", NODES)
def test_every_key_that_a_node_returns_is_in_the_schema(name: str) -> None:
    """LangGraph drops the others without a word."""
    keys = returned(getattr(nodes, name))

    assert keys
    assert keys <= STATE.keys()


def test_what_a_phase_has_used_is_in_the_schema() -> None:
    assert returned(desk.Desk.used) == {"timings", "usage"}


def test_what_comes_out_is_what_is_in_the_state() -> None:
    shown = get_type_hints(ReviewOutput, include_extras=True)

    assert {key: STATE[key] for key in shown} == shown
    assert get_type_hints(ReviewInput).keys() <= STATE.keys()


def test_a_thread_begins_anew_with_a_new_question() -> None:
    reduced = {key for key, hint in STATE.items() if getattr(hint, "__metadata__", ())}

    assert {key for key, value in blank().items() if value is None} == reduced | {"completeness"}
    assert merged({"a": 1}, None) == {}
    assert once(["a"], None) == []


def test_reducers_may_be_applied_twice() -> None:
    assert merged(merged({"a": 1}, {"b": 2}), {"b": 2}) == {"a": 1, "b": 2}
    assert once(once(["a"], ["b", "a"]), ["b", "a"]) == ["a", "b"]
    assert json.dumps(blank())


def test_the_graph_is_drawn_offline_with_the_paper_processor_in_it() -> None:
    drawn = academic_lit_review_graph.get_graph(xray=True).draw_mermaid()

    assert all(name in drawn for name in [*NODES, "acquire_and_convert"])
    assert list(dict(academic_lit_review_graph.get_subgraphs())) == ["process_papers"]


def test_studio_gets_forms_that_explain_themselves() -> None:
    form = academic_lit_review_graph.get_input_jsonschema()
    settings = academic_lit_review_graph.get_context_jsonschema() or {}

    assert form["required"] == ["topic"]
    assert all(field.get("title") and field.get("description") for field in form["properties"].values())
    assert all(field.get("title") and field.get("description") for field in settings["properties"].values())
    assert not {"settings", "store", "http", "chat", "catalogues", "embeddings"} & settings["properties"].keys()
    assert set(academic_lit_review_graph.get_output_jsonschema()["properties"]) == set(ReviewOutput.__annotations__)


def test_single_settings_change_the_preset() -> None:
    preset = ReviewContext(quality="quick", max_papers=7).preset()

    assert (preset.max_papers, preset.max_stages) == (7, 2)
    with pytest.raises(InputError, match="max_papers"):
        ReviewContext.model_construct(quality="quick", max_papers=0).preset()
