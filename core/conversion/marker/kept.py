"""A server that was started here: the parent's end of the process that keeps it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any, Self

from core.conversion.marker.services import Service
from core.errors import SettingsError

_START = """
import json, sys
recipe = json.loads(sys.argv[1])
sys.path[:] = recipe["path"]
from core.conversion.marker import keeper
keeper.main(recipe)
"""
_STOP_S = 15.0  # more than the keeper gives the server
_CARD = ("out of memory", "less than desired gpu memory", "no available memory for the cache")  # torch, vLLM
_ADVICE = "name a running one, install llama-server (or docker on a machine with a GPU)"


class Kept:
    """One started server; `port` and `slots` (requests at a time, 0: unknown) hold once it is `serving`."""

    def __init__(self, service: Service, process: asyncio.subprocess.Process) -> None:
        self.service = service
        self.port = 0
        self.slots = 0
        self._process = process

    @classmethod
    async def start(cls, service: Service, *, port: int = 0) -> Self:
        """Start a keeper and, by it, the server at `port` (0: any); the server will come up, or end."""
        recipe = {"path": sys.path, "parent": os.getpid(), "module": service.module, "port": port}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", _START, json.dumps(recipe, default=os.fspath),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        return cls(service, process)

    @property
    def base(self) -> str:
        """Return the server's address."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def ended(self) -> bool:
        """Tell whether it is over with the keeper, and so with the server."""
        return self._process.returncode is not None

    async def serving(self) -> None:
        """Return when the server was started, which is before it answers; raise `SettingsError` if it cannot be."""
        told = await self._hear()
        if told[0] != "serving":
            raise self._failure(told)
        self.port, self.slots = told[1], told[2]

    async def failure(self) -> SettingsError:
        """Return what a server that has ended ended with."""
        return self._failure(await self._hear())

    async def stop(self) -> None:
        """End the server; when this is cancelled, the keeper still does it."""
        try:
            self._signal(signal.SIGTERM)
            async with asyncio.timeout(_STOP_S):
                await self._process.communicate()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.communicate()

    def _signal(self, number: int) -> None:
        if not self.ended:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _hear(self) -> list[Any]:
        assert self._process.stdout
        line = await self._process.stdout.readline()
        told: list[Any] = json.loads(line) if line else ["ended", "its keeper was killed", ""]
        return told

    def _failure(self, told: list[Any]) -> SettingsError:
        _, how, tail = told
        last = "\n".join(tail.splitlines()[-8:])
        hint = "; the GPU has too little memory" if any(word in tail.lower() for word in _CARD) else ""
        return SettingsError(
            f"the {self.service.what} server was started and ended ({how}{hint}):\n{last}".rstrip(":\n")
        )
