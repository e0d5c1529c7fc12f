"""Stage 1: which papers are there already, and where does each of the others go on?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.conversion.converter import Converter
from core.errors import StoreError
from core.http import redact
from core.identifiers import unify
from core.metadata import PaperMetadata
from core.progress import Stage
from core.stores.records import Attempt, Holding, StoredFailure, StoredFile, StoredJob, StoredText
from workflows.research.academic_lit_review.paper_processor.acquisition.retrieval import SOURCE
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import SERVICE_DOWN
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import LOCAL, locations
from workflows.research.academic_lit_review.paper_processor.board import Board
from workflows.research.academic_lit_review.paper_processor.services import Services
from workflows.research.academic_lit_review.paper_processor.state import Outcome


@dataclass
class Remaining:
    """Papers that are not read yet: with a stored file, with a job at the service, with nothing, or `unserved`.

    Those are the papers of which only the service, which was down, has not said that it cannot have them. `lesser` are
    the stored files of papers that have a text, and are to get a better one.
    """

    stored: dict[str, StoredFile] = field(default_factory=dict)
    lesser: dict[str, StoredFile] = field(default_factory=dict)
    jobs: dict[str, StoredJob] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    unserved: dict[str, list[Attempt]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.stored or self.lesser or self.jobs or self.new or self.unserved)


async def _check_cache_phase(board: Board, services: Services, *, retry_failed: bool = False) -> Remaining:
    """End every paper the store can answer for, all in one query, and sort the others by where they go on.

    A hit is a text of an accepted file, whichever converter made it; with `Settings.upgrade` one made by a lesser
    converter than this run's is made again. A recent failure is believed until its time to live ends, unless
    `retry_failed`.
    """
    converter, store = services.converter, services.store
    if retry_failed:
        await store.forget_failures(board.papers)
    try:
        held = await store.lookup(board.papers, rank=0, fingerprint=converter.fingerprint)
    except StoreError as error:  # a cache that cannot answer has missed; storing what comes will tell if it is broken
        board.tell("cache", "note", error=str(error))
        held = {}
    remaining = Remaining()
    for paper_id in board.papers:
        await _place(paper_id, held.get(paper_id, Holding()), remaining, board, services)
    if not services.settings.upgrade:
        _tell_of_lesser(held.values(), board, converter)
    return remaining


def _tell_of_lesser(held: Iterable[Holding], board: Board, converter: Converter) -> None:
    """Say how many texts this run's converter would make better."""
    lesser = sum(holding.text is not None and _lesser(holding.text, converter) for holding in held)
    if lesser:
        told = f"{lesser} of the texts were made by a lesser engine than {converter.name}; --upgrade makes them again"
        board.tell("cache", "note", lesser=lesser, explanation=told)


def _lesser(text: StoredText, converter: Converter) -> bool:
    """Tell whether `converter` would make a better text; not if it has made, or routed, this very one itself."""
    return text.rank < converter.rank and text.metadata.get("routed_by") != converter.fingerprint


async def _place(paper_id: str, held: Holding, remaining: Remaining, board: Board, services: Services) -> None:
    """End one paper from what the store holds of it, or note where it goes on."""
    if held.text:
        return _hit(paper_id, held.text, held, remaining, board, services)
    if held.failure and await _believe(paper_id, held.failure, remaining, board, services):
        return None
    if held.file:
        remaining.stored[paper_id] = held.file
        return None
    if held.job and held.job.job_id and services.retrieval and held.job.service == services.retrieval.base_url:
        remaining.jobs[paper_id] = held.job
        return None
    return remaining.new.append(paper_id)


def _hit(
    paper_id: str, text: StoredText, held: Holding, remaining: Remaining, board: Board, services: Services
) -> None:
    """End a paper with its text, unless a better one is asked for and can be made."""
    if not services.settings.upgrade or not _lesser(text, services.converter):
        return board.read(paper_id, text, held.file, cached=True)
    board.older[paper_id] = text
    if held.file is None:
        return board.fail(paper_id, "cache", "not_found", "its file is not in the store any more")
    board.files[paper_id] = held.file
    if held.failure and held.failure.stage == "convert":
        known = f"{held.failure.detail} (known from an earlier run)".strip()
        return board.fail(paper_id, "convert", held.failure.reason, known)
    remaining.lesser[paper_id] = held.file
    return None


async def _believe(
    paper_id: str, failure: StoredFailure, remaining: Remaining, board: Board, services: Services
) -> bool:
    """End a paper as it ended last time, with everything that was tried then; not if there is a new place to ask."""
    attempts = await services.store.attempts(paper_id)
    if services.converter.reads_scans and _scanned(attempts):
        return False
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


def _scanned(attempts: list[Attempt]) -> bool:
    """Tell whether a place was last left because its file was a scan: a converter that reads scans would take it."""
    last = {(attempt.source, attempt.url): attempt.verdict for attempt in attempts}
    return "no_text_layer" in last.values()


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
