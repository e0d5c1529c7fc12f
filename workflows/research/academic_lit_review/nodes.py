"""The nodes of the review graph: each translates between the state and one call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from workflows.research.academic_lit_review import discovery, publishing, recorded, supplied
from workflows.research.academic_lit_review.clustering import find_themes
from workflows.research.academic_lit_review.context import ReviewContext, get_context
from workflows.research.academic_lit_review.desk import open_desk
from workflows.research.academic_lit_review.diffusion import snowball
from workflows.research.academic_lit_review.paper_processor import paper_processing_subgraph, run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.extraction import extract_papers
from workflows.research.academic_lit_review.presets import described
from workflows.research.academic_lit_review.question import DEFAULT_LANGUAGE, asked, seeds
from workflows.research.academic_lit_review.selection import select, substitutes
from workflows.research.academic_lit_review.state import ReviewState, blank
from workflows.research.academic_lit_review.synthesis import compose
from workflows.research.academic_lit_review.synthesis import write as written

Run = Runtime[ReviewContext]

#: How often substitutes are sought: those of papers that could not be read, and those of substitutes.
MOST_ROUNDS = 3


async def check_question(state: ReviewState, runtime: Run) -> ReviewState:
    """Check what is asked, and read what the user begins with."""
    question = asked(
        state.get("topic", ""),
        state.get("research_questions"),
        state.get("date_range"),
        state.get("language", DEFAULT_LANGUAGE),
    )
    async with open_desk(blank(), runtime) as desk:
        given = await seeds(
            state.get("seeds") or [], store=desk.store, catalogues=desk.catalogues, pdfs=state.get("pdfs") or ""
        )
    begun: ReviewState = {"question": question, "preset": described(desk.preset), "searched_on": f"{date.today()}"}
    return {**blank(), **begun, "given": given.papers, "given_notes": list(given.notes)}


async def discover(state: ReviewState, runtime: Run) -> ReviewState:
    """Search the catalogues, and screen and rank what they have."""
    async with open_desk(state, runtime) as desk:
        found = await discovery.discover(
            state["question"],
            desk.catalogues,
            desk.preset,
            model=desk.fast,
            seeds=state["given"],
            emit=desk.emit,
            include_retracted=desk.context.include_retracted,
        )
    return {
        "papers": found["papers"],
        "relevant": found["relevant"],
        "near": found["near"],
        "excluded": found["excluded"],
        "searches": recorded.searches(found),
        "silent": found["silent"],
        "identified": found["identified"],
        "notes": [*state["given_notes"], *found["notes"]],
        **desk.used("discover"),
    }


async def diffuse(state: ReviewState, runtime: Run) -> ReviewState:
    """Follow the citations of the best papers, both ways."""
    async with open_desk(state, runtime) as desk:
        found = await snowball(
            state["question"],
            state["papers"],
            state["relevant"],
            state["near"],
            desk.catalogues,
            desk.preset,
            model=desk.fast,
            emit=desk.emit,
            include_retracted=desk.context.include_retracted,
        )
    return {
        "papers": found["papers"],
        "relevant": found["relevant"],
        "near": found["near"],
        "excluded": found["excluded"],
        "identified": found["identified"],
        "citations": found["citations"],
        "completeness": found["completeness"],
        "notes": found["notes"],
        **desk.used("diffuse"),
    }


async def choose_papers(state: ReviewState, runtime: Run) -> ReviewState:
    """Choose which papers are read, and which step in for those that cannot be."""
    async with open_desk(state, runtime) as desk:
        chosen = select(
            state["papers"], state["relevant"], state["near"], desk.preset, year=int(state["searched_on"][:4])
        )
    return {"selected": chosen["selected"], "reserve": chosen["reserve"], "notes": chosen["notes"]}


async def approve_papers(state: ReviewState, runtime: Run) -> ReviewState:
    """Let a person approve of the papers, if the run is to ask."""
    selected, reserve, papers = state["selected"], state["reserve"], state["papers"]
    if not get_context(runtime, ReviewContext).approve_papers or not selected:
        return {"selected": selected}
    known = {"selected": supplied.shown(selected, papers), "reserve": supplied.shown(reserve, papers)}
    answer = interrupt({"ask": "approve_papers", "answer": 'true, or {"drop": [ids], "add": [ids]}', **known})
    read, out, waiting = supplied.approved(answer, selected, reserve)
    return {"selected": read, "reserve": waiting, "excluded": dict.fromkeys(out, supplied.LEFT_OUT)}


async def process_papers(state: ReviewState, runtime: Run) -> ReviewState:
    """Obtain and read the papers that are to be read and have not ended yet; its progress becomes ours."""
    wanted = {name: state["papers"][name] for name in recorded.waiting(state)}
    if not wanted:
        return {"outcomes": {}}
    async with open_desk(state, runtime) as desk:
        parts = paper_processing_subgraph.astream(
            {"papers": list(wanted.values())},
            context=desk.processing(),
            stream_mode=["custom", "values"],
            version="v2",
        )
        ended = await _lifted(parts, runtime.stream_writer)
    outcomes = {**ended["results"], **ended["acquisition_failed"], **ended["processing_failed"]}
    twice = dict.fromkeys(wanted.keys() - outcomes.keys(), "duplicate")
    return {"outcomes": outcomes, "excluded": twice, **desk.used(f"process_papers {state['rounds'] + 1}")}


async def _lifted(parts: AsyncIterator[Any], write: Callable[[Any], None]) -> dict[str, Any]:
    """Return the last state of a graph within a node, handing on its events: LangGraph shows only those of the node."""
    ended: dict[str, Any] = {}
    root: tuple[str, ...] | None = None
    async with aclosing(parts):  # type: ignore[type-var]
        async for part in parts:
            root = part["ns"] if root is None else root
            if part["type"] == "custom":
                write(part["data"])
            elif part["ns"] == root:
                ended = part["data"]
    return ended


async def substitute(state: ReviewState) -> ReviewState:
    """Let the next best candidates step in for papers that could not be read."""
    done, papers = state["substitutions"], state["papers"]
    found = (
        substitutes(state["outcomes"], state["reserve"], papers=papers, selected=state["selected"], done=done)
        if state["rounds"] < MOST_ROUNDS
        else []
    )
    return {"substitutions": [*done, *found], "rounds": state["rounds"] + 1}


def all_read(state: ReviewState) -> Literal["process_papers", "supply_pdfs"]:
    """Tell where to go on: back to reading while substitutes wait."""
    return "process_papers" if recorded.waiting(state) else "supply_pdfs"


async def supply_pdfs(state: ReviewState, runtime: Run) -> ReviewState:
    """Let a person supply papers that could not be had, if the run is to ask, and read them."""
    missing = recorded.missing(state)
    if not get_context(runtime, ReviewContext).ask_for_pdfs or not missing:
        return {"outcomes": {}}
    folder = interrupt(
        {
            "ask": "supply_pdfs",
            "answer": "a folder with their PDFs; empty: go on without them",
            "missing": supplied.shown(list(missing), missing),
        }
    )
    if not folder:
        return {"outcomes": {}}
    async with open_desk(state, runtime) as desk:
        found, notes = await supplied.matched(str(folder), missing, desk.settings)
        result = await run_paper_pipeline(found.values(), **desk.processing().dependencies())
    return {"papers": found, "outcomes": result.outcomes, "notes": notes, **desk.used("supply_pdfs")}


async def extract(state: ReviewState, runtime: Run) -> ReviewState:
    """Learn from each paper what it says to the questions, in quotes that stand in it."""
    papers = recorded.used(state)
    async with open_desk(state, runtime) as desk:
        desk.tell("extract", "started", papers=len(papers))
        extractions = await extract_papers(
            papers,
            state["outcomes"],
            store=desk.store,
            topic=state["question"]["topic"],
            questions=state["question"]["research_questions"],
            model=desk.fast,
        )
        desk.tell("extract", "finished", evidence=sum(len(each["evidence"]) for each in extractions.values()))
    return {"extractions": extractions, "notes": recorded.remarks(extractions, papers), **desk.used("extract")}


async def cluster(state: ReviewState, runtime: Run) -> ReviewState:
    """Find the themes of the papers, where they agree, where not, and what is open."""
    async with open_desk(state, runtime) as desk:
        found, notes = await find_themes(
            recorded.grounds(state),
            state["extractions"],
            state["question"],
            model=desk.model,
            embeddings=desk.context.embeddings,
        )
        desk.tell("cluster", "finished", themes=[theme["label"] for theme in found["themes"]])
    return {
        "themes": found["themes"],
        "other": found["other"],
        "grouping": found["method"],
        "notes": notes,
        **desk.used("cluster"),
    }


async def write(state: ReviewState, runtime: Run) -> ReviewState:
    """Write the review from the evidence: by a model whose sentences are checked, or composed of quotes."""
    records = recorded.records(state)
    async with open_desk(state, runtime) as desk:
        words = desk.preset.target_words
        desk.tell("write", "started", papers=len(records.included))
        if desk.model is None:
            review = await asyncio.to_thread(compose, records, target_words=words)
        else:
            review = await written(records, desk.model, name=desk.context.spoken, target_words=words)
        desk.tell("write", "finished", sections=len(review["sections"]), references=len(review["references"]))
    return {"review": review, "counts": records.counts, "notes": review["notes"], **desk.used("write")}


async def publish(state: ReviewState, runtime: Run) -> ReviewState:
    """Say how the review ended, and write its files if a folder is given."""
    context = get_context(runtime, ReviewContext)
    status, reasons = recorded.verdict(state, state["counts"], model=context.modelled)
    files: list[Path] = []
    if context.out:
        run = await asyncio.to_thread(recorded.run, state, context, status, reasons)
        files = await publishing.publish(state["review"], recorded.records(state), Path(context.out), run)
    return {"status": status, "reasons": reasons, "files": [str(file) for file in files]}
