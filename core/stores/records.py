"""The values that go into and come out of the paper store. Times are Unix seconds, sizes bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.conversion.converter import PageSpan
from core.errors import known_reason

#: Where a paper failed. A failed conversion says nothing about another converter, so it carries a fingerprint.
FailureStage = Literal["acquire", "convert"]

#: `intended` (about to be submitted) and `submitted` are open; the others end a job.
JobState = Literal["intended", "submitted", "completed", "failed", "abandoned"]
ClosedJobState = Literal["completed", "failed", "abandoned"]


@dataclass(frozen=True)
class StoredFile:
    """An accepted file of a paper, and where it came from. `path` is the store's own: read it, never change it."""

    sha256: str
    path: Path
    size: int
    media_type: str
    source: str
    url: str
    license: str = ""
    license_evidence: str = ""
    version: str = ""


@dataclass(frozen=True)
class StoredText:
    """The Markdown of a file, made by the converter `fingerprint` of quality `rank`. `chars` counts characters.

    `why` and `metadata` are those of `Converted`; `images` is the folder of its images, None when it has none.
    """

    sha256: str
    path: Path
    file_sha256: str
    fingerprint: str
    rank: int
    engine: str
    pages: tuple[PageSpan, ...]
    chars: int
    warnings: tuple[str, ...] = ()
    why: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    images: Path | None = None


@dataclass(frozen=True)
class StoredFailure:
    """Why a paper could not be had (`acquire`) or not be read by the converter `fingerprint` (`convert`)."""

    reason: str
    detail: str = ""
    stage: FailureStage = "acquire"
    fingerprint: str = ""

    def __post_init__(self) -> None:
        check_reason(self.reason)
        if (self.stage == "convert") != bool(self.fingerprint):
            raise ValueError("a failed conversion, and nothing else, names the converter's fingerprint")


@dataclass(frozen=True)
class StoredJob:
    """A job at a retrieval service. Without a `job_id` it is an intention: whether it arrived there is not known."""

    paper_id: str
    service: str
    idempotency_key: str
    job_id: str | None = None
    state: JobState = "intended"
    submitted_at: float | None = None


@dataclass(frozen=True)
class Refusal:
    """A file that is not the full text of the paper, kept aside at `path`."""

    sha256: str
    path: Path
    source: str
    url: str
    reason: str
    detail: str
    at: float


@dataclass(frozen=True)
class Attempt:
    """One try at one source. `verdict` is `ok` or a reason; `at` is filled in by the store when 0."""

    source: str
    url: str
    verdict: str
    detail: str = ""
    status: int | None = None
    hops: tuple[str, ...] = ()
    sniffed: str = ""
    size: int = 0
    seconds: float = 0.0
    at: float = 0.0

    def __post_init__(self) -> None:
        if self.verdict != "ok":
            check_reason(self.verdict)


@dataclass(frozen=True)
class Holding:
    """What the store has of one paper: the best usable text, a file, what is known to fail, the open job.

    `file` is the one `text` was made of (None when it was lost: the text is as good), without a text the newest one.
    """

    text: StoredText | None = None
    file: StoredFile | None = None
    failure: StoredFailure | None = None
    job: StoredJob | None = None


@dataclass(frozen=True)
class Stats:
    """How much the store holds; bytes count every object once."""

    papers: int
    files: int
    file_bytes: int
    texts: int
    text_bytes: int
    images: int
    image_bytes: int
    refused: int
    refused_bytes: int
    attempts: int
    failures: int
    open_jobs: int


@dataclass(frozen=True)
class Verification:
    """What checking every hash found; `damaged` are the places in the store that no longer held what they should."""

    checked: int
    checked_bytes: int
    damaged: tuple[Path, ...] = ()


def check_reason(reason: str) -> None:
    """Raise ValueError when `reason` is not in `core.errors.REASONS`."""
    if not known_reason(reason):
        raise ValueError(f"unknown reason {reason!r}: add it to core.errors.REASONS")
