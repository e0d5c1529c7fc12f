"""A retrieval job, what the service says of it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from core.errors import RetrievalError
from core.http import Download
from core.http.fields import Answer, JobId, MaybeCount, MaybeText, Text

JobState = Literal["pending", "searching", "downloading", "completed", "failed"]

#: The service's error codes, and what a paper then fails for; any other code is a `job_failed`.
CODES = {
    "NOT_FOUND": "not_found",
    "DOWNLOAD_FAILED": "download_failed",
    "SOURCE_BLOCKED": "source_blocked",
    "TIMEOUT": "timeout",
    "INVALID_REQUEST": "invalid_request",
}

DETAIL_CHARS = 300


class Health(Answer):
    """The answer of `GET /health`; a service that says nothing about its VPN needs none."""

    vpn_connected: bool | None = None


class Submitted(Answer):
    """The answer of `POST /retrieve`."""

    job_id: JobId


class JobStatus(Answer):
    """The answer of `GET /jobs/{id}`: `status` as the service put it, the rest where it says so; sizes in bytes."""

    job_id: JobId
    status: Text
    doi: MaybeText = None
    file_path: MaybeText = None
    file_size: MaybeCount = None
    file_format: MaybeText = None
    source_id: MaybeText = None
    error: MaybeText = None
    error_code: MaybeText = None

    @property
    def state(self) -> JobState:
        """Return the status; one this program does not know is taken for pending."""
        return next((state for state in get_args(JobState) if state == self.status.strip().lower()), "pending")

    @property
    def known(self) -> bool:
        """Tell whether the service used a status this program knows."""
        return self.status.strip().lower() in get_args(JobState)

    def failure(self) -> RetrievalError:
        """Return why a failed job failed."""
        code, text = (self.error_code or "").strip().upper(), self.error or ""
        blocked = "SOURCE_BLOCKED" in f"{code} {text.upper()}"
        reason = "source_blocked" if blocked else CODES.get(code, "job_failed")
        return RetrievalError(reason, f"{code}: {text}".strip(": ")[:DETAIL_CHARS])


@dataclass(frozen=True)
class RetrievalJob:
    """A submitted job; `submitted_at` in Unix seconds. With a `destination` its file is fetched into that folder."""

    paper_id: str
    job_id: str
    submitted_at: float
    destination: Path | None = None


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended: without `error` it is complete, and so is its `download` if it had a destination.

    The reason of `error` is the service's own for a failed job, `timeout` past the deadline, `download_failed` when
    the file could not be fetched, `service_unavailable` when the service could not be asked (the job may still be
    alive) and `unknown_job` when it does not know the job. `status` is the last one seen.
    """

    job: RetrievalJob
    status: JobStatus | None = None
    download: Download | None = None
    error: RetrievalError | None = None

    @property
    def unknown(self) -> bool:
        """Tell whether the service does not know the job, so that it may be submitted again."""
        return self.error is not None and self.error.reason == "unknown_job"
