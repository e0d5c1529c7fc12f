"""Typed progress events: onto LangGraph's custom stream, and to any callback."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from typing import Any, Literal

from langgraph.config import get_stream_writer
from typing_extensions import TypedDict

log = logging.getLogger(__name__)

Stage = Literal["run", "discover", "diffuse", "cache", "acquire", "convert", "extract", "cluster", "write", "publish"]
Status = Literal["started", "cached", "acquired", "waiting", "converting", "converted", "failed", "note", "finished"]


class ProgressEvent(TypedDict):
    """One thing that happened: to a paper, or (with an empty `paper_id`) to the run."""

    stage: Stage
    status: Status
    paper_id: str
    done: int
    total: int
    detail: dict[str, Any]


Emit = Callable[[ProgressEvent], None]


def emitter(on_event: Emit | None = None) -> Emit:
    """Return a function that hands an event to the running graph's custom stream, if any, and to `on_event`.

    It may be called from any task or thread. An observer that raises is logged and never disturbs the run.
    """
    write = _stream_writer()

    def emit(event: ProgressEvent) -> None:
        for observer in (write, on_event):
            if observer is not None:
                _tell(observer, event)

    return emit


def _tell(observer: Callable[[Any], None], event: ProgressEvent) -> None:
    try:
        observer(event)
    except Exception:  # the outermost boundary to foreign code: watching must not change the run
        log.exception("a progress observer failed")


def _stream_writer() -> Callable[[Any], None] | None:
    """Return the writer of the graph we run in. It looks its stream up at call time, hence the copied context."""
    try:
        write = get_stream_writer()
    except RuntimeError:
        return None
    context = contextvars.copy_context()
    return lambda event: context.copy().run(write, event)
