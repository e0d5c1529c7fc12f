"""Watch many retrieval jobs at once: none waits for another's hung call, slow file or late reader.

Jobs are items of a queue in which each has a lane of its own, paced by the poll interval: a worker that finds a job
unfinished puts it back, and the queue gives it out again when its time has come.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import FetchError, RetrievalError
from core.http import Download
from core.stores.retrieve_jobs import JobOutcome, JobStatus, RetrievalJob
from core.streaming import Lane, WorkQueue, together, work

#: Status calls and file transfers under way at a time.
STATUS_CALLS = 32
DOWNLOADS = 8

#: So many status calls of a job may fail in a row, the last of them ends it: the service is silent for 15 to 60 s
#: whenever it changes its VPN. Past the deadline, fewer.
MAX_ERRORS = 10
MAX_LATE_ERRORS = 3


@dataclass(frozen=True)
class Polling:
    """How jobs are watched: `look` asks for a status, `fetch` for a file, `clock` tells the Unix time.

    `timeout_s` counts from a job's submission. A status is looked at before the clock, so that a job found past its
    deadline by a later run is asked about all the same.
    """

    look: Callable[[str], Awaitable[JobStatus]]
    fetch: Callable[[str, Path], Awaitable[Download]]
    clock: Callable[[], float]
    interval_s: float
    timeout_s: float

    async def run(self, jobs: Iterable[RetrievalJob] | AsyncIterable[RetrievalJob], put: Put) -> None:
        """Watch `jobs` until each has ended, and `put` every outcome the moment it is known."""
        await _Watching(self, put).run(jobs)


Put = Callable[[JobOutcome], object]


@dataclass(frozen=True)
class _Watch:
    """A job under watch; `errors` counts failed status calls in a row."""

    job: RetrievalJob
    number: int
    deadline: float
    status: JobStatus | None = None
    errors: int = 0

    def outcome(self, error: RetrievalError | None = None) -> JobOutcome:
        return JobOutcome(self.job, self.status, error=error)


class _Watching:
    def __init__(self, polling: Polling, put: Put) -> None:
        self._polling, self._put = polling, put
        self._due: WorkQueue[_Watch] = WorkQueue(lanes=lambda _: Lane(pace_s=polling.interval_s))
        self._files: WorkQueue[JobOutcome] = WorkQueue()
        self._numbers = itertools.count()

    async def run(self, jobs: Iterable[RetrievalJob] | AsyncIterable[RetrievalJob]) -> None:
        files = work(self._files, self._fetch, workers=DOWNLOADS, fails=())
        await together(self._join(jobs), self._watch(), files)

    async def _join(self, jobs: Iterable[RetrievalJob] | AsyncIterable[RetrievalJob]) -> None:
        with self._due.producer():
            if isinstance(jobs, AsyncIterable):
                async for job in jobs:
                    self._begin(job)
            else:
                for job in jobs:
                    self._begin(job)

    def _begin(self, job: RetrievalJob) -> None:
        since = min(job.submitted_at, self._polling.clock())
        self._due.join()
        self._again(_Watch(job, next(self._numbers), since + self._polling.timeout_s))

    def _again(self, watch: _Watch) -> None:
        self._due.put_nowait(watch, lane=str(watch.number))

    async def _watch(self) -> None:
        with self._files.producer():
            await work(self._due, self._look, workers=STATUS_CALLS, fails=())

    async def _look(self, watch: _Watch) -> None:
        try:
            status = await self._polling.look(watch.job.job_id)
        except FetchError as error:
            self._failed_call(watch, error)
        except RetrievalError as error:
            self._end(watch.outcome(error))
        else:
            self._seen(replace(watch, status=status, errors=0), status)

    def _seen(self, watch: _Watch, status: JobStatus) -> None:
        if status.state == "completed":
            self._end(watch.outcome())
        elif status.state == "failed":
            self._end(watch.outcome(status.failure()))
        elif self._late(watch):
            detail = f"{status.status} after {self._polling.timeout_s:g} s"
            self._end(watch.outcome(RetrievalError("timeout", detail)))
        else:
            self._again(watch)

    def _failed_call(self, watch: _Watch, error: FetchError) -> None:
        late = self._late(watch)
        asked = error.reason != "host_parked"  # the service told us when to ask again, so that is no failed call
        watch = replace(watch, errors=watch.errors + (asked or late))
        if watch.errors >= (MAX_LATE_ERRORS if late else MAX_ERRORS):
            self._end(watch.outcome(RetrievalError("service_unavailable", f"{watch.errors} times: {error}")))
        else:
            self._again(watch)

    def _late(self, watch: _Watch) -> bool:
        return self._polling.clock() >= watch.deadline

    def _end(self, outcome: JobOutcome) -> None:
        if outcome.error is None and outcome.job.destination is not None:
            self._files.put_nowait(outcome)
        else:
            self._put(outcome)
        self._due.leave()

    async def _fetch(self, outcome: JobOutcome) -> None:
        folder = outcome.job.destination
        if folder is None:
            raise ValueError("a job without destination has no file to fetch")
        try:
            self._put(replace(outcome, download=await self._polling.fetch(outcome.job.job_id, folder)))
        except FetchError as error:
            self._put(replace(outcome, error=_download_failed(error)))


def _download_failed(error: FetchError) -> RetrievalError:
    failure = RetrievalError("download_failed", str(error))
    failure.__cause__ = error
    return failure
