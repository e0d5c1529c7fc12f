"""What is learned from each paper of a review: from its full text, from its abstract, or nothing."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable, Iterable, Mapping

from langchain_core.language_models import BaseChatModel

from core.errors import StoreError
from core.evidence.extract import extract
from core.metadata import PaperMetadata
from core.stores.papers import PaperStore
from core.streaming import WorkerResult, WorkQueue, work
from workflows.research.academic_lit_review.paper_processor.extraction.drafts import Draft, Notes, by_rules
from workflows.research.academic_lit_review.paper_processor.extraction.prompt import Brief
from workflows.research.academic_lit_review.paper_processor.extraction.reading import Paper, Reader
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.values import Evidence, Extraction, Tier

#: Papers read at a time: a model answers many at once, and without one there is nothing to wait for.
WORKERS = 4
#: Characters below which an abstract says nothing.
_MIN_ABSTRACT = 80
_MARKUP = re.compile(r"<[^<>]{1,200}>")
#: Headings that catalogues glue to the first word of a structured abstract ("BackgroundIn the present").
_GLUED = re.compile(
    r"\b(Background|Objectives?|Aims?|Purpose|Introduction|(?:Materials and )?Methods?|Results?|Findings|Discussion|"
    r"Conclusions?|Significance|Interpretation)(?=[A-Z][a-z])"
)
_ORDER = ("finding", "method", "limitation", "future_work", "number")
_NO_TEXT: dict[Tier, str] = {
    "full_text": "",
    "abstract": "no full text: taken from the abstract, which has no pages",
    "metadata": "neither full text nor abstract: nothing was extracted",
}


async def extract_papers(
    papers: Mapping[str, PaperMetadata],
    outcomes: Mapping[str, Outcome],
    *,
    store: PaperStore,
    topic: str = "",
    questions: Iterable[str] = (),
    model: BaseChatModel | None = None,
    reader: Reader | None = None,
    workers: int = WORKERS,
    on_done: Callable[[Extraction], None] = lambda done: None,
) -> dict[str, Extraction]:
    """Return what each of `papers` says to the questions, by paper id; texts are read from the store one at a time.

    With a model (or a `reader` of one's own) its statements, each with a quote that was found in the text; without one,
    and for the parts it did not read, sentences of the papers chosen by rules.
    """
    brief = Brief(topic, tuple(questions))
    asked = reader or (Reader(model, brief) if model else None)
    done: dict[str, Extraction] = {}

    async def one(paper_id: str) -> Extraction:
        return await extract_paper(
            paper_id, papers[paper_id], outcomes.get(paper_id), store=store, brief=brief, reader=asked
        )

    def keep(result: WorkerResult[str, Extraction]) -> None:
        if result.error or result.value is None:
            raise result.error or RuntimeError("a worker returned nothing")
        done[result.item] = result.value
        on_done(result.value)

    queue: WorkQueue[str] = WorkQueue()
    with queue.producer():
        for paper_id in papers:
            queue.put_nowait(paper_id)
    await work(queue, one, workers=workers, fails=(), on_task_complete=keep)
    return {paper_id: done[paper_id] for paper_id in papers}


async def extract_paper(
    paper_id: str,
    record: PaperMetadata,
    outcome: Outcome | None,
    *,
    store: PaperStore,
    brief: Brief,
    reader: Reader | None = None,
) -> Extraction:
    """Return what one paper says to `brief`: of its stored text if there is one, else of its abstract."""
    paper, tier, remarks = await _best(paper_id, record, outcome, store)
    notes, whole = await reader.read(paper) if reader and paper.text else (Notes(), False)
    if not whole and paper.text:
        notes += await asyncio.to_thread(_by_rules, paper, brief)
    told = (*remarks, _NO_TEXT[tier], *notes.remarks)
    return Extraction(
        paper_id=paper_id,
        tier=tier,
        evidence=_numbered(paper_id, tier, notes.drafts),
        rejected=list(notes.rejected),
        notes=[remark for remark in told if remark],
    )


async def _best(
    paper_id: str, record: PaperMetadata, outcome: Outcome | None, store: PaperStore
) -> tuple[Paper, Tier, list[str]]:
    """Return the best text there is of a paper, and what it is."""
    title, remarks = record.get("title") or "", []
    sha256 = (outcome or {}).get("text_sha256")
    if sha256:
        try:
            text = await store.read_text(sha256)
            stored = next((text for text in await store.texts_of(paper_id) if text.sha256 == sha256), None)
            return Paper(text, stored.pages if stored else (), title), "full_text", []
        except StoreError as error:
            remarks.append(f"its text cannot be read: {error}")
    abstract = abstract_of(record)
    tier: Tier = "abstract" if abstract else "metadata"
    return Paper(abstract, (), title, "abstract"), tier, remarks


def abstract_of(record: PaperMetadata) -> str:
    """Return the abstract as it is quoted: without markup, headings divided from their text; empty if there is none."""
    plain = html.unescape(_MARKUP.sub(" ", html.unescape(record.get("abstract") or "")))
    plain = _GLUED.sub(r"\1: ", " ".join(plain.split()))
    return plain if len(plain) >= _MIN_ABSTRACT else ""


def _by_rules(paper: Paper, brief: Brief) -> Notes:
    return by_rules(
        extract(paper.text, paper.pages, topic=brief.topic, questions=brief.questions, opening=paper.opening)
    )


def _numbered(paper_id: str, tier: Tier, drafts: Iterable[Draft]) -> list[Evidence]:
    """Return drafts as evidence, by kind and the best first, with ids that cite them."""
    best = sorted(drafts, key=lambda draft: (_ORDER.index(draft.kind), -draft.score, draft.start))
    return [
        Evidence(
            id=f"e:{paper_id}:{number}",
            paper_id=paper_id,
            kind=draft.kind,
            claim=draft.claim,
            quote=draft.quote,
            page=draft.page,
            section=draft.section,
            verdict=draft.verdict,
            score=draft.score,
            question=draft.question,
            tier=tier,
        )
        for number, draft in enumerate(best, 1)
    ]
