"""How relevant papers are: by a model in batches on an absolute scale, and by their words where it does not tell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, Field

from core.metadata import PaperMetadata
from core.scholarly.line import chunks
from core.streaming import together
from workflows.research.academic_lit_review.question import Question
from workflows.research.academic_lit_review.ranking import NEAR, RELEVANT, Ranking
from workflows.research.academic_lit_review.structured import Silence, structured

#: Papers that a model sees together: enough to compare, few enough that each is read. Batches asked for at a time.
BATCH, AT_ONCE = 10, 4
#: Characters of an abstract that a model is shown.
ABSTRACT_CHARS = 1_500
#: What ties to relevant papers add at most, how many ties that takes, and from which score on: they are evidence for a
#: paper of which too little is told, not a reason to take one on another subject.
TIED, TIES, TIED_FROM = 0.1, 5, 0.4

_TASK = """You judge which papers belong into a literature review.
Topic: {topic}
Questions: {questions}

Give every numbered paper a relevance from 0 to 1 on this absolute scale, whatever the others are:
1.0  answers the topic or one of the questions directly
0.8  is on the topic and contributes evidence
0.6  is on the topic in part; a careful review would still cite it
0.5  borders on the topic: same things studied for another purpose, or the other way round
0.3  shares the field, not the topic
0.0  has nothing to do with it
Judge by what title and abstract say. Without an abstract judge by the title."""


class _Judgement(BaseModel):
    number: int
    relevance: float = Field(ge=0, le=1)


class _Judgements(BaseModel):
    """The relevance of every paper shown."""

    papers: list[_Judgement]


@dataclass(frozen=True)
class Scores:
    """The relevance of papers by id, who told it, and what should be known about that."""

    by_id: Mapping[str, float]
    judged: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def at_least(self, score: float, below: float = 2.0) -> list[str]:
        """Return the papers from `score` to `below`, the best first."""
        kept = [name for name, value in self.by_id.items() if score <= value < below]
        return sorted(kept, key=lambda name: (-self.by_id[name], name))

    @property
    def relevant(self) -> list[str]:
        """Return the papers that belong into the review."""
        return self.at_least(RELEVANT)

    @property
    def near(self) -> list[str]:
        """Return the papers that nearly do."""
        return self.at_least(NEAR, RELEVANT)


async def scored(
    papers: Mapping[str, PaperMetadata],
    question: Question,
    *,
    year: int,
    among: Iterable[PaperMetadata] = (),
    ties: Mapping[str, int] | None = None,
    model: BaseChatModel | None = None,
    most: int = 400,
) -> Scores:
    """Return the relevance of `papers`; at most `most` of them, the best by their words, are shown to `model`.

    `among` are other papers found, from which the names of things are learned; `ties` counts the relevant papers that
    each of `papers` cites or is cited by.
    """
    plain = await asyncio.to_thread(_by_words, papers, question, year, list(among), dict(ties or {}))
    if model is None or not papers:
        return Scores(plain)
    shown = sorted(papers, key=lambda name: (-plain[name], name))[:most]
    told, notes = await _judged({name: papers[name] for name in shown}, question, model)
    missing = len(shown) - len(told)
    if missing:
        notes.append(f"{missing} of {len(shown)} papers were scored by their words, for the model did not judge them")
    return Scores({**plain, **told}, frozenset(told), tuple(dict.fromkeys(notes)))


def _by_words(
    papers: Mapping[str, PaperMetadata],
    question: Question,
    year: int,
    among: Sequence[PaperMetadata],
    ties: Mapping[str, int],
) -> dict[str, float]:
    ranking = Ranking(question, [*papers.values(), *among], year=year)
    return {name: tied(ranking.score(paper), ties.get(name, 0)) for name, paper in papers.items()}


def tied(score: float, ties: int) -> float:
    """Return `score` with what ties to relevant papers say for a paper."""
    return round(min(1.0, score + TIED * min(1.0, ties / TIES)), 4) if score >= TIED_FROM else score


async def _judged(
    papers: Mapping[str, PaperMetadata], question: Question, model: BaseChatModel
) -> tuple[dict[str, float], list[str]]:
    """Return what the model says of papers, and why it does not of others; once it is spent it is not asked again."""
    told: dict[str, float] = {}
    notes: list[str] = []
    for round_ in chunks(list(chunks(list(papers.items()), BATCH)), AT_ONCE):
        answers = await together(*(_batch(dict(some), question, model) for some in round_))
        for answer in answers:
            if isinstance(answer, Silence):
                notes.append(f"relevance: {answer.why}")
            else:
                told |= answer
        if any(isinstance(answer, Silence) and answer.final for answer in answers):
            break
    return told, notes


async def _batch(
    papers: Mapping[str, PaperMetadata], question: Question, model: BaseChatModel
) -> dict[str, float] | Silence:
    task = _TASK.format(topic=question["topic"], questions="; ".join(question["research_questions"]) or "none")
    names = list(papers)
    answer = await structured(
        model, _Judgements, task, "\n\n".join(_shown(n, papers[k]) for n, k in enumerate(names, 1))
    )
    if isinstance(answer, Silence):
        return answer
    given = {each.number: each.relevance for each in answer.papers}
    return {name: given[number] for number, name in enumerate(names, 1) if number in given}


def _shown(number: int, paper: PaperMetadata) -> str:
    told = [paper.get("title") or "(no title)", str(paper.get("year") or ""), paper.get("abstract") or "(no abstract)"]
    return f"[{number}] {told[0]} ({told[1] or 'no year'})\n{told[2][:ABSTRACT_CHARS]}"
