"""The pool whose slots are actors. Retries stay the pipeline's: Ray restarts actors, but never repeats a call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core import errors
from core.conversion.process import Process
from core.conversion.ray_pool.link import Link
from core.conversion.workers import Memory
from core.errors import ConversionError, PaperError, SettingsError, WorkerDied
from core.settings import Settings


class RayPool:
    """Calls of `function` ("module:name") on the cluster at `Settings.ray_address`, in one line for all slots.

    A slot is an actor with one CPU and `Settings.ray_gpus`; there are `Settings.ray_slots`, or as many as the cluster
    has room for. Each node must have this program, and what the function imports. The file travels with the call.
    Losing a node costs its calls a `WorkerDied`; a slot that does not answer takes no calls until it does.
    """

    def __init__(
        self,
        settings: Settings,
        function: str,
        *,
        slots: int,
        memory: Memory,
        envs: Sequence[Mapping[str, str]] = ({},),
        recycle_after: int = 50,
        start_timeout_s: float = 60.0,
    ) -> None:
        self._address = settings.ray_address
        self._slots = settings.ray_slots or slots
        self._start_timeout_s = start_timeout_s
        self._recipe = {
            "address": settings.ray_address,
            "slots": settings.ray_slots,
            "needs": {"gpus": settings.ray_gpus, "memory": memory.bytes if memory.resident else 0},
            "function": function,
            "memory": asdict(memory),
            "envs": [_elsewhere(env) for env in envs],
            "recycle_after": recycle_after,
            "start_timeout_s": start_timeout_s,
        }
        self._link: Link | None = None
        self._links: set[Process] = set()
        self._opening = asyncio.Lock()
        self._closed = False

    @property
    def slots(self) -> int:
        """Return how many calls run at a time; what the cluster has room for is known once the pool is entered."""
        return self._link.slots if self._link else self._slots

    async def __aenter__(self) -> Self:
        self._link = await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        if self._link:
            await self._link.close()

    async def warm(self) -> None:
        """Wait until every slot works, or no more come up in time; `WorkerDied` when none does."""
        link = await self._linked()
        try:
            async with asyncio.timeout(self._start_timeout_s):
                await link.until(lambda: link.up == link.slots)
        except TimeoutError:
            if not link.up:
                raise WorkerDied("worker_died", link.trouble) from None

    async def run(self, pdf: Path, /, *args: Any, deadline: float) -> Any:
        """Return `function(path, *args)` from some node, where `path` is a copy of `pdf`; see `Pool.run`."""
        link = await self._linked()
        match await link.call(pdf, args, deadline):
            case ["value", value]:
                return value
            case ["paper", kind, reason, detail]:
                raise _error(kind)(reason, detail)
            case ["settings", message]:
                raise SettingsError(message)
            case [*_, how]:
                raise WorkerDied("worker_died", how)

    async def _linked(self) -> Link:
        """Return the connection, a new one if it was lost."""
        if self._closed or self._link is None:
            raise RuntimeError("this pool is not open")
        async with self._opening:
            if not self._link.alive:
                try:
                    self._link = await self._open()
                except SettingsError as error:  # it was right when the run began
                    raise WorkerDied("worker_died", str(error)) from error
        return self._link

    async def _open(self) -> Link:
        """Return a connection with at least one slot that works."""
        link = await Link.open(self._recipe, self._links)
        try:
            async with asyncio.timeout(self._start_timeout_s):
                await link.until(lambda: link.up > 0)
        except TimeoutError:
            waited = f"no slot after {self._start_timeout_s:g} s ({link.trouble or 'no answer'})"
            raise SettingsError(f"the Ray cluster at {self._address} cannot be used: {waited}") from None
        finally:
            if not link.up:
                await link.end()
        return link


def _elsewhere(env: Mapping[str, str]) -> dict[str, str]:
    """Return what of a slot's environment holds on other machines: there Ray says which devices an actor has."""
    return {name: value for name, value in env.items() if name != "CUDA_VISIBLE_DEVICES"}


def _error(name: str) -> type[PaperError]:
    kind = getattr(errors, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, PaperError) else ConversionError
