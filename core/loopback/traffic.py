"""What happens on the loopback internet: the request log, its counters, and gates that steer it without sleeping."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Request:
    """One request: seconds since the start, what was asked, whose paper it was, and how it ended.

    `status` is None until the answer begins; `seconds` is None until it has ended.
    """

    time: float
    host: str
    method: str
    path: str
    paper: str = ""
    status: int | None = None
    seconds: float | None = None


class Gate:
    """A closed gate: requests to what it holds wait before it until it is released."""

    def __init__(self, traffic: Traffic, name: str) -> None:
        self.name = name
        self.waiting = 0
        self._traffic = traffic
        self._permits: float = 0

    @property
    def closed(self) -> bool:
        """Tell whether the next request would have to wait."""
        return self._permits <= 0

    def release(self, count: float = math.inf) -> None:
        """Let `count` requests through; without a number the gate stays open."""
        self._permits += count
        self._traffic.changed()

    async def reached(self, count: int = 1) -> None:
        """Wait until `count` requests stand before the gate."""
        await self._traffic.until(lambda: self.waiting >= count)

    async def enter(self) -> None:
        """Stand before the gate until it lets one more through."""
        self.waiting += 1
        self._traffic.changed()
        try:
            await self._traffic.until(lambda: not self.closed)
            self._permits -= 1
        finally:
            self.waiting -= 1
            self._traffic.changed()


class Traffic:
    """The log of one loopback internet; everything here belongs to its event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests: list[Request] = []
        self.in_flight: Counter[str] = Counter()
        self.high_water: Counter[str] = Counter()
        self.submits: Counter[str] = Counter()
        self._gates: dict[str, Gate] = {}
        self._clock = clock
        self._start = clock()
        self._changed: asyncio.Event | None = None

    def begin(self) -> None:
        """Count the seconds from now on."""
        self._start = self._clock()

    @property
    def now(self) -> float:
        """Return the seconds since the start."""
        return self._clock() - self._start

    def changed(self) -> None:
        """Wake everyone who waits for a state."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    async def until(self, state: Callable[[], bool]) -> None:
        """Wait until `state` is true; it is looked at after every change."""
        while not state():
            self._changed = self._changed or asyncio.Event()
            await self._changed.wait()

    def hold(self, name: str) -> Gate:
        """Close a gate before a host, a path, a paper, or (`job:<paper>`) the end of a retrieval job."""
        return self._gates.setdefault(name, Gate(self, name))

    def release(self, name: str) -> None:
        """Open and forget the gate before `name`."""
        self._gates.pop(name).release()

    def held(self, name: str) -> bool:
        """Tell whether a gate before `name` is closed."""
        return name in self._gates and self._gates[name].closed

    async def enter(self, *names: str) -> None:
        """Pass the gates before all these names, in turn."""
        for name in names:
            if name in self._gates:
                await self._gates[name].enter()

    @contextmanager
    def record(self, host: str, method: str, path: str) -> Iterator[int]:
        """Log one request while it is served; the number given out is what `note` wants."""
        number, begun = len(self.requests), self.now
        self.requests.append(Request(begun, host, method, path))
        self.in_flight[host] += 1
        self.high_water[host] = max(self.high_water[host], self.in_flight[host])
        self.changed()
        try:
            yield number
        finally:
            self.in_flight[host] -= 1
            self.requests[number] = replace(self.requests[number], seconds=self.now - begun)
            self.changed()

    def note(self, number: int, *, status: int | None = None, paper: str | None = None) -> None:
        """Add what became known of request `number`."""
        known = self.requests[number]
        self.requests[number] = replace(known, status=status or known.status, paper=paper or known.paper)
        self.changed()

    def submitted(self, paper: str) -> None:
        """Count one accepted submission of a retrieval job."""
        self.submits[paper] += 1
        self.changed()
