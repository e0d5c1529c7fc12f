"""Stage 1: which papers are there already, and where does each of the others go on?"""

from __future__ import annotations

from dataclasses import dataclass, field

from core.errors import StoreError
from core.http import redact
from core.identifiers import unify
from core.metadata import PaperMetadata
from core.progress import Stage
from core.stores.records import Attempt, Holding, StoredFailure, StoredFile, StoredJob
from workflows.research.academic_lit_review.paper_processor.acquisition.retrieval import SOURCE
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import SERVICE_DOWN
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import LOCAL, locations
from workflows.research.academic_lit_review.paper_processor.board import Board
from workflows.research.academic_lit_review.paper_processor.services import Services
from workflows.research.academic_lit_review.paper_processor.state import Outcome


@dataclass
class Remaining:
    """Papers that are not read yet: with a stored file, with a job at the service, with nothing, or `unserved`.

    Those are the papers of which only the service, which was down, has not said that it cannot have them.
    """

    stored: dict[str, StoredFile] = field(default_factory=dict)
    jobs: dict[str, StoredJob] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    unserved: dict[str, list[Attempt]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.stored or self.jobs or self.new or self.unserved)


async def _check_cache_phase(board: Board, services: Services, *, retry_failed: bool = False) -> Remaining:
    """End every paper the store can answer for, all in one query, and sort the others by where they go on.

    A hit is a text made by an equal or better converter from an accepted file. A recent failure is believed until its
    time to live ends, unless `retry_failed`.
    """
    converter, store = services.converter, services.store
    if retry_failed:
        await store.forget_failures(board.papers)
    try:
        held = await store.lookup(board.papers, rank=converter.rank, fingerprint=converter.fingerprint)
    except StoreError as error:  # a cache that cannot answer has missed; storing what comes will tell if it is broken
        board.tell("cache", "note", error=str(error))
        held = {}
    remaining = Remaining()
    for paper_id in board.papers:
        await _place(paper_id, held.get(paper_id, Holding()), remaining, board, services)
    return remaining


async def _place(paper_id: str, held: Holding, remaining: Remaining, board: Board, services: Services) -> None:
    """End one paper from what the store holds of it, or note where it goes on."""
    if held.text:
        return board.read(paper_id, held.text, held.file, cached=True)
    if held.failure and await _believe(paper_id, held.failure, remaining, board, services):
        return None
    if held.file:
        remaining.stored[paper_id] = held.file
        return None
    if held.job and held.job.job_id and services.retrieval and held.job.service == services.retrieval.base_url:
        remaining.jobs[paper_id] = held.job
        return None
    return remaining.new.append(paper_id)


async def _believe(
    paper_id: str, failure: StoredFailure, remaining: Remaining, board: Board, services: Services
) -> bool:
    """End a paper as it ended last time, with everything that was tried then; not if there is a new place to ask."""
    attempts = await services.store.attempts(paper_id)
    if _new_places(board.papers[paper_id], failure, attempts, services):
        return False
    if failure.stage == "acquire" and services.retrieval and not _answered(attempts):
        remaining.unserved[paper_id] = attempts
        return True
    for attempt in attempts:
        board.tried(paper_id, attempt)
    stage: Stage = "convert" if failure.stage == "convert" else "acquire"
    board.fail(paper_id, stage, failure.reason, f"{failure.detail} (known from an earlier run)".strip())
    return True


def _answered(attempts: list[Attempt]) -> bool:
    """Tell whether the job service has said anything of the paper."""
    return any(attempt.source == SOURCE and attempt.verdict != SERVICE_DOWN for attempt in attempts)


def _new_places(paper: PaperMetadata, failure: StoredFailure, attempts: list[Attempt], services: Services) -> bool:
    """Tell whether there is a place that was not asked yet, one that only the record of today names.

    A file of the user that was not there may be there by now. A failed conversion is only doubted for such a file.
    """
    asked = {attempt.url for attempt in attempts if (attempt.source, attempt.verdict) != (LOCAL, "not_found")}
    places = [place for place in locations(paper, services.settings) if redact(place.url) not in asked]
    return any(place.source == LOCAL or failure.stage == "acquire" for place in places)


async def check_cache_for_paper(paper: PaperMetadata, services: Services) -> Outcome | None:
    """Return the outcome of `paper` when the store already holds its text, else None."""
    board = Board(unify([paper]), services.emit)
    await _check_cache_phase(board, services)
    return next(iter(board.read_papers.values()), None)
