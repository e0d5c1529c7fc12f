"""One job of the service, watched until it has ended, or until there is no more sense in waiting for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from core.conversion.marker_service.answers import Job
from core.conversion.marker_service.client import MarkerService, lost
from core.errors import ConversionError, FetchError, InferenceDown

#: The pause between two looks grows by this factor, to so many times the poll interval.
GROWTH = 1.25
MOST_INTERVALS = 5

#: So many looks at a job may fail in a row: a service that restarts is silent for a while.
MAX_ERRORS = 10

#: A job must be missing twice: a worker may take it up just between its status and the list.
MISSING = 2


@dataclass(frozen=True)
class Patience:
    """Seconds that a job may wait at the service: in a line, and with workers that do nothing and do not know it.

    Another user's book may stand before it; a worker may be starting and loading its models.
    """

    line_s: float = 1800.0
    idle_s: float = 90.0


@dataclass(frozen=True)
class Limits:
    """Seconds between the first looks and for the work of the service, and the patience before that."""

    interval_s: float
    work_s: float
    patience: Patience


class Watch:
    """A job under watch, from its submission."""

    def __init__(self, service: MarkerService, job_id: str, limits: Limits) -> None:
        self._service, self._job_id, self._limits = service, job_id, limits
        self._clock = asyncio.get_running_loop().time
        self._submitted = self._clock()
        self._idle_since: float | None = None
        self._begun: float | None = None
        self._listed = False
        self._missing = self._errors = 0

    async def ended(self) -> Job:
        """Return the job when it is completed or failed.

        Raises `WorkerDied` when the service has lost it, `InferenceDown` when nobody works on it or the service is
        silent, `ConversionError("conversion_timeout")` when it takes too long.
        """
        pause_s = self._limits.interval_s
        while True:
            await asyncio.sleep(pause_s)
            job = await self._look()
            if job and job.state in ("completed", "failed"):
                return job
            if job:
                await self._follow(job)
            pause_s = min(pause_s * GROWTH, self._limits.interval_s * MOST_INTERVALS)

    async def _look(self) -> Job | None:
        try:
            job = await self._service.job(self._job_id)
        except FetchError as error:
            self._errors += error.reason != "host_parked"  # told when to ask again
            if self._errors < MAX_ERRORS:
                return None
            detail = f"{self._errors} looks at job {self._job_id} failed: {error}"
            raise InferenceDown("inference_unavailable", detail) from error
        self._errors = 0
        return job

    async def _follow(self, job: Job) -> None:
        now = self._clock()
        if job.state == "working":
            self._begun = now if self._begun is None else self._begun
            self._missing, self._idle_since = 0, None
        else:
            await self._search(now)
        if self._begun is not None and now - self._begun >= self._limits.work_s:
            raise ConversionError("conversion_timeout", f"the service worked longer than {self._limits.work_s:g} s")
        line_s = self._limits.patience.line_s
        if self._begun is None and now - self._submitted >= line_s:
            detail = f"no worker of the service took job {self._job_id} up in {line_s:g} s"
            raise InferenceDown("inference_unavailable", detail)

    async def _search(self, now: float) -> None:
        """Raise `WorkerDied` for a waiting job that is gone: services on Celery say "pending" of jobs they never had.

        Some list only what their workers hold. So a job missing in the list is gone at once if it has been listed or
        worked on before, after a while if no worker has anything to do, and may stand in line otherwise.
        """
        listing = await self._service.listing()
        if listing is None or not listing.whole:
            return
        here = listing.names(self._job_id)
        self._listed = self._listed or here
        self._missing = 0 if here else self._missing + 1
        self._idle_since = None if here or listing.busy else now if self._idle_since is None else self._idle_since
        known = self._listed or self._begun is not None
        idle = self._idle_since is not None and now - self._idle_since >= self._limits.patience.idle_s
        if self._missing >= MISSING and (known or idle):
            raise lost(self._job_id)
