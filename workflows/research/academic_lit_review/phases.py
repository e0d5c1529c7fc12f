"""The phases of a review as lines to be read while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.progress import ProgressEvent

_SENTENCES: dict[tuple[str, str], Callable[[Mapping[str, Any]], str]] = {
    ("discover", "started"): lambda told: f"searching: {'; '.join(told['queries'])}",
    ("discover", "finished"): lambda told: f"{told['found']} papers found, {told['relevant']} of them relevant",
    ("diffuse", "started"): lambda told: f"following the citations of the best of {told['relevant']} papers",
    ("diffuse", "note"): lambda told: (
        f"stage {told['number']}: {told['candidates']} papers more, {told['relevant']} of them relevant"
    ),
    ("diffuse", "finished"): lambda told: f"{told['relevant']} relevant papers; {told['stopped']}",
    ("extract", "started"): lambda told: f"looking for evidence in {told['papers']} papers",
    ("extract", "finished"): lambda told: f"{told['evidence']} pieces of evidence found, each with its quote",
    ("cluster", "finished"): lambda told: f"themes: {'; '.join(told['themes']) or 'none'}",
    ("write", "started"): lambda told: f"writing about {told['papers']} papers",
    ("write", "finished"): lambda told: f"written: {told['sections']} sections, {told['references']} references",
}


def told(event: ProgressEvent) -> str:
    """Return what has happened as a line; nothing for events that are not of a phase."""
    sentence = _SENTENCES.get((event["stage"], event["status"]))
    return "" if sentence is None else sentence(event["detail"])
