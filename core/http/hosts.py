"""Manners: how often, how many at a time, and until when not at all, for each host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.errors import FetchError


@dataclass
class _Host:
    slots: asyncio.Semaphore
    free_at: float = 0.0
    parked_until: float = 0.0


class Hosts:
    """Gives out turns; all times are on the running loop's clock, in seconds."""

    def __init__(self, pace_s: Callable[[str], float], concurrency: int) -> None:
        self._pace_s = pace_s
        self._concurrency = concurrency
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncGenerator[None]:
        """Wait for this host's pace and concurrency and hold its slot; raise `host_parked` at once if it is parked."""
        host = self._host(name)
        self._refuse_parked(name)
        async with host.slots:
            await self._wait(name, host)
            yield

    async def _wait(self, name: str, host: _Host) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._refuse_parked(name)
            wait_s = host.free_at - loop.time()
            if wait_s <= 0:
                break
            await asyncio.sleep(wait_s)
        host.free_at = loop.time() + self._pace_s(name)

    def hold(self, name: str, seconds: float) -> None:
        """Give out no turn of this host for `seconds`; those who wait go on waiting."""
        host = self._host(name)
        host.free_at = max(host.free_at, asyncio.get_running_loop().time() + seconds)

    def park(self, name: str, seconds: float) -> None:
        """Fail every turn of this host for `seconds`, also those already waited for."""
        host = self._host(name)
        host.parked_until = max(host.parked_until, asyncio.get_running_loop().time() + seconds)

    def parked(self, name: str) -> float | None:
        """Return the seconds until a parked host may be asked again, None if it may be asked now."""
        host = self._hosts.get(name)
        left_s = host.parked_until - asyncio.get_running_loop().time() if host else 0.0
        return left_s if left_s > 0 else None

    def _host(self, name: str) -> _Host:
        if name not in self._hosts:
            self._hosts[name] = _Host(asyncio.Semaphore(self._concurrency))
        return self._hosts[name]

    def _refuse_parked(self, name: str) -> None:
        left_s = self.parked(name)
        if left_s is not None:
            raise FetchError("host_parked", f"{name} asked for {left_s:.0f} s of rest", retry_after_s=left_s)
