"""A chat model reads a paper part by part, and everything it quotes is looked up in the paper."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from langchain_core.language_models import BaseChatModel

from core.conversion.converter import PageSpan
from core.errors import ModelBudgetSpent
from core.evidence.chunks import OVERLAP, SIZE, Chunk, chunks
from core.evidence.index import Index
from core.evidence.locate import Located, find
from core.evidence.outline import Block, Role, blocks
from core.evidence.sentences import spans
from core.evidence.support import strange_numbers
from core.streaming import Retry
from workflows.research.academic_lit_review.paper_processor.extraction.asking import PATIENCE, ask
from workflows.research.academic_lit_review.paper_processor.extraction.drafts import Draft, Notes
from workflows.research.academic_lit_review.paper_processor.extraction.prompt import Brief, orders, prompt
from workflows.research.academic_lit_review.paper_processor.extraction.schema import Point, Quantity, Reading
from workflows.research.academic_lit_review.values import Kind, Rejected

#: Words below which a quote proves nothing, and items of one kind that are looked at in one answer.
_LEAST_WORDS = 4
_MOST_ITEMS = 25
#: Characters up to which a quote is widened to the sentences it stands in.
_MOST_CHARS = 700
#: What a located item is worth: it answers a question, or it does not; slips in the quote cost a little.
_ANSWERING, _OTHER, _SLIPS = 0.9, 0.7, 0.1


@dataclass(frozen=True, slots=True)
class Paper:
    """A text to be read; `opening` is the part of a paper it begins with: "abstract" for one that is nothing else."""

    text: str
    pages: tuple[PageSpan, ...] = ()
    title: str = ""
    opening: Role = "front"


class Reader:
    """Reads papers with a model for one review. After a final refusal of the model it asks nothing more."""

    def __init__(
        self,
        model: BaseChatModel,
        brief: Brief,
        *,
        size: int = SIZE,
        overlap: int = OVERLAP,
        patience: Retry = PATIENCE,
    ) -> None:
        self._model, self._brief, self._patience = model, brief, patience
        self._size, self._overlap = size, overlap
        self._closed = ""

    async def read(self, paper: Paper) -> tuple[Notes, bool]:
        """Return what the model found in `paper`, and whether it has read all of it."""
        desk = await asyncio.to_thread(_Desk, paper, self._size, self._overlap, len(self._brief.questions))
        notes, whole = Notes(remarks=tuple(desk.orders())), True
        for number, chunk in enumerate(desk.chunks, 1):
            answer = await self._ask(paper, chunk, number, len(desk.chunks))
            if isinstance(answer, str):
                whole = False
                notes += Notes(remarks=(f"part {number} of {len(desk.chunks)}{desk.on(chunk)} was not read: {answer}",))
            else:
                notes += await asyncio.to_thread(desk.locate, answer, chunk)
        return notes, whole

    async def _ask(self, paper: Paper, chunk: Chunk, number: int, count: int) -> Reading | str:
        """Return what the model says of a part, or why it says nothing."""
        if self._closed:
            return self._closed
        messages = prompt(
            paper.text[chunk.start : chunk.end], self._brief, title=paper.title, number=number, count=count
        )
        try:
            reply = await ask(self._model, Reading, messages, patience=self._patience)
        except ModelBudgetSpent as error:
            self._closed = f"the budget is spent ({error})"
            return self._closed
        if reply.final:
            self._closed = reply.why
        return reply.value or reply.why


class _Desk:
    """One paper with all that is needed to check what is said of it."""

    def __init__(self, paper: Paper, size: int, overlap: int, questions: int) -> None:
        self._index = Index(paper.text, paper.pages)
        self._blocks = list(blocks(paper.text, opening=paper.opening))
        self._questions = questions
        self.chunks = chunks(paper.text, size=size, overlap=overlap, opening=paper.opening)

    def orders(self) -> list[str]:
        """Return remarks on sentences that address a model instead of a reader."""
        return [f"the text addresses language models: {found!r}" for found in orders(self._index.text)[:5]]

    def on(self, chunk: Chunk) -> str:
        """Return on which pages a part stands, in words."""
        first, last = self._index.pages.at(chunk.start), self._index.pages.at(chunk.end - 1)
        return f" (pages {first}-{last})" if first else ""

    def locate(self, answer: Reading, chunk: Chunk) -> Notes:
        """Return what of an answer stands in the paper, and what does not."""
        drafts: list[Draft] = []
        rejected: list[Rejected] = []
        for kind, item in _items(answer):
            place = self._whole(find(item.quote, self._index, near=chunk.start))
            why = self._unfit(item.quote, place)
            if why:
                rejected.append(Rejected(quote=item.quote[:1_000], verdict=why, page=place.page, kind=kind))
            else:
                drafts.append(self._draft(kind, item, place))
        return Notes() + Notes(tuple(drafts), tuple(rejected))

    def _whole(self, place: Located) -> Located:
        """Return the whole sentences a quote was taken from: out of them it may say what its authors deny."""
        block = self._block(place.start)
        if not place.holds or block.kind not in ("paragraph", "item") or block.end < place.end:
            return place
        around = [span for span in spans(self._index.text, block.start, block.end) if _touch(span, place)]
        start, end = min(place.start, around[0][0]), max(place.end, around[-1][1])
        if end - start > _MOST_CHARS:
            return place
        page = self._index.pages.at(start)
        return replace(place, start=start, end=end, page=page, found=self._index.text[start:end])

    def _unfit(self, quote: str, place: Located) -> str:
        """Return why a quote is no evidence, nothing if it is."""
        if not place.holds:
            return place.verdict
        if len(quote.split()) < _LEAST_WORDS:
            return "too_short"
        if self._block(place.start).role == "references":
            return "in_references"
        return "order" if orders(place.found) else ""

    def _draft(self, kind: Kind, item: Point | Quantity, place: Located) -> Draft:
        question = self._question(item)
        score = (_OTHER if question is None else _ANSWERING) - _SLIPS * (place.verdict == "fuzzy")
        return Draft(
            kind=kind,
            claim=_claim(item, place.found),
            quote=place.found,
            start=place.start,
            end=place.end,
            page=place.page,
            section=self._block(place.start).section,
            verdict="exact" if place.verdict == "exact" else "fuzzy",
            score=round(score, 3),
            question=question,
        )

    def _question(self, item: Point | Quantity) -> int | None:
        """Return the place of the question an item answers; models count them from 1."""
        told = item.question if isinstance(item, Point) else None
        return told - 1 if told is not None and 1 <= told <= self._questions else None

    def _block(self, offset: int) -> Block:
        return next((block for block in self._blocks if block.end > offset), self._blocks[-1])


def _touch(span: tuple[int, int], place: Located) -> bool:
    return span[0] < place.end and place.start < span[1]


def _items(answer: Reading) -> Iterator[tuple[Kind, Point | Quantity]]:
    lists: Sequence[tuple[Kind, Sequence[Point | Quantity]]] = (
        ("finding", answer.findings),
        ("method", answer.methods),
        ("limitation", answer.limitations),
        ("future_work", answer.future_work),
        ("number", answer.numbers),
    )
    for kind, items in lists:
        for item in items[:_MOST_ITEMS]:
            yield kind, item


def _claim(item: Point | Quantity, found: str) -> str:
    """Return what an item says in its own words, or the quote when those hold a number the quote does not have."""
    told = item.statement if isinstance(item, Point) else f"{item.of}: {f'{item.value} {item.unit}'.strip()}"
    return found if not told.strip() or strange_numbers(told, found) else " ".join(told.split())
