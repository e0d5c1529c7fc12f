"""The themes of a review: found by statistics, by a model where there is one, with the relations of their findings."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel

from core.metadata import PaperMetadata
from core.streaming import Retry
from workflows.research.academic_lit_review.clustering.grouping import INDIVISIBLE, divided, place, single
from workflows.research.academic_lit_review.clustering.merging import merged
from workflows.research.academic_lit_review.clustering.proposal import propose
from workflows.research.academic_lit_review.clustering.relations import related
from workflows.research.academic_lit_review.clustering.space import Space, nowhere
from workflows.research.academic_lit_review.clustering.theme import Clustering, Document
from workflows.research.academic_lit_review.paper_processor.extraction.asking import PATIENCE
from workflows.research.academic_lit_review.paper_processor.extraction.papers import abstract_of
from workflows.research.academic_lit_review.question import Question
from workflows.research.academic_lit_review.values import Extraction

log = logging.getLogger(__name__)

#: What of a paper's evidence says which theme it belongs to.
_TELLING = ("finding", "method")


async def find_themes(
    papers: Mapping[str, PaperMetadata],
    extractions: Mapping[str, Extraction],
    question: Question,
    *,
    model: BaseChatModel | None = None,
    embeddings: Embeddings | None = None,
    patience: Retry = PATIENCE,
) -> tuple[Clustering, list[str]]:
    """Return the themes of `papers` (those the review rests on, by id), and notes on what went less than well.

    With a `model` its themes, checked; without one, or when it fails, those that statistics find. With `embeddings`
    papers are compared by them, else by their words.
    """
    documents = await asyncio.to_thread(_documents, papers, extractions)
    vectors, notes = await _vectors(embeddings, documents)
    known, space = await asyncio.to_thread(_known, documents, vectors, question["topic"])
    if model is not None and len(documents) > INDIVISIBLE:
        known, told = await _proposed(model, known, space or nowhere(documents), question, patience)
        notes += told
    themes = await asyncio.to_thread(related, known["themes"], extractions, topic=question["topic"])
    return {**known, "themes": themes}, [*notes, *_remarks(papers, known)]


def _documents(papers: Mapping[str, PaperMetadata], extractions: Mapping[str, Extraction]) -> list[Document]:
    """Return what clustering sees of `papers`, in an order that does not depend on theirs."""
    found = []
    for paper_id in sorted(papers):
        record = papers[paper_id]
        evidence = extractions[paper_id]["evidence"] if paper_id in extractions else []
        said = [item["claim"] for item in evidence if item["kind"] in _TELLING]
        text = " ".join([abstract_of(record), *said])
        found.append(Document(paper_id, record.get("title") or "", text, record.get("relevance_score") or 0.0))
    return found


def _known(
    documents: Sequence[Document], vectors: Mapping[str, Sequence[float]] | None, topic: str
) -> tuple[Clustering, Space | None]:
    space = place(documents, vectors)
    return (single(documents, topic) if space is None else divided(space, topic)), space


async def _proposed(
    model: BaseChatModel, known: Clustering, space: Space, question: Question, patience: Retry
) -> tuple[Clustering, list[str]]:
    proposal = await propose(model, space.papers, question, known, patience=patience)
    if not isinstance(proposal, str):
        found = await asyncio.to_thread(merged, space, proposal, known, topic=question["topic"])
        if not isinstance(found, str):
            return found
        proposal = found
    return known, [f"the themes were found by counting words, not by the model: {proposal}"]


async def _vectors(
    embeddings: Embeddings | None, documents: Sequence[Document]
) -> tuple[dict[str, list[float]] | None, list[str]]:
    """Return the embeddings of `documents` by paper id, or why there are none."""
    if embeddings is None or len(documents) <= INDIVISIBLE:
        return None, []
    try:
        rows = await embeddings.aembed_documents([f"{each.title}\n\n{each.text}" for each in documents])
    except Exception as error:  # the boundary to providers, whose errors have no type in common
        log.warning("texts could not be embedded", exc_info=True)
        return None, [f"papers were compared by their words, for embedding them failed: {type(error).__name__}"]
    if not _plausible(rows, len(documents)):
        return None, ["papers were compared by their words, for their embeddings are not one vector of numbers each"]
    return {each.paper_id: row for each, row in zip(documents, rows, strict=True)}, []


def _plausible(rows: Sequence[Sequence[float]], count: int) -> bool:
    return (
        len(rows) == count
        and len({len(row) for row in rows}) == 1
        and all(isinstance(value, int | float) and math.isfinite(value) for row in rows for value in row)
        and any(any(row) for row in rows)
    )


def _remarks(papers: Mapping[str, PaperMetadata], known: Clustering) -> list[str]:
    languages = {code for record in papers.values() if (code := (record.get("language") or "")[:2].lower())}
    told = []
    if len(languages) > 1:
        told.append("papers in several languages are grouped by their words, so that languages part them too")
    if languages - {"en"}:
        told.append("agreements and conflicts are looked for in English sentences only")
    if known["other"] and known["themes"]:
        told.append(f"{len(known['other'])} of {len(papers)} papers fit into none of the themes")
    return told
