"""Every limit, timeout and retry rule of one client, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from core.errors import FetchError
from core.http.address import Network, Origin, origin, parse
from core.settings import Settings

#: Reasons that pass: another try may succeed. 429 and 503 usually say when (`Retry-After`).
PASSING = frozenset({"connect", "timeout", "truncated", "http_429", "http_500", "http_502", "http_503", "http_504"})

#: A body that ends early is asked for once more, then believed to be so.
TRUNCATED_TRIES = 2

#: Methods that may be repeated without harm (RFC 9110 section 9.2.2); others need an Idempotency-Key.
REPEATABLE = frozenset({"GET", "HEAD"})

#: Refusals of a host that is too busy to do anything with a request.
REFUSED = frozenset({"http_429", "http_503"})

#: What counts as an answer. For a document only 200: 202 is a bot wall at work, 203 is rewritten on the way and 206 is
#: a part nobody asked for. Other methods may be answered by "created", "accepted" and "done, nothing to say".
ANSWERS = {"GET": frozenset({200}), "HEAD": frozenset({200, 204})}
ANSWERS_OTHERWISE = frozenset({200, 201, 202, 204})


@dataclass(frozen=True)
class Policy:
    """What one client may do to the hosts it asks, and they to it; times in seconds, sizes in bytes."""

    networks: tuple[Network, ...]
    only: Origin | None
    pace_s: Callable[[str], float]
    concurrency: int
    redirects: int
    connect_s: float
    idle_s: float
    total_s: float
    page_bytes: int
    file_bytes: int
    inflated_bytes: int
    tries: int
    backoff_s: float
    retry_after_cap_s: float

    @classmethod
    def general(cls, settings: Settings) -> Policy:
        """Return the rules for strangers: public addresses only, one request at a time, paced."""
        return cls(
            networks=settings.networks(),
            only=None,
            pace_s=settings.pace_s,
            concurrency=settings.host_concurrency,
            redirects=settings.max_redirects,
            connect_s=settings.connect_timeout_s,
            idle_s=settings.idle_timeout_s,
            total_s=settings.total_timeout_s,
            page_bytes=settings.max_page_bytes,
            file_bytes=settings.max_download_bytes,
            inflated_bytes=settings.max_inflated_bytes,
            tries=settings.max_tries,
            backoff_s=settings.retry_base_s,
            retry_after_cap_s=settings.retry_after_cap_s,
        )

    @classmethod
    def service(cls, settings: Settings, base_url: str, *, timeout_s: float, concurrency: int) -> Policy:
        """Return the rules for one trusted service: exactly its origin, wherever that is; no pace, no redirects."""
        return replace(
            cls.general(settings),
            only=origin(parse(base_url)),
            pace_s=lambda _: 0.0,
            concurrency=concurrency,
            redirects=0,
            connect_s=min(settings.connect_timeout_s, timeout_s),
            idle_s=min(settings.idle_timeout_s, timeout_s),
            total_s=timeout_s,
        )

    def again(self, error: FetchError, tried: int) -> bool:
        """Tell whether a request that failed with `error` on its `tried`-th try deserves another."""
        most = min(self.tries, TRUNCATED_TRIES) if error.reason == "truncated" else self.tries
        patient = (error.retry_after_s or 0.0) <= self.retry_after_cap_s
        return patient and tried < most and error.reason in PASSING


def accepted(method: str, status: int) -> bool:
    """Tell whether `status` is a usable answer to `method`."""
    return status in ANSWERS.get(method, ANSWERS_OTHERWISE)
