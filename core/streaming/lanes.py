"""What waits in a queue, and which of it may come out now: priorities and the manners of each lane."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")

#: A timer of asyncio may come early by the resolution of its clock; so much is forgiven of a pace, in seconds.
EARLY_S = 1e-5


@dataclass(frozen=True)
class Lane:
    """The manners of one group of items: seconds between two of them, and how many may be in progress at a time."""

    pace_s: float = 0.0
    concurrency: int | None = None


@dataclass(eq=False, slots=True)
class Entry(Generic[T]):
    """An item and its place: higher priority first, then first come first; items are never compared."""

    item: T
    priority: float
    number: int
    lane: str

    def __lt__(self, other: Entry[T]) -> bool:
        return (-self.priority, self.number) < (-other.priority, other.number)


class _Line(Generic[T]):
    def __init__(self, rule: Lane) -> None:
        self.rule = rule
        self.heap: list[Entry[T]] = []
        self.running = 0
        self.ready_at = -math.inf

    def free(self) -> bool:
        """Tell whether something waits and nothing but the pace can hold it back."""
        return bool(self.heap) and (self.rule.concurrency is None or self.running < self.rule.concurrency)


class Lanes(Generic[T]):
    """Entries by lane. `rules` is asked once for the manners of each lane; without it there are none to observe.

    Whenever a lane may have become free it is offered: first by the time its pace lets it go, then by its first entry.
    An offer that no longer holds is dropped, for what made it void has made another. So nothing is ever searched.
    """

    def __init__(self, rules: Callable[[str], Lane] | None) -> None:
        self._rules = rules
        self._lines: dict[str, _Line[T]] = {}
        self._paced: list[tuple[float, int, _Line[T]]] = []
        self._ready: list[Entry[T]] = []
        self._offers = itertools.count()

    def __iter__(self) -> Iterator[Entry[T]]:
        return (entry for line in self._lines.values() for entry in line.heap)

    def add(self, entry: Entry[T]) -> None:
        """Let an entry wait."""
        line = self._line(entry)
        heappush(line.heap, entry)
        if line.heap[0] is entry:
            self._offer(line)

    def pop(self, now: float) -> Entry[T] | None:
        """Take out the first entry of any lane that admits one at the time `now`; it then occupies its lane."""
        while self._paced and self._paced[0][0] - now <= EARLY_S:
            _, _, line = heappop(self._paced)
            if line.free():
                heappush(self._ready, line.heap[0])
        while self._ready:
            entry = heappop(self._ready)
            line = self._line(entry)
            if line.free() and line.heap[0] is entry and line.ready_at - now <= EARLY_S:
                return self._start(line, now)
        return None

    def ready_at(self) -> float | None:
        """Return when to look again, after `pop` found nothing: None if time alone will bring nothing."""
        return self._paced[0][0] if self._paced else None

    def leave(self, entry: Entry[T]) -> None:
        """Free the place in its lane that an entry occupied."""
        line = self._line(entry)
        line.running -= 1
        if line.rule.concurrency is not None:
            self._offer(line)

    def clear(self) -> None:
        """Forget what waits."""
        for line in self._lines.values():
            line.heap.clear()

    def _start(self, line: _Line[T], now: float) -> Entry[T]:
        line.running += 1
        line.ready_at = now + line.rule.pace_s
        entry = heappop(line.heap)
        self._offer(line)
        return entry

    def _offer(self, line: _Line[T]) -> None:
        if line.free():
            heappush(self._paced, (line.ready_at, next(self._offers), line))

    def _line(self, entry: Entry[T]) -> _Line[T]:
        name = entry.lane if self._rules else ""
        if name not in self._lines:
            self._lines[name] = _Line(self._rules(name) if self._rules else Lane())
        return self._lines[name]
