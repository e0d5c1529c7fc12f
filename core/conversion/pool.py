"""The `Pool` protocol: slots that convert, on this machine or past it, and the choice of one by the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from core.conversion.workers import Memory, Workers
from core.settings import Settings


class Pool(Protocol):
    """Up to `slots` calls of one function at a time, each in a process of its own that can be stopped.

    All slots take from one line, so an idle one never waits for a busy one. Retries are the caller's.
    """

    @property
    def slots(self) -> int: ...  # noqa: D102 - the class says what it is

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None: ...

    async def warm(self) -> None:
        """Start all slots at once, ahead of their first call, and wait until they are ready; raises as `run` does."""
        ...

    async def run(self, pdf: Path, /, *args: Any, deadline: float) -> Any:
        """Return `function(str(pdf), *args)`, plain data both ways, waiting for a free slot.

        `deadline` is in seconds from the moment the process is up. Raises the `PaperError` the function raised,
        `ConversionError` (`conversion_timeout`, `out_of_memory`, `conversion_failed`), `WorkerDied`, or `SettingsError`
        when the function cannot be loaded. Cancelling kills the work.
        """
        ...


def open_pool(
    settings: Settings,
    function: str,
    *,
    slots: int,
    memory: Memory,
    envs: Sequence[Mapping[str, str]] = ({},),
    recycle_after: int = 50,
    start_timeout_s: float = 60.0,
) -> Pool:
    """Return a pool, not yet entered, of `function` ("module:name"): on Ray when the settings name a cluster.

    Slot i keeps `envs[i % len(envs)]` (a device, a server's address) for life, set before anything is imported. What
    looking up the function imports (a module's `__getattr__` may) is imported before the process counts as ready.
    """
    if settings.ray_address:
        from core.conversion.ray_pool import RayPool

        return RayPool(
            settings, function, slots=slots, memory=memory, envs=envs, recycle_after=recycle_after,
            start_timeout_s=start_timeout_s,
        )  # fmt: skip
    return Workers(
        function, slots=slots, memory=memory, envs=envs, recycle_after=recycle_after, start_timeout_s=start_timeout_s
    )
