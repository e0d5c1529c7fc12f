"""What waits in a queue, and which of it may come out now: priorities and the manners of each lane."""

from __future__ import annotations

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
    """Entries by lane. `rules` is asked once for the manners of each lane; without it there are none to observe."""

    def __init__(self, rules: Callable[[str], Lane] | None) -> None:
        self._rules = rules
        self._lines: dict[str, _Line[T]] = {}

    def __iter__(self) -> Iterator[Entry[T]]:
        return (entry for line in self._lines.values() for entry in line.heap)

    def add(self, entry: Entry[T]) -> None:
        """Let an entry wait."""
        heappush(self._line(entry).heap, entry)

    def pop(self, now: float) -> Entry[T] | None:
        """Take out the first entry of any lane that admits one at the time `now`; it then occupies its lane."""
        ready = (line for line in self._lines.values() if line.free() and line.ready_at - now <= EARLY_S)
        line = min(ready, key=lambda line: line.heap[0], default=None)
        if line is None:
            return None
        line.running += 1
        line.ready_at = now + line.rule.pace_s
        return heappop(line.heap)

    def ready_at(self) -> float | None:
        """Return when the next entry will be admitted, if time alone brings that about."""
        return min((line.ready_at for line in self._lines.values() if line.free()), default=None)

    def leave(self, entry: Entry[T]) -> None:
        """Free the place in its lane that an entry occupied."""
        self._line(entry).running -= 1

    def clear(self) -> None:
        """Forget what waits."""
        for line in self._lines.values():
            line.heap.clear()

    def _line(self, entry: Entry[T]) -> _Line[T]:
        name = entry.lane if self._rules else ""
        if name not in self._lines:
            self._lines[name] = _Line(self._rules(name) if self._rules else Lane())
        return self._lines[name]
