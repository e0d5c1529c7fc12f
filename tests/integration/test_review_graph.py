"""The whole review over the loopback internet: without a key, without a model, and honest when things go wrong."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from core.errors import InputError, SettingsError
from core.evidence.locate import locate
from core.loopback import Internet, Plan, Route
from core.loopback.corpus import LIBRARY, read
from core.loopback.plan import Trouble
from core.progress import ProgressEvent
from core.settings import CATALOGUES
from core.stores.papers import PaperStore
from tests.chat import Chat
from tests.library import SAMPLE_PLAN
from workflows.research.academic_lit_review import nodes
from workflows.research.academic_lit_review.context import ReviewContext
from workflows.research.academic_lit_review.graph import academic_lit_review_graph, create_academic_lit_review_graph
from workflows.research.academic_lit_review.review import academic_lit_review
from workflows.research.academic_lit_review.state import ReviewState

CORPUS = os.environ.get("LIT_REVIEW_CORPUS")
TOPIC, QUESTION = "Street trees and urban heat", "Do street trees cool the air by day?"
SPENT = UsageMetadata(input_tokens=90, output_tokens=20, total_tokens=110)
ASKED: Any = {"topic": TOPIC, "research_questions": [QUESTION]}
FILES = {
    *("review.md", "review.html", "references.bib", "references.ris", "references.json"),
    *("evidence.csv", "prisma.svg", "missing.csv", "run.json"),
}


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a checkpoint hold nothing but plain values."""
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")


async def review(net: Internet, home: Path, **given: Any) -> ReviewState:
    """Review the sample papers."""
    options = {"quality": "test", "out": home / "out", "max_papers": 4, **given}
    settings = net.settings(home, contact_email="reader@library.net", max_tries=1, **options.pop("changed", {}))
    topic, questions = options.pop("topic", TOPIC), options.pop("research_questions", [QUESTION])
    return await academic_lit_review(topic, questions, settings=settings, **options)


async def quotes(state: ReviewState, home: Path) -> Counter[str]:
    """Return how often each verdict is true of the evidence, looked up once more in the stored texts."""
    found: Counter[str] = Counter()
    async with PaperStore.open(home) as store:
        for paper_id, extraction in state["extractions"].items():
            if extraction["tier"] != "full_text":
                continue
            sha256 = state["outcomes"][paper_id]["text_sha256"]
            [stored] = [text for text in await store.texts_of(paper_id) if text.sha256 == sha256]
            markdown = await store.read_text(sha256)
            for each in extraction["evidence"]:
                found[locate(each["quote"], markdown, stored.pages, page=each["page"]).verdict] += 1
    return found


def cited(state: ReviewState) -> set[str]:
    """Return the ids of the evidence that the review cites."""
    review = state["review"]
    sentences = list(review["abstract"])
    for section in review["sections"]:
        sentences += [each for paragraph in section["paragraphs"] for each in paragraph]
        sentences += [cell for table in section["tables"] for row in table["rows"] for cell in row]
    return {each["evidence_id"] for sentence in sentences for each in sentence["citations"] if each["evidence_id"]}


def evidence(state: ReviewState) -> set[str]:
    return {each["id"] for extraction in state["extractions"].values() for each in extraction["evidence"]}


