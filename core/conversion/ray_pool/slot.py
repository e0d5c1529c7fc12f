"""One slot of a Ray cluster: its actor, the one call it works on, and what is done when either fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from core.conversion.ray_pool.actor import own_version
from core.conversion.ray_pool.cluster import RayCluster, Reply
from core.conversion.ray_pool.line import Call, Line

TAKE_S = 120.0  # for a file to arrive at its node
STOP_S = 1.0  # for a call to be stopped before its actor is killed
GRACE_S = 15.0  # an actor that answers so much too late hangs
PROBE_S = 60.0  # for an actor to come up before it is asked once more
_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 2.0


class Slot:
    """Takes calls from the line while its actor works; looks after the actor while it does not."""

    def __init__(self, cluster: RayCluster, recipe: Mapping[str, Any], line: Line) -> None:
        self._cluster = cluster
        self._recipe = recipe
        self._line = line
        self._up = False
        self._failures = 0  # in a row
        self._actor = cluster.start(recipe)

    async def serve(self) -> None:
        """Take one call after the other, for ever."""
        while True:
            while not self._up:
                await self._look()
            await self._take(await self._line.next())

    async def close(self) -> None:
        """End what the actor does, and the actor for good."""
        if self._up:
            await asyncio.wait([self._cluster.ask(self._actor, "close").future], timeout=STOP_S)
        self._cluster.kill(self._actor, restart=False)

    async def _look(self) -> None:
        """See whether the actor is ready, after a pause that grows with its failures."""
        await asyncio.sleep(min(_LONGEST_PAUSE_S, _PAUSE_S * (2**self._failures - 1)))
        reply = self._cluster.ask(self._actor, "ready")
        await asyncio.wait([reply.future], timeout=PROBE_S)
        match reply.future.result() if reply.future.done() else ["late"]:
            case ["value", ["ready", version]]:
                self._welcome(version)
            case ["value", ["unusable", why]] | ["broken", why]:
                self._refuse(f"the Ray cluster cannot run {self._recipe['function']}: {why}")
            case ["dead", why]:
                self._cluster.kill(self._actor, restart=False)
                self._actor = self._cluster.start(self._recipe)
                self._fall(why)
            case ["lost", why] | ["value", ["died", why]]:
                self._fall(why)

    def _welcome(self, version: str) -> None:
        if version == own_version():
            self._up = True
            self._line.rise()
        else:
            there, here = version or "unknown", own_version() or "unknown"
            self._refuse(f"the Ray cluster has version {there} of this program, and this is {here}")

    def _refuse(self, why: str) -> None:
        self._line.refuse(why)
        self._fall(why)

    def _fall(self, why: str) -> None:
        self._failures = min(10, self._failures + 1)
        self._line.fall(why, worked=self._up)
        self._up = False

    async def _take(self, call: Call) -> None:
        """Hand over a call: until the actor has its file, nothing has begun, and another slot may have it."""
        try:
            pdf = await self._cluster.put(call.path)
        except ConnectionError:  # to the cluster: it is over with this process
            raise
        except OSError as error:
            return self._line.fail(call, f"{call.path} cannot be sent: {error}")
        taking = self._cluster.ask(self._actor, "take", call.number, call.suffix, pdf)
        match await _either(taking, call, TAKE_S):
            case ["value", _]:
                self._failures = 0
                await self._run(call)
            case [kind, why] if kind != "stopped":
                self._fall(why)
                self._line.again(call, why)

    async def _run(self, call: Call) -> None:
        running = self._cluster.ask(self._actor, "run", call.number, call.suffix, call.args, call.deadline)
        limit = self._recipe["start_timeout_s"] + call.deadline + GRACE_S
        match await _either(running, call, limit):
            case ["value", answer]:
                self._line.answer(call, answer)
            case ["stopped", _]:
                await self._stop(running)
            case [kind, why]:
                if kind == "late":
                    self._cluster.kill(self._actor)
                self._fall(why)
                self._line.fail(call, why)

    async def _stop(self, running: Reply) -> None:
        """Stop what the actor does; when it does not stop, kill the actor."""
        self._cluster.cancel(running)
        await asyncio.wait([running.future], timeout=STOP_S)
        if not running.future.done():
            self._cluster.kill(self._actor)
            self._fall("a call did not stop")


async def _either(reply: Reply, call: Call, limit_s: float) -> list[Any]:
    """Return the reply, ["stopped", ""] when the call is over before it, or ["late", ...]."""
    either: list[asyncio.Future[Any]] = [reply.future, call.over]
    await asyncio.wait(either, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    if call.over.done():
        return ["stopped", ""]
    return reply.future.result() if reply.future.done() else ["late", f"no answer within {limit_s:g} s"]
