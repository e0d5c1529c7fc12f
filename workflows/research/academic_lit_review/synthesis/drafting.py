"""One section written by a model: asked for, checked, given back once, and what still fails left out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from core.errors import ModelBudgetSpent
from core.streaming import Retry
from workflows.research.academic_lit_review.paper_processor.extraction.asking import PATIENCE, ask
from workflows.research.academic_lit_review.synthesis import prompts
from workflows.research.academic_lit_review.synthesis.claims import Desk
from workflows.research.academic_lit_review.synthesis.forms import Claim, Passage, Revision
from workflows.research.academic_lit_review.synthesis.wording import said
from workflows.research.academic_lit_review.values import Dropped, Evidence, Sentence

_SPENT = "the budget for the model is used up"


@dataclass(frozen=True)
class Task:
    """A section to be written: what it is about, from which evidence, how long."""

    name: str
    asked: str
    offered: Sequence[Evidence]
    words: int


@dataclass(frozen=True)
class Written:
    """What came of a task; without paragraphs, `why` tells why there are none."""

    paragraphs: tuple[list[Sentence], ...] = ()
    dropped: tuple[Dropped, ...] = ()
    why: str = ""


class Writer:
    """A model at work on several sections at a time, at most `at_once`."""

    def __init__(self, model: BaseChatModel, topic: str, *, at_once: int = 4, patience: Retry = PATIENCE) -> None:
        self._model, self._topic, self._patience = model, topic, patience
        self._room = asyncio.Semaphore(at_once)

    async def write(self, desk: Desk, task: Task) -> Written:
        """Return a section; an answer that cannot be had or used is told, never raised."""
        if not desk.evidence:
            return Written(why="there is no evidence to write it from")
        asked = prompts.section(desk, self._topic, task.asked, task.words)
        async with self._room:
            try:
                reply = await ask(self._model, Passage, asked, patience=self._patience)
            except ModelBudgetSpent:
                return Written(why=_SPENT)
            if reply.value is None:
                return Written(why=f"the model gave no usable answer ({reply.why})")
            return await self._checked(desk, asked, reply.value)

    async def _checked(self, desk: Desk, asked: Sequence[BaseMessage], passage: Passage) -> Written:
        """Return what holds of a passage, after one revision of what does not."""
        claims = [claim for paragraph in passage.paragraphs for claim in paragraph.sentences]
        faults = {at: why for at, claim in enumerate(claims) if (why := desk.fault(claim))}
        dropped: list[Dropped] = []
        if faults:
            revised = await self._revised(asked, [(at, claims[at], why) for at, why in faults.items()])
            for at, why in faults.items():
                again = revised.get(at)
                still = desk.fault(again) if again else why
                if again and not still:
                    claims[at] = again
                else:
                    dropped.append(Dropped(text=(again or claims[at]).text, why=still))
                    claims[at] = Claim(text="")
        kept, at = [], 0
        for paragraph in passage.paragraphs:
            group = claims[at : (at := at + len(paragraph.sentences))]
            kept.append([_sentence(desk, claim) for claim in group if claim.text])
        paragraphs = tuple(filter(None, kept))
        return Written(paragraphs, tuple(dropped), "" if paragraphs else "no sentence of it held against its evidence")

    async def _revised(
        self, asked: Sequence[BaseMessage], failed: Sequence[tuple[int, Claim, str]]
    ) -> dict[int, Claim]:
        """Return the sentences written anew, by number; none when the model cannot or may not."""
        try:
            reply = await ask(self._model, Revision, prompts.revision(asked, failed), patience=self._patience)
        except ModelBudgetSpent:
            return {}
        return {each.number: each for each in reply.value.sentences} if reply.value else {}


def _sentence(desk: Desk, claim: Claim) -> Sentence:
    text = " ".join(claim.text.split())
    return said(
        text if text.endswith((".", "!", "?", "\u201d")) else f"{text}.", *map(desk.records.cite, desk.cited(claim))
    )
