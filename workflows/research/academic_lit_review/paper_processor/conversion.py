"""Stage 3: one paper becomes stored text. Markdown passes through, a PDF goes to the converter."""

from __future__ import annotations

import asyncio
from pathlib import Path

from core.conversion.converter import Converted
from core.stores.records import StoredFile
from workflows.research.academic_lit_review.paper_processor.board import Board
from workflows.research.academic_lit_review.paper_processor.services import Services
from workflows.research.academic_lit_review.paper_processor.state import QueueItem

#: The publisher's own text: no converter makes a better one, so it is never made again.
PASSTHROUGH_RANK = 30
PASSTHROUGH = {"application/xml": "jats", "text/html": "html"}


async def process_single_document(item: QueueItem, board: Board, services: Services) -> None:
    """Store the text of one queued paper and end it on the board; raise `ConversionError` when there is none.

    The text is on disk before it is announced.
    """
    file = board.files[item.paper_id]
    board.tell("convert", "converting", item.paper_id, title=item.paper.get("title"), pages=board.pages[item.paper_id])
    clock = asyncio.get_running_loop().time
    started = clock()
    converted = _passed(item, file) if item.is_markdown else await _convert(item, board, services)
    seconds = clock() - started
    fingerprint, rank = services.converter.fingerprint, services.converter.rank
    if item.is_markdown:
        fingerprint, rank = f"{converted.engine}/1", PASSTHROUGH_RANK
    text = await services.store.add_text(
        item.paper_id, file.sha256, converted, fingerprint=fingerprint, rank=rank, seconds=seconds
    )
    board.read(item.paper_id, text, file, cached=False, seconds=seconds)


def _passed(item: QueueItem, file: StoredFile) -> Converted:
    return Converted(item.source, (), PASSTHROUGH.get(file.media_type, "text"))


async def _convert(item: QueueItem, board: Board, services: Services) -> Converted:
    settings = services.settings
    deadline = settings.convert_base_s + settings.convert_page_s * board.pages[item.paper_id]
    return await services.converter.convert(Path(item.source), deadline=deadline)
