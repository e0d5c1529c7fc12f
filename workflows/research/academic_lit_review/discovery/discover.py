"""Discovery: from a question to the papers that may answer it, ranked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import cast

from langchain_core.language_models import BaseChatModel

from core.metadata import PaperMetadata
from core.progress import Emit, ProgressEvent, Status, emitter
from core.scholarly import Catalogues, Query, unite
from core.scholarly.trust import names
from workflows.research.academic_lit_review.catalogued import DEADLINE_S, Answers, looked_up, searched
from workflows.research.academic_lit_review.discovery.discovered import Discovered, Search
from workflows.research.academic_lit_review.discovery.queries import formulated
from workflows.research.academic_lit_review.presets import Preset
from workflows.research.academic_lit_review.question import Question
from workflows.research.academic_lit_review.ranking import NEAR
from workflows.research.academic_lit_review.relevance import Scores, scored
from workflows.research.academic_lit_review.screening import exclusion, slim, warned

#: Records of one search: a page, for which OpenAlex takes the same credits whether it is full or not.
LEAST_RECORDS, MOST_RECORDS = 25, 100
#: Papers whose records are completed before they are judged, for each one that may be read.
LOOKED_UP = 4
SEED, RETRACTED, NOT_RELEVANT = "seed", "retracted", "not_relevant"


async def discover(
    question: Question,
    catalogues: Catalogues,
    preset: Preset,
    *,
    model: BaseChatModel | None = None,
    seeds: Mapping[str, PaperMetadata] | None = None,
    emit: Emit | None = None,
    year: int | None = None,
    include_retracted: bool = False,
    deadline_s: float = DEADLINE_S,
) -> Discovered:
    """Return the papers found for `question`; `seeds` are among the relevant ones whatever their words.

    No catalogue that fails raises, and none may take longer than `deadline_s` for its searches: what is lacking for it
    stands in `notes`.
    """
    tell = emit or emitter()
    this_year = year or date.today().year
    queries, notes = await formulated(question, model)
    tell(_event("started", queries=queries))
    asked = _searches(queries, question, preset, this_year)
    answers = await searched(catalogues, asked, deadline_s)
    records = [*(seeds or {}).values(), *answers.papers]
    papers, more = await _completed(records, question, catalogues, LOOKED_UP * preset.max_papers, this_year)
    out = {name: exclusion(paper, question, include_retracted=include_retracted) for name, paper in papers.items()}
    given = _given(papers, seeds or {})
    kept = {
        name: paper for name, paper in papers.items() if not out[name] or (name in given and out[name] != RETRACTED)
    }
    scores = await scored(kept, question, year=this_year, model=model, most=LOOKED_UP * preset.max_papers)
    found = _discovered(papers, kept, out, scores, given)
    found |= {"queries": queries, "searches": _done(answers, asked), "silent": answers.silent}
    found |= {"identified": _identified(answers, len(seeds or {})), "duplicates": len(records) - len(papers)}
    notes += [*_unasked(catalogues), *answers.notes, *more.notes, *found["notes"]]
    found["notes"] = list(dict.fromkeys(notes))
    tell(_event("finished", found=len(papers), relevant=len(found["relevant"]), near=len(found["near"])))
    return found


def _searches(queries: Sequence[str], question: Question, preset: Preset, year: int) -> list[Query]:
    """Return every search, and the first one once more for young papers, which relevance alone may hide."""
    begin, end = question["date_range"] or [None, None]
    size = min(MOST_RECORDS, max(LEAST_RECORDS, 2 * preset.max_papers))
    made = [Query(text, size, begin, end, question["language"]) for text in queries]
    recent = year - preset.recency_years
    if preset.recency_quota and (begin or 0) < recent <= (end or year):
        made.append(Query(queries[0], size, recent, end, question["language"]))
    return made


async def _completed(
    records: Iterable[PaperMetadata], question: Question, catalogues: Catalogues, most: int, year: int
) -> tuple[dict[str, PaperMetadata], Answers]:
    """Return `records` as papers, the promising ones with what catalogues that did not find them know of them."""
    papers = await asyncio.to_thread(unite, list(records))
    rough = await scored(papers, question, year=year)
    more = await looked_up([papers[name] for name in rough.at_least(NEAR / 2)[:most]], catalogues)
    known = {name for paper in papers.values() for name in names(paper)}
    about = [paper for paper in more.papers if known & set(names(paper))]
    return await asyncio.to_thread(unite, [*papers.values(), *about]), more


def _given(papers: Mapping[str, PaperMetadata], seeds: Mapping[str, PaperMetadata]) -> set[str]:
    """Return the papers that the user began with, under the ids that they now have."""
    wanted = {name for key, paper in seeds.items() for name in (key, *names(paper))}
    return {key for key, paper in papers.items() if wanted & {key, *names(paper)}}


def _discovered(
    papers: Mapping[str, PaperMetadata],
    kept: Mapping[str, PaperMetadata],
    out: Mapping[str, str],
    scores: Scores,
    given: set[str],
) -> Discovered:
    relevant = [name for name in scores.at_least(0.0) if name in given]
    relevant += [name for name in scores.relevant if name not in given]
    near = [name for name in scores.near if name not in given]
    chosen = {*relevant, *near}
    why = {name: out[name] if name not in kept else NOT_RELEVANT for name in papers if name not in chosen}
    found = {name: _recorded(name, paper, scores, given) for name, paper in papers.items()}
    shown = {name: paper for name, paper in papers.items() if name in chosen or (out[name] == RETRACTED)}
    return Discovered(
        papers={name: paper if name in chosen else slim(paper) for name, paper in found.items()},
        relevant=relevant,
        near=near,
        excluded=why,
        queries=[],
        searches=[],
        identified={},
        duplicates=0,
        silent=[],
        notes=[*scores.notes, *warned(shown)],
    )


def _recorded(name: str, paper: PaperMetadata, scores: Scores, given: set[str]) -> PaperMetadata:
    method = SEED if name in given else "search"
    score = {"relevance_score": scores.by_id[name]} if name in scores.by_id else {}
    return cast(PaperMetadata, {**paper, **score, "discovery_method": method})


def _identified(answers: Answers, seeds: int) -> dict[str, int]:
    counts = {name: sum(len(found.papers) for found in some) for name, some in answers.by_name.items()}
    return {name: count for name, count in {**counts, "given": seeds}.items() if count}


def _done(answers: Answers, asked: Sequence[Query]) -> list[Search]:
    return [
        Search(catalogue=name, query=_spelled(query), found=len(found.papers), total=found.total)
        for name, some in answers.by_name.items()
        for query, found in zip(asked, some, strict=False)
    ]


def _spelled(query: Query) -> str:
    """Return a search with its years, as it is reported."""
    years = f" ({query.from_year or ''}-{query.to_year or ''})" if query.from_year or query.to_year else ""
    return query.text + years


def _unasked(catalogues: Catalogues) -> list[str]:
    told = [f"{name} was not asked: {why}" for name, why in catalogues.unusable.items() if "switched off" not in why]
    return told if catalogues.searching else [*told, "no catalogue could be searched"]


def _event(status: Status, **detail: object) -> ProgressEvent:
    return ProgressEvent(stage="discover", status=status, paper_id="", done=0, total=0, detail=detail)
