"""Stage 3: one paper becomes stored text. Markdown passes through, a PDF goes to the converter."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.conversion.converter import Choosing, Converted
from core.errors import InferenceDown, NotAdmitted, PaperError, WorkerDied
from core.stores.records import StoredFailure, StoredFile
from core.streaming import Lane
from workflows.research.academic_lit_review.paper_processor.acquisition.gate import identify
from workflows.research.academic_lit_review.paper_processor.board import Board
from workflows.research.academic_lit_review.paper_processor.services import Services
from workflows.research.academic_lit_review.paper_processor.state import QueueItem

#: The publisher's own text: no converter makes a better one, so it is never made again.
PASSTHROUGH_RANK = 30
PASSTHROUGH = {"application/xml": "jats", "text/html": "html"}

#: What says more of the machine than of the paper: it is tried again at once, and again by the next run.
PASSING = (InferenceDown, WorkerDied)

#: The title of a paper that came without a record: the first heading of its text.
_HEADING = re.compile(r"^# +(.{3,300})$", re.MULTILINE)


@dataclass(frozen=True)
class Reading:
    """The text of one paper, not yet stored."""

    converted: Converted
    seconds: float


def slots(services: Services) -> dict[str, int]:
    """Return how many papers are converted at a time, by lane: one for each engine of a choosing converter.

    Engines have as many slots as they can use: cores, devices, actors on other machines. `max_processing` is a limit
    to them only when somebody has set it.
    """
    converter, settings = services.converter, services.settings
    lanes = converter.lanes if isinstance(converter, Choosing) else {"": converter.slots}
    most = settings.max_processing if "max_processing" in settings.model_fields_set else sys.maxsize
    return {name: max(1, min(most, count)) for name, count in lanes.items()}


def manners(services: Services) -> Callable[[str], Lane]:
    """Return what holds for each lane of the queue; texts that need no converter are in none of its engines' lanes."""
    known = slots(services)
    return lambda name: Lane(concurrency=known.get(name))


async def lane(item: QueueItem, services: Services) -> str:
    """Return the lane of one paper on its way to the queue."""
    if item.is_markdown or not isinstance(services.converter, Choosing):
        return ""
    return await services.converter.lane(Path(item.source))


async def process_single_document(item: QueueItem, board: Board, services: Services) -> Reading:
    """Return the text of one queued paper; raise `ConversionError` when there is none.

    Raises `NotAdmitted` when the text of a scan shows that it is another paper.
    """
    board.tell("convert", "converting", item.paper_id, title=item.paper.get("title"), pages=board.pages[item.paper_id])
    clock = asyncio.get_running_loop().time
    started = clock()
    if item.is_markdown:
        return Reading(_passed(item, board.files[item.paper_id]), clock() - started)
    deadline = services.converter.deadline(board.pages[item.paper_id])
    converted = await services.converter.convert(Path(item.source), deadline=deadline)
    if item.paper_id in board.unseen:
        board.identified(item.paper_id, identify(converted.markdown, item.paper))
    return Reading(converted, clock() - started)


async def keep_text(item: QueueItem, made: Reading, board: Board, services: Services) -> None:
    """Store the text of a paper, then end it on the board: on disk before it is announced."""
    file, seconds = board.files[item.paper_id], made.seconds
    title = _HEADING.search(made.converted.markdown)
    if title and not board.papers[item.paper_id].get("title"):
        board.papers[item.paper_id]["title"] = title.group(1)
        await services.store.put_papers({item.paper_id: board.papers[item.paper_id]})
    text = await services.store.add_text(item.paper_id, file.sha256, made.converted, seconds=seconds)
    older = board.older.get(item.paper_id)
    same = older is not None and (older.sha256, older.fingerprint) == (text.sha256, text.fingerprint)
    board.read(item.paper_id, text, file, cached=same, seconds=seconds, warnings=made.converted.warnings)


async def give_up(paper_id: str, error: PaperError, board: Board, services: Services, *, lasting: bool = True) -> None:
    """End a paper that could not be converted; with `lasting` the next run believes it, unless the error may pass."""
    failure = StoredFailure(error.reason, error.detail, "convert", services.converter.fingerprint)
    ttl_s = 0.0 if isinstance(error, PASSING) or not lasting else services.settings.failure_ttl_s
    await services.store.add_failure(paper_id, failure, ttl_s=ttl_s)
    board.fail(paper_id, "convert", error.reason, error.detail)


async def refuse(paper_id: str, error: NotAdmitted, board: Board, services: Services) -> None:
    """Take back that a file was accepted as that of a paper: its text is that of another one."""
    file = board.files[paper_id]
    origin = {"source": file.source, "url": file.url, "reason": error.reason, "detail": error.detail}
    await services.store.refuse_file(paper_id, file.path, sha256=file.sha256, **origin)


def _passed(item: QueueItem, file: StoredFile) -> Converted:
    engine = PASSTHROUGH.get(file.media_type, "text")
    return Converted(item.source, (), engine, f"{engine}/1", PASSTHROUGH_RANK)
