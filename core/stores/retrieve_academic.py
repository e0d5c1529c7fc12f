"""`RetrieveAcademicClient`: hand papers to the retrieve-academic job service and collect what it finds.

job = await client.retrieve(paper)                              # store job.job_id before anything waits for it
async for outcome in client.poll_jobs_until_complete(jobs):     # a list, or an async iterable: jobs may join
    ...                                                         # outcome.error tells why, None that it is there
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.errors import FetchError, RetrievalError
from core.http import Download, HttpClient
from core.identifiers import normalize_doi, paper_id
from core.metadata import PaperMetadata
from core.stores.retrieve_jobs import Health, JobOutcome, JobStatus, RetrievalJob, Submitted
from core.stores.retrieve_polling import STATUS_CALLS, Polling
from core.streaming import as_generator

__all__ = ["JobOutcome", "JobStatus", "RetrievalJob", "RetrieveAcademicClient", "idempotency_key"]

_log = logging.getLogger(__name__)

#: Version of the service's contract; a change of it makes new jobs of old papers.
CONTRACT = "retrieve-academic/1"

HEALTH_TIMEOUT_S = 5.0
STATUS_TIMEOUT_S = 10.0
FILE_TIMEOUT_S = 120.0
MAX_AUTHORS = 5

#: Refusals that say the service is busy or ill; any other 4xx says that it does not want this request.
_BUSY = frozenset({408, 425, 429})


def idempotency_key(paper_id: str) -> str:
    """Return the key under which a paper is submitted: the same paper is the same job, also after a crash."""
    return hashlib.sha256(f"{CONTRACT}\n{paper_id}".encode("utf-8", "replace")).hexdigest()


class RetrieveAcademicClient:
    """A client of the service at `base_url` over `http`, which is an open `HttpClient.service(base_url)`.

    Submissions, status calls and files each have connections of their own, so that none waits for another's slow
    answer. `clock` tells the Unix time.
    """

    def __init__(self, base_url: str, http: HttpClient, *, clock: Callable[[], float] = time.time) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = http
        self._polls = http.service(base_url, timeout_s=STATUS_TIMEOUT_S, concurrency=STATUS_CALLS)
        self._files = http.service(base_url, timeout_s=FILE_TIMEOUT_S)
        self._clock = clock
        self._odd: set[str] = set()

    async def health_check(self) -> bool:
        """Tell whether the service can take jobs: it answers, and does not say that its VPN is down."""
        try:
            page = await self._http.fetch(f"{self.base_url}/health", timeout_s=HEALTH_TIMEOUT_S, retry=False)
            return page.read(Health).vpn_connected is not False
        except FetchError as error:
            _log.info("the retrieval service at %s is unavailable: %s", self.base_url, error)
            return False

    async def retrieve(
        self, paper: PaperMetadata, *, timeout_s: float = 420.0, idempotency_key: str | None = None
    ) -> RetrievalJob:
        """Submit a paper; raise `RetrievalError` when the service refuses it or cannot be asked.

        `timeout_s` is what the service is given for the job. A paper without DOI needs a title.
        """
        key = idempotency_key or _key(paper)
        wanted = _wanted(paper, timeout_s)
        headers = {"Idempotency-Key": key}
        try:
            page = await self._http.fetch(f"{self.base_url}/retrieve", method="POST", json=wanted, headers=headers)
            answer = page.read(Submitted)
        except FetchError as error:
            refused = error.status is not None and 400 <= error.status < 500 and error.status not in _BUSY
            raise RetrievalError("invalid_request" if refused else "service_unavailable", str(error)) from error
        return RetrievalJob(paper_id(paper), answer.job_id, self._clock())

    async def get_job_status(self, job_id: str) -> JobStatus:
        """Ask once; `RetrievalError("unknown_job")` when the service does not know the job, else `FetchError`."""
        return await self._status(job_id, STATUS_TIMEOUT_S)

    async def download_file(self, job_id: str, folder: Path) -> Download:
        """Fetch the file of a completed job into `folder`, under its sha256; `FetchError` when that fails."""
        return await self._files.download(f"{self._job(job_id)}/file", folder)

    def poll_jobs_until_complete(
        self,
        jobs: Iterable[RetrievalJob] | AsyncIterable[RetrievalJob],
        poll_interval: float = 2.0,
        timeout: float = 420.0,
    ) -> AsyncGenerator[JobOutcome, None]:
        """Yield the outcome of each job as soon as it is known; with an async iterable, jobs join at any time.

        A job is asked about at once and then every `poll_interval` seconds, until `timeout` seconds after its
        submission. A slow reader delays nobody: close the generator (`aclosing`) when leaving it early.
        """
        patience_s = min(STATUS_TIMEOUT_S, max(1.0, 5 * poll_interval))

        async def look(job_id: str) -> JobStatus:
            return await self._status(job_id, patience_s)

        polling = Polling(look, self.download_file, self._clock, poll_interval, timeout)
        return as_generator(lambda put: polling.run(jobs, put))

    async def wait_for_completion(self, job_id: str, timeout: float = 300.0, poll_interval: float = 2.0) -> JobStatus:
        """Return the status of a job when it is completed, within `timeout` seconds from now; else raise its error."""
        job = RetrievalJob("", job_id, self._clock())
        async with aclosing(self.poll_jobs_until_complete([job], poll_interval, timeout)) as outcomes:
            outcome = await anext(outcomes)
        if outcome.error is not None or outcome.status is None:
            raise outcome.error or RetrievalError("job_failed", job_id)
        return outcome.status

    async def _status(self, job_id: str, timeout_s: float) -> JobStatus:
        try:
            page = await self._polls.fetch(self._job(job_id), timeout_s=timeout_s, retry=False)
        except FetchError as error:
            if error.status == 404:
                raise RetrievalError("unknown_job", job_id) from error
            raise
        status = page.read(JobStatus)
        if not status.known and status.status not in self._odd:
            self._odd.add(status.status)
            _log.warning("job %s has the unknown status %r: taken for pending", job_id, status.status[:50])
        return status

    def _job(self, job_id: str) -> str:
        return f"{self.base_url}/jobs/{quote(job_id, safe='')}"


def _key(paper: PaperMetadata) -> str:
    return idempotency_key(paper_id(paper))


def _wanted(paper: PaperMetadata, timeout_s: float) -> dict[str, Any]:
    doi, title = _sendable(normalize_doi(paper.get("doi"))), _sendable(paper.get("title"))
    if not doi and not title:
        raise RetrievalError("invalid_request", "the paper has neither a DOI nor a title")
    names = [_sendable(author.get("name")) for author in paper.get("authors") or []]
    optional = {
        "doi": doi,
        "title": title,
        "authors": [name for name in names if name][:MAX_AUTHORS],
        "venue": _sendable(paper.get("venue")),
        "year": paper.get("year"),
    }
    required = {"timeout_seconds": round(timeout_s), "preferred_formats": ["pdf"]}
    return required | {field: value for field, value in optional.items() if value}


def _sendable(text: str | None) -> str:
    """Return text as UTF-8 can carry it: catalogues hold half surrogate pairs."""
    return (text or "").encode("utf-8", "replace").decode().strip()
