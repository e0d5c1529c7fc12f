"""A real `langgraph dev` in a child process: what LangGraph Studio sees."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client

from core.loopback import Internet
from tests.library import SAMPLE_PLAN
from tests.ports import free_port

#: No look-up of newer versions, no traces; and where it was, should the server crash.
QUIET = {"LANGGRAPH_NO_VERSION_CHECK": "true", "LANGSMITH_TRACING": "false", "PYTHONFAULTHANDLER": "1"}
ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.skipif(not importlib.util.find_spec("langgraph_api"), reason="the extra [studio] is not installed"),
    pytest.mark.timeout(180),
]


@asynccontextmanager
async def server(cwd: Path, environment: dict[str, str]) -> AsyncIterator[str]:
    """Run `langgraph dev` on a free port until the block is left; its state goes to `cwd`."""
    port = free_port()
    (cwd / "langgraph.json").write_text((ROOT / "langgraph.json").read_text().replace('"."', f'"{ROOT}"'))
    (cwd / ".env").touch()
    command = [sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload", "--port", str(port)]
    child = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, **environment, **QUIET},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    log = asyncio.create_task(_drain(child))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()
        print((await log).decode(errors="replace")[-4000:])  # noqa: T201 - shown when the test fails


async def _drain(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout
    return await child.stdout.read()


async def up(client: Any) -> None:
    """Wait until the server answers."""
    async with asyncio.timeout(90):
        while True:
            try:
                await client.assistants.search()
            except httpx.TransportError:
                await asyncio.sleep(0.2)
            else:
                return


async def test_studio_shows_the_form_streams_progress_and_ends_without_a_blocking_call(tmp_path: Path) -> None:
    async with Internet(SAMPLE_PLAN) as net:
        environment = {f"LIT_REVIEW_{name.upper()}": _plain(value) for name, value in net.options().items()}
        environment["LIT_REVIEW_HOME"] = str(tmp_path / "home")
        async with server(tmp_path, environment) as url, get_client(url=url) as client:
            await up(client)
            schemas = await forms(client, "paper_processor")
            events, state = await run(client, "paper_processor", {"papers": net.papers})
            review_schemas = await forms(client, "academic_lit_review")
            asked = {"topic": "Street trees and urban heat", "research_questions": ["Do trees cool the air by day?"]}
            told, review = await run(client, "academic_lit_review", asked, context={"quality": "test"})

    assert schemas["input_schema"]["properties"]["papers"]["description"]
    assert schemas["context_schema"]["properties"]["converter"]
    assert {event["status"] for event in events} >= {"acquired", "converted", "finished"}
    assert len(state["results"]) == len(SAMPLE_PLAN.papers) - 1
    assert len(state["acquisition_failed"]) == 1
    assert review_schemas["input_schema"]["required"] == ["topic"]
    assert review_schemas["context_schema"]["properties"]["quality"]["enum"]
    assert {event["stage"] for event in told} >= {"discover", "diffuse", "cache", "extract", "cluster", "write"}
    assert review["status"] == "success"
    assert review["review"]["references"]


async def forms(client: Any, graph: str) -> dict[str, Any]:
    """Return the schemas that Studio makes its forms of."""
    [assistant] = await client.assistants.search(graph_id=graph)
    schemas: dict[str, Any] = await client.assistants.get_schemas(assistant["assistant_id"])
    return schemas


async def run(
    client: Any, graph: str, given: dict[str, Any], **options: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Run a graph as Studio does; return its custom events and its last state."""
    events, state = [], {}
    stream = client.runs.stream(None, graph, input=given, stream_mode=["custom", "values"], **options)
    async for part in stream:
        assert part.event != "error", part.data
        if part.event.startswith("custom"):
            events.append(part.data)
        elif part.event == "values":
            state = part.data
    return events, state


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return "{}" if value == {} else str(value)
