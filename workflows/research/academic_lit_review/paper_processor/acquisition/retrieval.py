"""The retrieval lane: submit, poll and hand back papers that no open source has, independently of every download.

Submitting and polling need neither a transfer slot nor room in the queue. A job's intention and its id are stored
before anything waits for it, so that a rerun polls the same job and submits nothing. While the service is down the
papers are parked; it is asked again after `service_recheck_s`, and a last time when nothing else is left to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from core.errors import RetrievalError
from core.stores.records import Attempt, ClosedJobState, StoredJob
from core.stores.retrieve_academic import JobOutcome, RetrievalJob, RetrieveAcademicClient, idempotency_key
from core.streaming import WorkQueue, together, work
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import Route
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import Location
from workflows.research.academic_lit_review.paper_processor.services import Services

SOURCE = "retrieve-academic"
#: Submissions under way at a time.
SUBMITTERS = 8
#: A job the service has forgotten is submitted once more.
MAX_SUBMITS = 2


class RetrievalLane:
    """Takes routes that need the service; gives each back with the place of its file, or with nothing left to ask."""

    def __init__(
        self,
        client: RetrieveAcademicClient,
        services: Services,
        *,
        back: Callable[[Route], None],
        alone: Callable[[int], bool],
    ) -> None:
        self._client, self._services = client, services
        self._back = back
        self._alone = alone
        self._waiting: WorkQueue[Route] = WorkQueue()
        self._jobs: WorkQueue[RetrievalJob] = WorkQueue()
        self._routes: dict[str, Route] = {}
        self._parked: list[Route] = []
        self._changed = asyncio.Event()
        self._probed: tuple[float, bool] | None = None
        self._probing = asyncio.Lock()
        self._closed = False
        self._waiting.join()
        self._jobs.join()

    def submit(self, route: Route) -> None:
        """Take a route whose open sources are exhausted."""
        route.submitted += 1
        self._waiting.put_nowait(route, priority=route.priority)

    def resume(self, route: Route, job: StoredJob) -> None:
        """Take a route whose job an earlier run submitted: it is polled, not submitted again."""
        route.submitted += 1
        self._poll(route, job)

    def changed(self) -> None:
        """Look again whether anything but the parked papers is left."""
        self._changed.set()

    def close(self) -> None:
        """Let the lane end: no route will come any more."""
        self._closed = True
        self._waiting.leave()
        self._jobs.leave()
        self._changed.set()

    async def run(self) -> None:
        """Serve the lane until it is closed."""
        await together(
            work(self._waiting, self._submit, workers=SUBMITTERS, fails=()),
            self._collect(),
            self._revive(),
        )

    async def _submit(self, route: Route) -> None:
        if not await self._available():
            self._park(route)
            return
        settings, store = self._services.settings, self._services.store
        key, service = idempotency_key(route.paper_id), self._client.base_url
        job = await store.open_job(route.paper_id, service=service, idempotency_key=key)
        try:
            if job.job_id is None:
                timeout_s = settings.acquisition_timeout_s
                sent = await self._client.retrieve(
                    route.paper, timeout_s=timeout_s, idempotency_key=job.idempotency_key
                )
                job = replace(job, job_id=sent.job_id, submitted_at=self._services.clock())
                await store.job_submitted(route.paper_id, service, sent.job_id, job.submitted_at)
        except RetrievalError as error:
            if error.reason == "service_unavailable" and route.submitted < MAX_SUBMITS:
                self._probed = (asyncio.get_running_loop().time(), False)
                self._park(route)
            else:
                await self._give_up(route, error)
        else:
            self._poll(route, job)

    def _park(self, route: Route) -> None:
        """Let a route wait for the service; one that has others to ask does that first, and comes again."""
        if route.todo:
            route.submitted = 0
            self._back(route)
            return
        self._parked.append(route)
        self._changed.set()

    def _poll(self, route: Route, job: StoredJob) -> None:
        self._routes[route.paper_id] = route
        submitted_at = job.submitted_at or self._services.clock()
        self._jobs.put_nowait(RetrievalJob(route.paper_id, str(job.job_id), submitted_at))

    async def _collect(self) -> None:
        """Hand each job on the moment it ends; its file is fetched under the transfer slots, like every other."""
        settings = self._services.settings
        outcomes = self._client.poll_jobs_until_complete(
            self._jobs, poll_interval=settings.poll_interval_s, timeout=settings.acquisition_timeout_s
        )
        async with aclosing(outcomes):
            async for outcome in outcomes:
                await self._ended(self._routes.pop(outcome.job.paper_id), outcome)

    async def _ended(self, route: Route, outcome: JobOutcome) -> None:
        if outcome.error is None:
            route.todo.appendleft(Location(SOURCE, f"job:{outcome.job.job_id}", "job", evidence=SOURCE))
            self._back(route)
        elif outcome.unknown and route.submitted < MAX_SUBMITS:
            await self._close_job(route, "abandoned", "the service does not know the job any more")
            self.submit(route)
        else:
            await self._give_up(route, outcome.error)

    async def done(self, route: Route, *, admitted: bool) -> None:
        """End the job whose file has come: `admitted` and in the store, or refused."""
        state: ClosedJobState = "completed" if admitted else "failed"
        await self._close_job(route, state, "" if admitted else "its file was refused")

    async def _give_up(self, route: Route, error: RetrievalError) -> None:
        """End the job; one that only could not be asked about stays open, for the next run to poll."""
        if error.reason != "service_unavailable":
            await self._close_job(route, "failed", str(error))
        await self._note(route, error.reason, error.detail)
        self._back(route)

    async def _close_job(self, route: Route, state: ClosedJobState, detail: str) -> None:
        await self._services.store.close_job(route.paper_id, self._client.base_url, state, detail)

    async def _note(self, route: Route, reason: str, detail: str) -> None:
        attempt = Attempt(SOURCE, self._client.base_url, verdict=reason, detail=detail, at=self._services.clock())
        route.tried.append(attempt)
        await self._services.store.add_attempt(route.paper_id, attempt)

    async def _available(self) -> bool:
        """Tell whether the service answers; asked once for many papers, and again after `service_recheck_s`."""
        async with self._probing:
            now = asyncio.get_running_loop().time()
            if self._probed is None or (not self._probed[1] and now - self._probed[0] >= self._recheck_s):
                self._probed = (now, await self._client.health_check())
            return self._probed[1]

    @property
    def _recheck_s(self) -> float:
        return self._services.settings.service_recheck_s

    async def _revive(self) -> None:
        """Wake the parked papers when the service is back; end them when they are all that is left."""
        while not self._closed:
            self._changed.clear()
            if self._parked and (self._alone(len(self._parked)) or await self._available()):
                await self._unpark()
            try:
                async with asyncio.timeout(self._recheck_s if self._parked else None):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _unpark(self) -> None:
        parked, self._parked = self._parked, []
        self._probed = None
        if await self._available():
            for route in parked:
                self.submit(route)
            return
        for route in parked:
            await self._note(route, "service_unavailable", "the retrieval service does not answer")
            self._back(route)
