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
    """The text of one paper, not yet stored."""

    converted: Converted
    seconds: float


async def process_single_document(item: QueueItem, board: Board, services: Services) -> Reading:
    """Return the text of one queued paper; raise `ConversionError` when there is none."""
    board.tell("convert", "converting", item.paper_id, title=item.paper.get("title"), pages=board.pages[item.paper_id])
    clock = asyncio.get_running_loop().time
    started = clock()
    if item.is_markdown:
        return Reading(_passed(item, board.files[item.paper_id]), clock() - started)
    deadline = services.converter.deadline(board.pages[item.paper_id])
    converted = await services.converter.convert(Path(item.source), deadline=deadline)
    return Reading(converted, clock() - started)


async def keep_text(item: QueueItem, made: Reading, board: Board, services: Services) -> None:
    """Store the text of a paper, then end it on the board: on disk before it is announced."""
    file, seconds = board.files[item.paper_id], made.seconds
    title = _HEADING.search(made.converted.markdown)
    if title and not board.papers[item.paper_id].get("title"):
        board.papers[item.paper_id]["title"] = title.group(1)
        await services.store.put_papers({item.paper_id: board.papers[item.paper_id]})
    text = await services.store.add_text(item.paper_id, file.sha256, made.converted, seconds=seconds)
    board.read(item.paper_id, text, file, cached=False, seconds=seconds)


def _passed(item: QueueItem, file: StoredFile) -> Converted:
    engine = PASSTHROUGH.get(file.media_type, "text")
    return Converted(item.source, (), engine, f"{engine}/1", PASSTHROUGH_RANK)
