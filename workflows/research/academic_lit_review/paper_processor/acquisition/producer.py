"""The producer's scheduling: every paper's next step waits in the lane of its host, and any free slot takes it.

    lanes ──► ask: transfer slots ──► landed ──► settle: as many checkers ──► the queue

A host that must be left in peace between two requests never holds a transfer slot meanwhile, and what has landed is
looked at and stored while its slot serves the next paper. When the queue is full the checkers wait for room, each with
one paper in hand, and the transfers behind them: no more papers are acquired and unfinished than the queue, the workers
and the transfer slots can hold.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from core.metadata import PaperMetadata
from core.stores.records import Attempt, StoredFailure, StoredFile, StoredJob
from core.streaming import Lane, WorkQueue, together, work
from workflows.research.academic_lit_review.paper_processor.acquisition.attempts import Asked, ask, desk, settle
from workflows.research.academic_lit_review.paper_processor.acquisition.retrieval import SOURCE, RetrievalLane
from workflows.research.academic_lit_review.paper_processor.acquisition.returns import Returns
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import (
    SERVICE_DOWN,
    TEXTS,
    Route,
    relevance,
    urgency,
)
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import (
    LOCAL,
    STORED,
    Location,
    locations,
)
from workflows.research.academic_lit_review.paper_processor.board import Board
from workflows.research.academic_lit_review.paper_processor.cache import Remaining
from workflows.research.academic_lit_review.paper_processor.conversion import give_up, lane
from workflows.research.academic_lit_review.paper_processor.services import Services
from workflows.research.academic_lit_review.paper_processor.state import Material, QueueItem

#: The lane of papers with no place left to ask.
NOBODY = ""


class Producer:
    """Brings papers into the queue; each open route holds the lanes open until it has ended."""

    def __init__(
        self,
        queue: WorkQueue[QueueItem],
        board: Board,
        services: Services,
        max_concurrent: int,
        returns: Returns | None = None,
    ) -> None:
        self._queue, self._board, self._services, self._returns = queue, board, services, returns
        self._max_concurrent = max_concurrent
        self._lanes: WorkQueue[Route] = WorkQueue(lanes=self._lane)
        self._landed: WorkQueue[Asked] = WorkQueue(1)
        self._open = 0
        client = services.retrieval
        self._retrieval = client and RetrievalLane(client, services, back=self._next, alone=self._only)
        if returns:
            returns.connect(again=self._again, over=self._lanes.leave)

    async def run(self, remaining: Remaining) -> None:
        """Serve the papers in `remaining` until each is in the queue or has ended."""
        with self._queue.producer():
            for paper_id, file in remaining.stored.items():
                self._restore(paper_id, file)
            for paper_id, file in remaining.lesser.items():
                self._upgrade(paper_id, file)
            for paper_id in remaining.new:
                self._start(paper_id)
            for paper_id, job in remaining.jobs.items():
                self._resume(paper_id, job)
            for paper_id, attempts in remaining.unserved.items():
                self._ask_service(paper_id, attempts)
            async with desk(self._services.store.scratch) as folder:
                retrieval = [self._retrieval.run()] if self._retrieval else []
                await together(self._transfer(folder), self._check(), *retrieval)

    def _lane(self, host: str) -> Lane:
        settings = self._services.settings
        if host in (SOURCE, LOCAL, STORED, NOBODY):
            return Lane()  # neither the job service nor the disk is a stranger to be polite to
        return Lane(pace_s=settings.pace_s(host), concurrency=settings.host_concurrency)

    def _opened(self, paper_id: str) -> Route:
        self._lanes.join()
        self._open += 1
        paper = self._board.papers[paper_id]
        return Route(paper_id, paper, deque(locations(paper, self._services.settings)))

    def _start(self, paper_id: str) -> None:
        """Send a paper on its way: up the ladder, or straight to the service when nobody states an open copy."""
        route = self._opened(paper_id)
        if self._retrieval and all(location.source == "landing" for location in route.todo):
            self._retrieval.submit(route)
        else:
            self._next(route)

    def _restore(self, paper_id: str, file: StoredFile) -> None:
        """Queue a paper whose file an earlier run left in the store; if that opens no more, it is asked for again."""
        route = self._opened(paper_id)
        route.stored = file
        route.todo.appendleft(Location(STORED, str(file.path), "stored"))
        self._next(route)

    def _upgrade(self, paper_id: str, file: StoredFile) -> None:
        """Queue a paper whose file the store has, to be converted again; nobody is asked for another one."""
        route = self._opened(paper_id)
        route.stored, route.narrow = file, True
        route.todo = deque([Location(STORED, str(file.path), "stored")])
        self._next(route)

    def _resume(self, paper_id: str, job: StoredJob) -> None:
        """Wait again for a job that an earlier run has submitted."""
        route = self._opened(paper_id)
        if self._retrieval:
            self._retrieval.resume(route, job)
        else:
            self._next(route)

    def _ask_service(self, paper_id: str, attempts: list[Attempt]) -> None:
        """Ask the service alone: what the open sources say is known, and still believed."""
        route = self._opened(paper_id)
        route.known = True
        route.todo.clear()
        route.tried += [attempt for attempt in attempts if attempt.verdict != SERVICE_DOWN]
        if self._retrieval:
            self._retrieval.submit(route)
        else:
            self._next(route)

    def _next(self, route: Route) -> None:
        """Let a route wait for its next step, wherever that is."""
        lane = route.todo[0].host if route.todo else NOBODY
        self._lanes.put_nowait(route, priority=route.priority, lane=lane)

    async def _transfer(self, folder: Path) -> None:
        async def step(route: Route) -> None:
            if route.todo:
                await self._landed.put(await ask(route, self._services, folder), priority=route.priority)
            else:
                await self._fail(route)

        with self._landed.producer():
            await work(self._lanes, step, workers=self._max_concurrent, fails=())
        if self._retrieval:
            self._retrieval.close()

    async def _check(self) -> None:
        await work(self._landed, self._settle, workers=self._max_concurrent, fails=())

    async def _settle(self, asked: Asked) -> None:
        route, material = asked.at.route, await settle(asked)
        if self._retrieval and asked.at.location.kind == "job" and asked.got:
            await self._retrieval.done(route, admitted=material is not None)
        if material is None:
            self._onward(route)
            return
        self._tell(route)
        lent = self._lend(route, material)
        await self._deliver(route.paper_id, route.paper, material)
        self._ended(lent=lent)

    def _onward(self, route: Route) -> None:
        """Send a route to its next place, or to the service when there is none."""
        if self._retrieval and not (route.todo or route.submitted or route.narrow):
            self._retrieval.submit(route)
        else:
            self._next(route)

    def _lend(self, route: Route, material: Material) -> bool:
        """Keep a route, in case its file cannot be converted, if it leads to places that would be asked then."""
        elsewhere = material.unseen or any(location.kind in TEXTS for location in route.todo)
        if self._returns is None or material.markdown is not None or not elsewhere:
            return False
        self._returns.lend(route)
        return True

    def _again(self, route: Route) -> None:
        """Take a route back whose file could not be converted."""
        self._open += 1
        self._onward(route)

    async def _deliver(self, paper_id: str, paper: PaperMetadata, material: Material) -> None:
        is_markdown = material.markdown is not None
        self._board.acquired(paper_id, material)
        item = QueueItem(paper_id, material.markdown or str(material.file.path), paper, is_markdown)
        urgent = urgency(relevance(paper), material.pages)
        await self._queue.put(item, priority=urgent, lane=await lane(item, self._services))

    async def _fail(self, route: Route) -> None:
        self._tell(route)
        if route.unread:
            await give_up(route.paper_id, route.unread, self._board, self._services, lasting=not route.passing())
        else:
            await self._not_had(route)
        self._ended()

    async def _not_had(self, route: Route) -> None:
        reason, detail = route.verdict()
        deaf = route.known and route.tried[-1].verdict == SERVICE_DOWN  # nothing new was heard
        if not deaf and route.paper_id not in self._board.older:
            ttl_s = 0.0 if route.passing() else self._services.settings.failure_ttl_s
            await self._services.store.add_failure(route.paper_id, StoredFailure(reason, detail), ttl_s=ttl_s)
        self._board.fail(route.paper_id, "acquire", reason, detail)

    def _tell(self, route: Route) -> None:
        """Let the outcome say what was tried."""
        for attempt in route.tried[route.told :]:
            self._board.tried(route.paper_id, attempt)
        route.told = len(route.tried)

    def _ended(self, *, lent: bool = False) -> None:
        """Be done with a route; one that is `lent` holds the lanes open until it is over."""
        self._open -= 1
        if not lent:
            self._lanes.leave()
        if self._retrieval:
            self._retrieval.changed()

    def _only(self, parked: int) -> bool:
        return self._open == parked