async def test_a_question_becomes_a_review_whose_quotes_stand_in_their_papers(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        state = await review(net, tmp_path)

    assert (state["status"], state["reasons"]) == ("success", [])
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES == {Path(each).name for each in state["files"]}
    assert state["counts"]["included_full_text"] == len(state["selected"]) == 4
    assert (await quotes(state, tmp_path)).keys() <= {"exact", "fuzzy"}
    assert cited(state) <= evidence(state)
    assert cited(state)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (run["status"], run["versions"]["langgraph"][0]) == ("success", "1")
    assert json.loads(json.dumps(state)) == state


@pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS is not set: there are no real papers here")
async def test_every_quote_about_basil_stands_in_its_paper_on_its_page(tmp_path: Path) -> None:
    async with Internet(_corpus) as net:
        state = await review(
            net,
            tmp_path,
            topic="Ocimum sanctum (holy basil, tulsi): pharmacological effects",
            research_questions=["Does it protect the heart?", "Does it kill microbes?"],
            max_papers=8,
        )

    found = await quotes(state, tmp_path)
    assert state["counts"]["included_full_text"] >= 6
    assert found.total() > 40
    assert found.keys() <= {"exact", "fuzzy"}
    assert len(cited(state)) >= 8
    assert cited(state) <= evidence(state)


def _corpus() -> Plan:
    """Return the corpus with years as numbers: some of its references have them as text."""
    plan = read(Path(CORPUS or ""))
    known = [{**paper, "year": int(paper["year"])} if "year" in paper else paper for paper in plan.known]
    return replace(plan, known=tuple(known))  # type: ignore[arg-type]


# what goes wrong is told, and a review is published all the same


def troubled(*names: str) -> Plan:
    return replace(SAMPLE_PLAN, troubles=tuple(Trouble(name, "http_503") for name in names))


async def test_one_catalogue_down_makes_a_partial_review(tmp_path: Path) -> None:
    async with Internet(troubled("openalex")) as net:
        state = await review(net, tmp_path)

    assert state["status"] == "partial"
    assert state["reasons"] == ["openalex did not answer"]
    assert state["counts"]["included"] == 4


async def test_all_catalogues_down_is_a_failure_that_says_so(tmp_path: Path) -> None:
    async with Internet(troubled(*CATALOGUES)) as net:
        state = await review(net, tmp_path)

    assert state["status"] == "failed"
    assert state["reasons"][-1] == "all catalogues failed"
    honest(tmp_path)


async def test_no_catalogue_at_all_is_a_failure_that_says_so(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        state = await review(net, tmp_path, changed={"catalogues": ()})

    assert (state["status"], state["reasons"]) == ("failed", ["no catalogue could be searched"])
    honest(tmp_path)


async def test_nothing_found_is_never_a_success(tmp_path: Path) -> None:
    async with Internet(Plan(())) as net:
        state = await review(net, tmp_path)

    assert (state["status"], state["reasons"]) == ("failed", ["no paper was found for this question"])
    honest(tmp_path)


async def test_papers_about_something_else_are_not_reviewed(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        state = await review(net, tmp_path, topic="Octopus cognition in aquaria", research_questions=[])

    assert state["status"] == "failed"
    assert state["counts"]["sought"] == 0
    honest(tmp_path)


@pytest.mark.parametrize(("abstracts", "status"), [(True, "partial"), (False, "failed")])
async def test_behind_walls_only_abstracts_are_quoted_and_marked(tmp_path: Path, abstracts: bool, status: str) -> None:
    async with Internet(walled(abstracts=abstracts)) as net:
        state = await review(net, tmp_path)

    assert state["status"] == status
    assert any("could not be read" in reason for reason in state["reasons"])
    assert state["counts"]["included_full_text"] == 0
    assert bool(state["counts"]["included_abstract"]) is abstracts
    honest(tmp_path)


def walled(*, abstracts: bool) -> Plan:
    """Return the samples with nothing but walls before them."""
    wall = (Route("oa_url", fault="wall_cloudflare"),)
    papers = [replace(served, routes=wall) for served in SAMPLE_PLAN.papers if served.pdf]
    if not abstracts:
        papers = [replace(served, metadata=without(served.metadata, "abstract")) for served in papers]
    return Plan(tuple(papers), service=False)


def without(paper: Any, key: str) -> Any:
    return {name: value for name, value in paper.items() if name != key}


def honest(home: Path) -> None:
    """The review is there, says what was done, and holds no error text: notes on the run stand apart."""
    text, _, _ = (home / "out" / "review.md").read_text().partition("## Notes on this run")
    assert text.startswith("# ")
    assert "How this review was made" in text
    assert not any(word in text for word in ("Traceback", "Error", "Exception"))
    assert (home / "out" / "prisma.svg").exists()


async def test_a_paper_that_cannot_be_read_has_a_substitute_that_is_used(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        best = (await review(net, tmp_path / "first"))["selected"][0]
    papers = [
        replace(served, routes=(Route("oa_url", fault="http_404"),)) if served.id == best else served
        for served in SAMPLE_PLAN.papers
    ]
    async with Internet(replace(SAMPLE_PLAN, papers=tuple(papers))) as net:
        state = await review(net, tmp_path / "second", max_papers=2)

    first, last = state["substitutions"][0], state["substitutions"][-1]
    assert first["failed"] == best
    assert state["outcomes"][best]["status"] == "failed"
    assert {each["failed"] for each in state["substitutions"][1:]} <= {each["by"] for each in state["substitutions"]}
    assert state["extractions"][last["by"]]["evidence"]
    assert last["by"] in state["review"]["references"]
    assert state["counts"]["substituted"] == 1
    run = json.loads((tmp_path / "second" / "out" / "run.json").read_text())
    assert [(each["failed"], each["by"]) for each in run["substitutions"]] == [(best, last["by"])]
    assert run["substitutes_sought"] == state["substitutions"]
    assert best not in state["extractions"]


async def test_what_cannot_be_worked_with_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        with pytest.raises(InputError, match="topic is empty"):
            await review(net, tmp_path, topic=" ")
        with pytest.raises(InputError, match="no quality"):
            await review(net, tmp_path, quality="best")
        with pytest.raises(InputError, match="max_paper"):
            await review(net, tmp_path, max_paper=3)
        with pytest.raises(SettingsError, match="nobody:model"):
            await review(net, tmp_path, model="nobody:model")
        assert net.requests == []


async def test_papers_given_to_begin_with_are_read_first(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        given = SAMPLE_PLAN.papers[10].id
        state = await review(net, tmp_path, seeds=[given], max_papers=2)

    assert state["selected"][0] == given
    assert state["papers"][given]["discovery_method"] == "seed"


# with a model


@pytest.mark.parametrize("answer", ["I cannot help with that.", RuntimeError("rate limit")])
async def test_a_model_that_is_of_no_use_costs_its_prose_and_nothing_else(
    tmp_path: Path, answer: str | Exception
) -> None:
    chat = Chat(script=lambda messages: answer)
    async with Internet.samples() as net:
        state = await review(net, tmp_path, model=chat)

    assert state["status"] == "partial"
    assert state["reasons"][-1].startswith("the model wrote nothing that could be used")
    assert state["review"]["mode"] == "extractive"
    assert state["usage"]["calls"] == len(chat.asked) > 0
    assert cited(state)
    honest(tmp_path)


async def test_a_budget_that_is_spent_ends_the_asking_and_not_the_review(tmp_path: Path) -> None:
    chat = Chat(script=lambda messages: AIMessage("no", usage_metadata=SPENT))
    async with Internet.samples() as net:
        state = await review(net, tmp_path, model=chat, token_budget=100)

    assert len(chat.asked) == 1
    assert state["usage"] == {"calls": 1, "input_tokens": 90, "output_tokens": 20} | {
        "openalex_credits": state["usage"]["openalex_credits"]
    }
    assert (state["status"], state["counts"]["included"]) == ("partial", 4)


def writing(messages: list[BaseMessage]) -> dict[str, Any] | str:
    """Write the first passages down as they are, and a sentence that rests on nothing; do nothing else."""
    asked = str(messages[1].content)
    passages = [json.loads(line) for line in asked.splitlines() if line.startswith('{"id": "E')]
    sentences = [{"text": each["quote"], "evidence": [each["id"]]} for each in passages[:3]]
    sentences.append({"text": "Every tree of the city flies at night.", "evidence": ["E4711"]})
    return {"paragraphs": [{"sentences": sentences}]} if passages else "no"


async def test_a_model_writes_and_what_it_invents_is_dropped_and_listed(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        state = await review(net, tmp_path, model=Chat(script=writing))

    assert (state["status"], state["review"]["mode"], state["review"]["model"]) == ("success", "model", "Chat")
    assert any("flies at night" in each["text"] for each in state["review"]["dropped"])
    said = [each for section in state["review"]["sections"] for part in section["paragraphs"] for each in part]
    assert not any("flies at night" in each["text"] for each in [*said, *state["review"]["abstract"]])
    assert cited(state) <= evidence(state)
    assert cited(state)


async def test_a_folder_of_pdfs_is_reviewed_without_any_catalogue(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    await asyncio.to_thread(folder.mkdir)
    for name in ("01.pdf", "02.pdf"):
        await asyncio.to_thread(shutil.copy, LIBRARY / name, folder)
    async with Internet.samples() as net:
        state = await review(net, tmp_path, pdfs=folder, changed={"catalogues": ()})

    assert (state["status"], state["reasons"]) == ("partial", ["no catalogue could be searched"])
    assert {outcome["source"] for outcome in state["outcomes"].values()} == {"local"}
    assert state["counts"]["included_full_text"] == 2
    assert (await quotes(state, tmp_path)).keys() <= {"exact", "fuzzy"}


# as a graph


async def test_progress_of_the_paper_processor_comes_out_without_subgraphs(tmp_path: Path) -> None:
    events: list[ProgressEvent] = []
    async with Internet.samples() as net:
        parts = academic_lit_review_graph.astream(
            ASKED,
            context=ReviewContext(settings=net.settings(tmp_path), quality="test"),
            stream_mode="custom",
            version="v2",
        )
        async for part in parts:
            events.append(part["data"])

    assert {event["stage"] for event in events} >= {"discover", "diffuse", "acquire", "convert", "extract", "write"}
    assert sum(event["status"] == "converted" for event in events) >= 4


THREAD: Any = {"configurable": {"thread_id": "1"}}


class Broken(Exception):
    """What a test lets happen."""


def broken(phase: str) -> StateGraph[Any, Any, Any, Any]:
    """Return the graph with a phase that does all its work, and breaks before anybody is told."""
    builder = create_academic_lit_review_graph()
    work = getattr(nodes, phase)
    builder.nodes.pop(phase)

    async def breaks(state: ReviewState, runtime: Runtime[ReviewContext]) -> ReviewState:
        await work(state, runtime)
        raise Broken

    return builder.add_node(phase, breaks)


PHASES = ("discover", "diffuse", "process_papers", "extract", "cluster", "write", "publish")


@pytest.mark.parametrize("phase", PHASES)
async def test_a_run_broken_off_in_a_phase_goes_on_with_it(tmp_path: Path, phase: str) -> None:
    finished: list[str] = []
    config: Any = {"configurable": {"thread_id": "1"}}
    async with Internet.samples() as net, AsyncSqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        context = ReviewContext(settings=net.settings(tmp_path), quality="test", out=str(tmp_path / "out"))
        with pytest.raises(Broken):
            await broken(phase).compile(checkpointer=saver).ainvoke(ASKED, config, context=context)
        asked = len(net.requests)
        graph = create_academic_lit_review_graph().compile(checkpointer=saver)
        async for part in graph.astream(None, config, context=context, stream_mode="updates", version="v2"):
            finished += part["data"]
        state = (await graph.aget_state(config)).values

    assert finished[0] == phase
    assert state["status"] == "success"
    assert state["counts"]["included"] >= 4
    assert (tmp_path / "out" / "review.md").exists()
    if phase not in ("discover", "diffuse", "process_papers"):
        assert len(net.requests) == asked


async def test_a_second_question_in_a_thread_begins_anew(tmp_path: Path) -> None:
    saver = InMemorySaver()
    async with Internet.samples() as net:
        await review(net, tmp_path, checkpointer=saver)
        state = await review(net, tmp_path, checkpointer=saver, topic="Octopus cognition", research_questions=[])

    assert (state["selected"], state["outcomes"], state["extractions"]) == ([], {}, {})
    assert state["counts"]["screened"] == len(state["papers"])


async def test_a_checkpoint_holds_no_text(tmp_path: Path) -> None:
    saver = InMemorySaver()
    async with Internet.samples() as net:
        state = await review(net, tmp_path, checkpointer=saver)
        graph = create_academic_lit_review_graph().compile(checkpointer=saver)
        kept = (await graph.aget_state({"configurable": {"thread_id": "review"}})).values
        read = [each for each in state["outcomes"].values() if each["status"] != "failed"]
        texts = [Path(each["text_path"]).stat().st_size for each in read]

    assert json.loads(json.dumps(kept)) == kept
    assert len(json.dumps(kept["outcomes"])) < sum(texts) / 2


# what a person is asked


async def test_a_person_may_leave_papers_out_and_take_others_in(tmp_path: Path) -> None:
    graph, config = create_academic_lit_review_graph().compile(checkpointer=InMemorySaver()), THREAD
    async with Internet.samples() as net:
        context = ReviewContext(settings=net.settings(tmp_path), quality="test", approve_papers=True)
        stopped = await graph.ainvoke(ASKED, config, context=context)
        [question] = stopped["__interrupt__"]
        first, other = question.value["selected"][0]["id"], question.value["reserve"][0]["id"]
        assert not net.asked(host="repository")
        await graph.ainvoke(Command(resume={"drop": [first], "add": [other]}), config, context=context)
        state = (await graph.aget_state(config)).values

    assert first not in state["outcomes"]
    assert other in state["outcomes"]
    assert state["counts"]["excluded"]["left out by the user"] == 1
    assert state["status"] == "success"


async def test_a_person_may_supply_papers_that_could_not_be_had(tmp_path: Path) -> None:
    graph, config = create_academic_lit_review_graph().compile(checkpointer=InMemorySaver()), THREAD
    folder = tmp_path / "mine"
    await asyncio.to_thread(shutil.copytree, LIBRARY, folder)
    async with Internet(walled(abstracts=True)) as net:
        context = ReviewContext(settings=net.settings(tmp_path), quality="test", ask_for_pdfs=True)
        stopped = await graph.ainvoke(ASKED, config, context=context)
        [question] = stopped["__interrupt__"]
        assert {each["id"] for each in question.value["missing"]} <= stopped["outcomes"].keys()
        await graph.ainvoke(Command(resume=str(folder)), config, context=context)
        state = (await graph.aget_state(config)).values

    assert state["status"] == "success", state["reasons"]
    assert state["counts"]["included_full_text"] == state["counts"]["included"]
    assert (await quotes(state, tmp_path)).keys() <= {"exact", "fuzzy"}


async def test_who_has_none_of_the_papers_goes_on_without(tmp_path: Path) -> None:
    graph, config = create_academic_lit_review_graph().compile(checkpointer=InMemorySaver()), THREAD
    async with Internet(walled(abstracts=True)) as net:
        context = ReviewContext(settings=net.settings(tmp_path), quality="test", ask_for_pdfs=True)
        await graph.ainvoke(ASKED, config, context=context)
        state = await graph.ainvoke(Command(resume=str(tmp_path / "nowhere")), config, context=context)

    assert state["status"] == "partial"
    assert any("no PDF was found" in note for note in state["notes"])
