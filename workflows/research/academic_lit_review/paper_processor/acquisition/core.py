"""The streaming pipeline: one bounded queue between whoever acquires papers and whoever converts them.

cache ──► acquisition_producer ──► WorkQueue(64) ──► processing_consumer ──► PipelineResult
            open access lanes                           a fixed number of workers
            retrieval lane
"""

from __future__ import annotations

from collections.abc import Iterable

from core.conversion.converter import Converter
from core.errors import ConversionError, NotAdmitted, PaperError, SettingsError
from core.http import HttpClient
from core.metadata import PaperMetadata
from core.progress import Emit
from core.settings import Settings
from core.stores.papers import PaperStore
from core.streaming import Retry, WorkerResult, WorkQueue, together, work
from workflows.research.academic_lit_review.paper_processor.acquisition.producer import Producer
from workflows.research.academic_lit_review.paper_processor.acquisition.returns import Returns
from workflows.research.academic_lit_review.paper_processor.board import Board
from workflows.research.academic_lit_review.paper_processor.cache import Remaining, _check_cache_phase
from workflows.research.academic_lit_review.paper_processor.conversion import (
    PASSING,
    Reading,
    give_up,
    keep_text,
    manners,
    process_single_document,
    refuse,
    slots,
)
from workflows.research.academic_lit_review.paper_processor.records import collected
from workflows.research.academic_lit_review.paper_processor.services import Services, open_services
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult, QueueItem

#: A conversion whose process or server died is tried once more; a poison PDF is thus tried at most twice.
CONVERSION_TRIES = 2


async def run_paper_pipeline(
    papers: Iterable[PaperMetadata],
    max_concurrent: int | None = None,
    *,
    settings: Settings | None = None,
    store: PaperStore | None = None,
    http: HttpClient | None = None,
    converter: Converter | None = None,
    on_event: Emit | None = None,
    retry_failed: bool = False,
) -> PipelineResult:
    """Obtain and read `papers`; return exactly one outcome for each.

        acquired, results, acquisition_failed, processing_failed = await run_paper_pipeline(papers)

    `max_concurrent` bounds the transfers at a time (default `Settings.max_downloads`). Dependencies that are not given
    are opened and closed here. `on_event` is called with every `ProgressEvent`. `retry_failed` asks again for papers
    that an earlier run could not have. Records of the same work become one paper; outcomes are keyed by `paper_id`.
    Raises SettingsError, StoreError, and whatever a bug raises; a paper's failure is an outcome.
    """
    if max_concurrent is not None and max_concurrent < 1:
        raise SettingsError(f"max_concurrent is {max_concurrent}: nothing could be transferred")
    async with open_services(
        settings=settings, store=store, http=http, converter=converter, on_event=on_event
    ) as services:
        return await read_papers(papers, services, max_concurrent=max_concurrent, retry_failed=retry_failed)


async def read_papers(
    papers: Iterable[PaperMetadata],
    services: Services,
    *,
    max_concurrent: int | None = None,
    retry_failed: bool = False,
) -> PipelineResult:
    """Do what `run_paper_pipeline` says, with services that are open already."""
    board = Board(await collected(papers, services.store), services.emit)
    engine = services.converter
    board.tell("run", "started", converter=engine.name, fingerprint=engine.fingerprint, why=services.why)
    await services.store.put_papers(board.papers)
    remaining = await _check_cache_phase(board, services, retry_failed=retry_failed)
    if remaining:
        await _stream(remaining, board, services, max_concurrent or services.settings.max_downloads)
    result = board.result()
    board.tell("run", "finished", read=len(result.results), failed=len(board.papers) - len(result.results))
    return result


async def _stream(remaining: Remaining, board: Board, services: Services, max_concurrent: int) -> None:
    size, returns = services.settings.queue_size, Returns()
    queue: WorkQueue[QueueItem] = WorkQueue(size, unfinished=size + _workers(services), lanes=manners(services))
    producing = acquisition_producer(remaining, queue, board, services, max_concurrent=max_concurrent, returns=returns)
    await together(producing, processing_consumer(queue, board, services, returns), services.inspector.warm())


def _workers(services: Services) -> int:
    return sum(slots(services).values())


async def acquisition_producer(
    remaining: Remaining,
    queue: WorkQueue[QueueItem],
    board: Board,
    services: Services,
    *,
    max_concurrent: int,
    returns: Returns | None = None,
) -> None:
    """Put every paper that can be had into `queue` the moment it is there; end the others on the board.

    With `returns` it goes on until the consumer has said of each paper that has other places what became of it.
    """
    await Producer(queue, board, services, max_concurrent, returns).run(remaining)


async def processing_consumer(
    queue: WorkQueue[QueueItem], board: Board, services: Services, returns: Returns | None = None
) -> None:
    """Turn what comes out of `queue` into stored text, with a fixed number of workers, until it closes.

    A worker converts the next paper while the text of the last one is stored. A paper that cannot be converted goes
    back by `returns` if another place may have it.
    """
    back = returns or Returns()

    async def convert(item: QueueItem) -> Reading:
        return await process_single_document(item, board, services)

    async def keep(result: WorkerResult[QueueItem, Reading]) -> None:
        if result.value is not None:
            await keep_text(result.item, result.value, board, services)
            back.done(result.item.paper_id)
        elif isinstance(result.error, PaperError):
            await _unread(result.item.paper_id, result.error, board, services, back)
        elif result.error is not None:
            raise result.error

    workers, retry = _workers(services), Retry(on=PASSING, attempts=CONVERSION_TRIES, base_s=0.0)
    fails = (ConversionError, NotAdmitted)
    await work(queue, convert, workers=workers, retry=retry, fails=fails, on_task_complete=keep)


async def _unread(paper_id: str, error: PaperError, board: Board, services: Services, back: Returns) -> None:
    """Send a paper that could not be converted to another place, or end it."""
    if isinstance(error, NotAdmitted):
        await refuse(paper_id, error, board, services)
    if not back.failed(paper_id, error, board):
        await give_up(paper_id, error, board, services)
