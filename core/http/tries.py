"""The tries a request gets, and what a host's refusals mean for everyone else who asks it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from core.errors import FetchError
from core.http.exchange import Budget, Exchange
from core.http.hosts import Hosts
from core.http.policy import PASSING, REFUSED, REPEATABLE, Policy
from core.http.upload import Upload

T = TypeVar("T")
Take = Callable[[httpx.Response, Exchange], Awaitable[T]]


def full_jitter(most_s: float) -> float:
    """Return a random pause up to `most_s` seconds, so that clients that failed together do not return together."""
    return random.uniform(0.0, most_s)


class Asker:
    """Asks until there is an answer or no point in asking again."""

    def __init__(
        self, policy: Policy, transport: httpx.AsyncBaseTransport, *, jitter: Callable[[float], float] = full_jitter
    ) -> None:
        self._policy = policy
        self._transport = transport
        self._jitter = jitter
        self.hosts = Hosts(policy.pace_s, policy.concurrency)

    async def ask(self, request: httpx.Request, take: Take[T], *, timeout_s: float | None, retry: bool = True) -> T:
        """Return what `take` makes of the answer; `timeout_s` bounds the time on the network of all tries together."""
        budget = Budget(timeout_s or self._policy.total_s)
        tried = 0
        while True:
            tried += 1
            try:
                return await self._try(Exchange(self._policy, request, budget), take)
            except FetchError as error:
                repeatable = retry and _harmless(request, error)
                if not (repeatable and budget.left_s > 0 and self._policy.again(error, tried)):
                    raise
                pause_s = 0.0 if error.retry_after_s else self._jitter(self._policy.backoff_s * 2.0 ** (tried - 1))
            await asyncio.sleep(pause_s)

    async def _try(self, exchange: Exchange, take: Take[T]) -> T:
        try:
            return await exchange.run(self._transport, self.hosts, lambda response: take(response, exchange))
        except FetchError as error:
            if error.retry_after_s and error.reason in PASSING:
                self._rest(exchange.lane, error.retry_after_s)
            raise

    def _rest(self, host: str, seconds: float) -> None:
        """Hold the host's line for as long as it asks; beyond the cap, send everyone away."""
        if seconds <= self._policy.retry_after_cap_s:
            self.hosts.hold(host, seconds)
        else:
            self.hosts.park(host, seconds)


def _harmless(request: httpx.Request, error: FetchError) -> bool:
    """Tell whether a try that ended in `error` may be repeated: nothing can come of both."""
    if request.method in REPEATABLE or "idempotency-key" in request.headers:
        return True
    return isinstance(request.stream, Upload) and (not request.stream.whole or error.reason in REFUSED)
