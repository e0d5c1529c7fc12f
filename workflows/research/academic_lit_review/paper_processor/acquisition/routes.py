"""The way of one paper through its sources: the places left to ask, and what was tried."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.errors import NotAdmitted, PaperError
from core.metadata import PaperMetadata
from core.stores.records import Attempt, StoredFile
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import Location

#: From most to least telling: the first of these families among the attempts is why a paper could not be had.
_TELLING = (
    "wrong_paper", "encrypted", "no_text_layer", "too_large", "damaged", "truncated", "bot_wall", "paywall",
    "host_parked", "http_429", "timeout", "dns", "connect", "source_blocked", "download_failed", "http_401",
    "http_403", "http_5", "not_pdf", "job_failed", "unknown_job", "not_open_access", "not_full_text",
)  # fmt: skip

#: Reasons that may be gone tomorrow: a paper that failed with one of these is tried again by the next run. A service
#: that is down is none of them: what the open sources said is believed, and the next run asks only the service.
_PASSING = (
    "timeout", "connect", "dns", "host_parked", "truncated", "http_429", "http_5",
    "source_blocked", "download_failed", "job_failed", "unknown_job",
)  # fmt: skip

#: Relevance that a page more is worth in the queue, up to so many pages. Among papers of about the same relevance the
#: longer goes first: a long one left for the end keeps one worker busy while the others have nothing to do.
PAGE_URGENCY, MOST_PAGES = 1 / 500, 50


SERVICE_DOWN = "service_unavailable"

#: Places that do not keep a transfer slot for long: a finished job of the service, and this disk.
CERTAIN = ("job", "local", "stored")


#: Places that have, or lead to, a text that needs no converter.
TEXTS = ("jats", "html", "listing")


@dataclass
class Route:
    """One paper under way; of a `known` one an earlier run has heard what the open sources say.

    An `unread` one has been obtained, but its file could not be converted. A `narrow` route asks only for texts that
    need no converter, and not the job service.
    """

    paper_id: str
    paper: PaperMetadata
    todo: deque[Location]
    tried: list[Attempt] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    submitted: int = 0
    stored: StoredFile | None = None
    known: bool = False
    unread: PaperError | None = None
    narrow: bool = False
    told: int = 0

    @property
    def priority(self) -> float:
        """Most relevant first, but what is certain to be there before what a stranger may have; it is soon fetched."""
        certain = bool(self.todo) and self.todo[0].kind in CERTAIN
        return relevance(self.paper) + certain

    def lead(self, found: Iterable[Location], *, first: bool) -> int:
        """Add places that another place led to, to be asked first or last; return how many were new."""
        known = self.seen | {location.url for location in self.todo}
        new = [at for at in found if at.url not in known and (not self.narrow or at.kind in TEXTS)]
        if first:
            self.todo.extendleft(reversed(new))
        else:
            self.todo.extend(new)
        return len(new)

    def turn_back(self, error: PaperError) -> bool:
        """Go on after a conversion that failed; tell whether there is anywhere to go.

        Another PDF of a paper that no converter reads would as a rule not be read either, and cost as much again. But
        when the scan turned out to be another paper, every place may have the right one.
        """
        self.unread = error
        self.narrow = not isinstance(error, NotAdmitted)
        if self.narrow:
            self.todo = deque(at for at in self.todo if at.kind in TEXTS)
        return bool(self.todo) or not self.narrow

    def verdict(self) -> tuple[str, str]:
        """Return the most telling reason among the attempts, and its detail.

        A service that is down says nothing about the paper: it is named beside what the other places said.
        """
        failed = [attempt for attempt in self.tried if attempt.verdict != "ok"]
        said = [attempt for attempt in failed if attempt.verdict != SERVICE_DOWN]
        down = "; the retrieval service does not answer" if len(said) < len(failed) else ""
        if not said:
            return (
                (SERVICE_DOWN, down[2:]) if down else ("no_location", "no identifier or address leads to a full text")
            )
        best = min(said, key=_rank)
        if _rank(best) == len(_TELLING) and len({attempt.verdict for attempt in said}) > 1:
            return "not_open_access", f"{len(said)} places asked, none has it{down}"
        return best.verdict, f"{best.source}: {best.detail}".rstrip(": ") + down

    def passing(self) -> bool:
        """Tell whether one of the attempts failed for a reason that may be gone tomorrow."""
        return any(attempt.verdict.startswith(_PASSING) for attempt in self.tried)


def _rank(attempt: Attempt) -> int:
    """Return the place of an attempt's verdict among the telling ones; the last for all others."""
    places = (place for place, family in enumerate(_TELLING) if attempt.verdict.startswith(family))
    return next(places, len(_TELLING))


def relevance(paper: PaperMetadata) -> float:
    """Return how relevant `paper` is, 0 to 1; one half when nobody has scored it, or with something not a number."""
    score = paper.get("relevance_score")
    return 0.5 if score is None or math.isnan(score) else min(1.0, max(0.0, score))


def urgency(relevance: float, pages: int) -> float:
    """Return the place in the queue of a paper to be converted: the higher, the sooner."""
    return relevance + min(pages, MOST_PAGES) * PAGE_URGENCY
