"""The circuit breaker in front of the inference server: when it is gone, papers wait for it instead of failing at it.

closed       conversions run; `FAILURES` in a row that found no server or ran out of time open it, and so does a probe
             that finds none
open         conversions wait until the server is back, but not beyond `wait_s` after it went away; from then on they
             fail at once, and every `PAUSE_S` one of them looks again
half-open    the server answers: this closes it, unless the server had answered all the time while conversions failed;
             then, every `PAUSE_S`, one conversion is let through, and its success closes it
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from core.errors import ConversionError, InferenceDown, SettingsError

T = TypeVar("T")
Probe = Callable[[], Awaitable[None]]

FAILURES = 3  # conversions in a row
LOOK_S = 1.0  # between two looks while papers wait
PAUSE_S = 30.0  # between two looks later, and between two trials

_GONE = "inference_unavailable"
_SUSPICIOUS = (_GONE, "conversion_timeout")


class CircuitBreaker:
    """Runs conversions while the server is there.

    `probe` raises `InferenceDown` when it is not; `mend` (by default the same) may restart it before.
    """

    def __init__(self, probe: Probe, *, mend: Probe | None = None, wait_s: float) -> None:
        self._probe = probe
        self._mend = mend or probe
        self._wait_s = wait_s
        self._failures = 0
        self._opened_at: float | None = None
        self._absent = False  # it was a probe that opened it
        self._look_at = 0.0
        self._why = ""
        self._closed = asyncio.Event()
        self._closed.set()

    @property
    def open(self) -> bool:
        """Tell whether conversions are held back."""
        return self._opened_at is not None

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, trying once more, when the server is back, if it went away meanwhile.

        Raises what `work` raises, or `InferenceDown` when the server stays away or went away twice.
        """
        with suppress(InferenceDown):
            return await self._attempt(work)
        return await self._attempt(work)

    async def _attempt(self, work: Callable[[], Awaitable[T]]) -> T:
        await self._admission()
        begun = _now()
        try:
            result = await work()
        except ConversionError as error:
            if error.reason in _SUSPICIOUS and await self._blames_server(error):
                raise InferenceDown(_GONE, error.detail) from error
            raise
        if self._opened_at is None or begun >= self._opened_at:
            self._close()
        return result

    async def _admission(self) -> None:
        """Return when a conversion may run; raise `InferenceDown` when it is not to wait (any longer)."""
        while self._opened_at is not None:
            left_s = self._opened_at + self._wait_s - _now()
            if _now() < self._look_at:
                await self._pause(left_s)
            elif await self._look(patient=left_s > 0):
                return

    async def _pause(self, left_s: float) -> None:
        """Wait until somebody closes it or it is time to look, with `left_s` of patience."""
        if left_s <= 0:
            raise InferenceDown(_GONE, self._why)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(left_s, self._look_at - _now())):
                await self._closed.wait()

    async def _look(self, *, patient: bool) -> bool:
        """Look whether the server is back; others look again a little later, so one that hangs holds up nobody."""
        self._look_at = _now() + (LOOK_S if patient and self._absent else PAUSE_S)
        try:
            await self._mend()
        except (InferenceDown, SettingsError) as error:
            self._why, self._absent = _told(error), True
            return False
        if self._absent:
            self._close()
        return True

    async def _blames_server(self, error: ConversionError) -> bool:
        gone = error.reason == _GONE
        if self.open:
            return gone or self._absent
        self._failures += 1
        try:
            await self._probe()
        except (InferenceDown, SettingsError) as down:
            self._trip(_told(down), absent=True)
            return True
        if self._failures >= FAILURES:
            self._trip(error.detail, absent=False)
        return gone

    def _trip(self, why: str, *, absent: bool) -> None:
        if self._opened_at is None:
            self._opened_at, self._why, self._absent = _now(), why, absent
            self._look_at = _now() + (LOOK_S if absent else PAUSE_S)
            self._closed.clear()

    def _close(self) -> None:
        self._opened_at, self._failures = None, 0
        self._closed.set()


def _told(error: InferenceDown | SettingsError) -> str:
    return error.detail if isinstance(error, InferenceDown) else str(error)


def _now() -> float:
    """Return the loop's time in whole milliseconds: a timer may be early by less."""
    return round(asyncio.get_running_loop().time(), 3)
