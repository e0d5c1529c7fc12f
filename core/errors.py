"""Every error this project raises, and the closed list of reasons a paper can fail for.

    LitReviewError
    ├── SettingsError               a setting is missing or contradicts another
    ├── InputError                  what the user gave cannot be read as papers
    ├── StoreError                  the paper store cannot be used
    │   └── StoreVersionError       it was written by a newer version of this program
    ├── ModelBudgetSpent            the chat model may not be asked any more in this run
    ├── QueueFull                   a queue with `full="error"` had no room
    ├── QueueClosed                 nothing more will come out of (or may go into) a queue
    └── PaperError                  this paper, or this attempt at it, fails; the others go on
        ├── FetchError              a request over HTTP gave no usable answer
        ├── NotAdmitted             the file is not the full text of this paper
        ├── RetrievalError          the retrieve-academic service could not deliver it
        └── ConversionError         the file could not be turned into text
            ├── InferenceDown       the server that runs its models went away: worth one more try
            └── WorkerDied          its process ended under it: worth one more try

A `PaperError` carries a machine-readable `reason` out of `REASONS`; anything that is not a
`LitReviewError` is a bug and stops the run loudly.
"""

from __future__ import annotations

import re

#: What a paper, or one attempt at it, can fail for. `http_<status>` and `bot_wall:<vendor>` are the two open families.
REASONS: dict[str, str] = {
    "bad_url": "the address is not a usable http(s) URL",
    "blocked_address": "the address is not on the public internet",
    "dns": "the host name does not resolve",
    "connect": "no connection to the host",
    "timeout": "no complete answer in time",
    "truncated": "the answer ended early",
    "too_large": "larger than the configured limit",
    "bad_answer": "the answer is not valid HTTP, or not the format that was asked for",
    "bad_encoding": "the compressed answer cannot be unpacked within its limits",
    "redirect_loop": "too many or circular redirects",
    "host_parked": "the host asked to be left alone for longer than this run waits",
    "budget_spent": "the credits for this catalogue are used up",
    "not_pdf": "the file is not a PDF",
    "damaged": "the PDF cannot be opened",
    "encrypted": "the PDF needs a password",
    "empty": "the file has no pages or no content",
    "no_text_layer": "the pages are images without text",
    "wrong_paper": "the text belongs to another work",
    "bot_wall": "a bot check stands in front of the file",
    "paywall": "the page offers the text for money or to subscribers",
    "not_full_text": "the page holds an abstract or a landing page, not the full text",
    "not_open_access": "no source states an open access copy",
    "no_location": "no source knows where a full text could be",
    "service_unavailable": "the retrieval service does not answer",
    "not_found": "the retrieval service found no copy",
    "download_failed": "the retrieval service could not download its copy",
    "source_blocked": "the retrieval service was refused by its source",
    "job_failed": "the retrieval job failed for another reason",
    "invalid_request": "the retrieval service refused the request",
    "unknown_job": "the retrieval service does not know the job, or no longer does",
    "conversion_timeout": "the converter needed longer than its deadline",
    "conversion_failed": "the converter gave up on the file",
    "out_of_memory": "the converter needed more memory than it may have",
    "worker_died": "the converter's process ended unexpectedly",
    "inference_unavailable": "the server that runs the converter's models does not answer",
    "implausible_text": "the converter returned far less text than the file holds",
}

_FAMILIES = re.compile(r"http_[1-5]\d\d|bot_wall:[a-z0-9_-]+")


def known_reason(reason: str) -> bool:
    """Tell whether `reason` belongs to the closed list."""
    return reason in REASONS or _FAMILIES.fullmatch(reason) is not None


class LitReviewError(Exception):
    """Base of everything this project raises on purpose."""


class SettingsError(LitReviewError, ValueError):
    """A setting is missing or contradicts another. (A ValueError: LangGraph's server shows the message of those.)"""


class InputError(LitReviewError, ValueError):
    """What the user gave cannot be read as papers. (A ValueError, for the same reason.)"""


class StoreError(LitReviewError, RuntimeError):
    """The paper store cannot be used. (A RuntimeError, for the same reason.)"""


class StoreVersionError(StoreError):
    """The paper store was written by a newer version of this program."""


class ModelBudgetSpent(LitReviewError):
    """The chat model may not be asked any more in this run; the review is finished without it."""


class QueueFull(LitReviewError):
    """A queue with `full="error"` had no room."""


class QueueClosed(LitReviewError):
    """Nothing more will come out of, or may go into, this queue."""


class PaperError(LitReviewError):
    """This paper, or this attempt at it, fails; the others go on."""

    def __init__(self, reason: str, detail: str = "") -> None:
        if not known_reason(reason):
            raise ValueError(f"unknown reason {reason!r}: add it to core.errors.REASONS")
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[PaperError], tuple[str, str]]:
        return type(self), (self.reason, self.detail)


class FetchError(PaperError):
    """A request over HTTP gave no usable answer; the fields are what the ledger records of it.

    `url` and `hops` are redacted; `head` is the beginning of a refusing answer, to tell a bot wall from a missing page.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        url: str = "",
        status: int | None = None,
        hops: tuple[str, ...] = (),
        size: int = 0,
        seconds: float = 0.0,
        retry_after_s: float | None = None,
        head: bytes = b"",
    ) -> None:
        super().__init__(reason, detail)
        self.url = url
        self.status = status
        self.hops = hops
        self.size = size
        self.seconds = seconds
        self.retry_after_s = retry_after_s
        self.head = head


class NotAdmitted(PaperError):
    """The file is not the full text of this paper."""


class RetrievalError(PaperError):
    """The retrieve-academic service could not deliver this paper."""


class ConversionError(PaperError):
    """The file could not be turned into text."""


class InferenceDown(ConversionError):
    """The server that runs the converter's models went away, or was never there: worth another try when it is back."""


class WorkerDied(ConversionError):
    """The converting process ended under its paper: worth one more try."""
