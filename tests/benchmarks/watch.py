"""Watching a run through its progress events."""

from __future__ import annotations

import time
from collections.abc import Mapping

from core.progress import ProgressEvent
from tests.benchmarks.figures import Run


class Watch:
    """Give it as `on_event`; it notes when each paper was acquired, taken up and converted."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.acquired: dict[str, float] = {}
        self.converting: dict[str, float] = {}
        self.converted: dict[str, float] = {}
        self.failed: dict[str, str] = {}
        self.most_unfinished = 0

    def __call__(self, event: ProgressEvent) -> None:
        """Note one event."""
        self.note(event["status"], event["paper_id"], event["detail"].get("reason", ""))

    def note(self, status: str, paper: str, reason: str = "") -> None:
        """Note what happened to a paper just now."""
        now = time.monotonic() - self.began
        match status:
            case "acquired":
                self.acquired[paper] = now
                self.most_unfinished = max(self.most_unfinished, len(self.acquired) - len(self.converted))
            case "converting":
                self.converting.setdefault(paper, now)
            case "converted":
                self.converted[paper] = now
            case "failed":
                self.failed[paper] = reason

    def run(self, took_s: Mapping[str, float]) -> Run:
        """Return the run that has just ended; `took_s` are the conversion times by paper id."""
        if self.failed:
            raise RuntimeError(f"{len(self.failed)} papers failed: {sorted(self.failed.items())[:3]}")
        return Run(self.acquired, self.converted, took_s, time.monotonic() - self.began)
