"""The inference servers of a run: those the settings name, or one of each kind started here and shared by all workers.

Several addresses of one kind, by commas, stand for several devices: slot i of the workers is bound to one of them. A
server that is started here takes the devices that surya's own variables (`VLLM_GPUS`, `VLLM_GPU_TYPE`, ...) name.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from core.conversion.marker.breaker import CircuitBreaker
from core.conversion.marker.environment import environments
from core.conversion.marker.kept import Kept
from core.conversion.marker.probe import LOOK_S, Probe
from core.conversion.marker.services import SERVICES, VISION, Service, needed
from core.errors import InferenceDown, SettingsError
from core.http import HttpClient
from core.settings import Settings
from core.streaming import together

RESTARTS = 1  # of a server started here
_WAYS_OUT = (
    "name a running one ({settings}); or let one be started here (marker_start_server, with llama-server installed, "
    "or docker on a machine with an NVIDIA GPU); or do without: converter='text-layer', or marker_options "
    '{{"disable_ocr": true, "force_layout_block": "Text"}}'
)


class InferenceServer:
    """What Marker needs to be up in `mode` (by default the one of the settings), from entering to leaving.

    Entering returns when everything answers and has the right model; it raises `SettingsError` with what is missing
    and what to do. `breaker` is to run conversions; `capacity` is how many requests at a time the vision model takes,
    all devices together.
    """

    def __init__(self, settings: Settings, *, mode: str = "") -> None:
        self.capacity = 0
        self.breaker = CircuitBreaker(self.healthy, mend=self.revive, wait_s=settings.inference_wait_s)
        self._settings = settings
        self._needed = needed(mode or settings.marker_mode, settings.marker_options)
        self._http = HttpClient(settings)
        self._stack = AsyncExitStack()
        self._probes: dict[Service, list[Probe]] = {}
        self._kept: dict[Service, Kept] = {}
        self._capacities: list[int] = []
        self._restarts = dict.fromkeys(SERVICES, RESTARTS)
        self._reviving = asyncio.Lock()

    async def __aenter__(self) -> Self:
        if not self._needed:
            return self
        async with AsyncExitStack() as self._stack:
            await self._stack.enter_async_context(self._http)
            await self._attach()
            await together(*(self._start(service) for service in self._missing()))
            self._capacities = [await self._capacity(probe) for probe in self._probes.get(VISION, ())]
            self.capacity = sum(self._capacities)
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def env(self, slots: int = 1) -> dict[str, str]:
        """Return the environment of the first of `slots` workers."""
        return self.envs(slots)[0]

    def envs(self, slots: int) -> list[dict[str, str]]:
        """Return the environment of each of `slots` workers; it must be set before they import Marker."""
        bases = {service: [probe.base for probe in probes] for service, probes in self._probes.items()}
        return environments(self._settings, bases, self._capacities, slots)

    async def healthy(self) -> None:
        """Return when of each kind that is needed one is up; raise `InferenceDown` or, for a model, `SettingsError`."""
        await together(*(_any(probes) for probes in self._probes.values()))

    async def revive(self) -> None:
        """Do as `healthy`, but first start again what was started here and has ended, once."""
        async with self._reviving:
            for service in [service for service, kept in self._kept.items() if kept.ended]:
                await self._restart(service)
        await self.healthy()

    async def _attach(self) -> None:
        for service in self._needed:
            bases = service.named(self._settings)
            if bases:
                self._probes[service] = [Probe(self._http, service, base) for base in bases]
        try:
            checks = [probe.wait(self._settings.inference_start_s) for each in self._probes.values() for probe in each]
            await together(*checks)
        except InferenceDown as error:
            raise SettingsError(f"{error.detail}: start it, or {self._ways_out(*self._probes)}") from error

    def _missing(self) -> list[Service]:
        """Return what is to be started here, or raise `SettingsError` when nothing is."""
        missing = [service for service in self._needed if service not in self._probes]
        names = " and ".join(f"the {service.what} server" for service in missing)
        if missing and not self._settings.marker_start_server:
            raise SettingsError(f"Marker needs {names}: {self._ways_out(*missing)}")
        if missing and self._settings.ray_address:
            raise SettingsError(
                f"Marker needs {names}, where every node of the cluster reaches it: {self._ways_out(*missing)}"
            )
        return missing

    async def _start(self, service: Service, *, port: int = 0) -> None:
        kept = await Kept.start(service, port=port)
        self._stack.push_async_callback(kept.stop)
        self._kept[service] = kept
        try:
            async with asyncio.timeout(self._settings.inference_start_s):
                await kept.serving()
                self._probes[service] = [Probe(self._http, service, kept.base)]
                await self._up(kept, self._probes[service][0])
        except TimeoutError:
            limit = f"within {self._settings.inference_start_s:g} s (inference_start_s)"
            raise SettingsError(f"the {service.what} server that was started does not answer {limit}") from None
        except SettingsError as error:
            raise SettingsError(f"{error}\nEither {self._ways_out(service)}") from error

    async def _up(self, kept: Kept, probe: Probe) -> None:
        while True:
            try:
                return await probe.check()
            except InferenceDown:
                if kept.ended:
                    raise await kept.failure() from None
            await asyncio.sleep(LOOK_S)

    async def _restart(self, service: Service) -> None:
        ended = self._kept[service]
        if not self._restarts[service]:
            raise InferenceDown("inference_unavailable", f"the {service.what} server ended again")
        self._restarts[service] -= 1
        await self._start(service, port=ended.port)  # the workers know it by its port

    async def _capacity(self, probe: Probe) -> int:
        kept = self._kept.get(probe.service)
        return self._settings.inference_capacity or (kept.slots if kept else 0) or await probe.capacity()

    @staticmethod
    def _ways_out(*services: Service) -> str:
        return _WAYS_OUT.format(settings=", ".join(service.setting for service in services))


async def _any(probes: list[Probe]) -> None:
    """Return when one of several is up; the workers go on with it when theirs is gone."""
    for probe in probes[:-1]:
        with suppress(InferenceDown, SettingsError):
            return await probe.check()
    await probes[-1].check()
