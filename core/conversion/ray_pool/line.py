"""The line in which calls wait for the slots of a Ray cluster, and what is told of them; everything is JSON.

In: ["call", number, path, args, deadline], ["stop", number]. Out: ["open", slots] first, then ["up", slots that work,
why the last one does not], ["answer", number, answer]; ["unusable", why] when no call can ever succeed.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Tell = Callable[[bytes], None]


def encoded(what: list[Any]) -> bytes:
    """Return a message on one line."""
    return json.dumps(what, ensure_ascii=False).encode("utf-8", "surrogatepass")


@dataclass(eq=False)
class Call:
    """One call: what to do, and `over`, which is done when it was stopped or has its answer."""

    number: int
    path: str
    args: list[Any]
    deadline: float
    over: asyncio.Future[None]
    tries: int = 0  # to hand it to an actor

    @property
    def suffix(self) -> str:
        """Return that of its file."""
        return os.path.splitext(self.path)[1]


class Line:
    """One line for all slots; while none of them works for `patience_s` seconds, calls fail at once."""

    def __init__(self, tell: Tell, *, slots: int, patience_s: float) -> None:
        self._tell = tell
        self._slots = slots
        self._patience_s = patience_s
        self._calls: dict[int, Call] = {}
        self._waiting: asyncio.PriorityQueue[tuple[int, Call]] = asyncio.PriorityQueue()
        self._up = 0
        self._outage: asyncio.TimerHandle | None = None
        self._given_up = False
        self._why = "none has started"

    def open(self) -> None:
        """Tell how many slots there are, none of which works yet."""
        self._tell(encoded(["open", self._slots]))
        self._count(0)

    def hear(self, line: bytes) -> None:
        """Take in a new call, or that one shall stop."""
        match json.loads(line):
            case ["call", number, path, args, deadline]:
                self._calls[number] = Call(number, path, args, deadline, asyncio.get_running_loop().create_future())
                self._wait(self._calls[number])
            case ["stop", number] if number in self._calls:
                self._calls.pop(number).over.set_result(None)

    async def next(self) -> Call:
        """Return the call that has waited longest."""
        while True:
            _, call = await self._waiting.get()
            if not call.over.done():
                return call

    def again(self, call: Call, why: str) -> None:
        """Put back a call that was not begun; when it was tried on as many slots as there are, it has failed."""
        call.tries += 1
        if call.tries > self._slots:
            self.fail(call, why)
        elif not call.over.done():
            self._wait(call)

    def answer(self, call: Call, answer: bytes) -> None:
        """End a call with its answer in JSON, unless it was stopped."""
        if self._calls.pop(call.number, None):
            call.over.set_result(None)
            self._tell(b'["answer", %d, %b]' % (call.number, answer))

    def fail(self, call: Call, why: str) -> None:
        """End a call that another try may save."""
        self.answer(call, encoded(["died", why]))

    def refuse(self, why: str) -> None:
        """Tell that no call can succeed."""
        self._tell(encoded(["unusable", why]))

    def rise(self) -> None:
        """Take note that one more slot works."""
        self._count(self._up + 1)

    def fall(self, why: str, *, worked: bool) -> None:
        """Take note of why a slot does not work, or no longer."""
        self._why = why
        self._count(self._up - worked)

    def _count(self, up: int) -> None:
        self._up = up
        self._tell(encoded(["up", up, self._why]))
        if up:
            self._given_up = False
            if self._outage:
                self._outage.cancel()
            self._outage = None
        elif self._outage is None:
            self._outage = asyncio.get_running_loop().call_later(self._patience_s, self._give_up)

    def _wait(self, call: Call) -> None:
        self._waiting.put_nowait((call.number, call))
        if self._given_up:
            self._give_up()

    def _give_up(self) -> None:
        self._given_up = True
        while not self._waiting.empty():
            _, call = self._waiting.get_nowait()
            self.fail(call, f"no actor of the Ray cluster works: {self._why}")
