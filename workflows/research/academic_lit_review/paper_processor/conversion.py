"""Stage 3: one paper becomes stored text. Markdown passes through, a PDF goes to the converter."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from core.conversion.converter import Converted
from core.stores.records import StoredFile
from workflows.research.academic_lit_review.paper_processor.board import Board
from workflows.research.academic_lit_review.paper_processor.services import Services
from workflows.research.academic_lit_review.paper_processor.state import QueueItem

#: The publisher's own text: no converter makes a better one, so it is never made again.
PASSTHROUGH_RANK = 30
PASSTHROUGH = {"application/xml": "jats", "text/html": "html"}


#: The title of a paper that came without a record: the first heading of its text.
_HEADING = re.compile(r"^# +(.{3,300})$", re.MULTILINE)


@dataclass(frozen=True)
class Reading:
    """The text of one paper, not yet stored; `fingerprint` and `rank` say who made it."""

    converted: Converted
    fingerprint: str
    rank: int
    seconds: float


async def process_single_document(item: QueueItem, board: Board, services: Services) -> Reading:
    """Return the text of one queued paper; raise `ConversionError` when there is none."""
    board.tell("convert", "converting", item.paper_id, title=item.paper.get("title"), pages=board.pages[item.paper_id])
    clock, converter = asyncio.get_running_loop().time, services.converter
    started = clock()
    if item.is_markdown:
        passed = _passed(item, board.files[item.paper_id])
        return Reading(passed, f"{passed.engine}/1", PASSTHROUGH_RANK, clock() - started)
    converted = await _convert(item, board, services)
    return Reading(converted, converter.fingerprint, converter.rank, clock() - started)


async def keep_text(item: QueueItem, made: Reading, board: Board, services: Services) -> None:
    """Store the text of a paper, then end it on the board: on disk before it is announced."""
    file, seconds = board.files[item.paper_id], made.seconds
    title = _HEADING.search(made.converted.markdown)
    if title and not board.papers[item.paper_id].get("title"):
        board.papers[item.paper_id]["title"] = title.group(1)
        await services.store.put_papers({item.paper_id: board.papers[item.paper_id]})
    text = await services.store.add_text(
        item.paper_id, file.sha256, made.converted, fingerprint=made.fingerprint, rank=made.rank, seconds=seconds
    )
    board.read(item.paper_id, text, file, cached=False, seconds=seconds)


def _passed(item: QueueItem, file: StoredFile) -> Converted:
    return Converted(item.source, (), PASSTHROUGH.get(file.media_type, "text"))


async def _convert(item: QueueItem, board: Board, services: Services) -> Converted:
    settings = services.settings
    deadline = settings.convert_base_s + settings.convert_page_s * board.pages[item.paper_id]
    return await services.converter.convert(Path(item.source), deadline=deadline)
