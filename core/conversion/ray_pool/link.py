"""The parent's end of the process that is connected to a Ray cluster: many calls at a time, over one pipe."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self, cast

from core.conversion.process import Process
from core.errors import SettingsError

_START = """
import json, sys
recipe = json.loads(sys.argv[1])
sys.path[:] = recipe["path"]
from core.conversion.ray_pool import driver
driver.main(recipe)
"""
_ENV = {"RAY_ENABLE_AUTO_CONNECT": "0"}  # or Ray, when disconnected, looks for another cluster
_CLOSE_S = 5.0


class Link(Process):
    """The process of `driver.py`: `up` of its `slots` work, and why the last that did not, did not."""

    def __init__(self, processes: set[Process]) -> None:
        super().__init__(processes, limit=0)
        self.slots = 0
        self.up = 0
        self.trouble = ""
        self._refusal = ""
        self._numbers = count()
        self._calls: dict[int, asyncio.Future[list[Any]]] = {}
        self._news = asyncio.Event()

    @classmethod
    async def open(cls, recipe: Mapping[str, Any], processes: set[Process]) -> Self:
        """Start the process, without waiting for it to be connected."""
        told = json.dumps({**recipe, "path": sys.path, "parent": os.getpid()}, default=os.fspath)
        _, link = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(processes), sys.executable, "-P", "-c", _START, told, start_new_session=True,
            env={**os.environ, **_ENV},
        )  # fmt: skip
        return link

    async def until(self, state: Callable[[], bool]) -> None:
        """Return when `state` is true; raise SettingsError when that can never be, or the process ended."""
        while not state():
            if self._refusal:
                raise SettingsError(self._refusal)
            if not self.alive:
                raise SettingsError(f"the connection to the Ray cluster ended ({self.ready.result()[-1]})")
            self._news.clear()
            await self._news.wait()

    async def call(self, pdf: Path, args: Sequence[Any], deadline: float) -> list[Any]:
        """Return the answer to a call; cancelling stops it."""
        if self._refusal:
            raise SettingsError(self._refusal)
        number, answer = next(self._numbers), self._loop.create_future()
        self._calls[number] = answer
        try:
            self._write(["call", number, pdf, args, deadline])
            return cast("list[Any]", await answer)
        finally:
            if self._calls.pop(number, None) and self.alive:
                self._write(["stop", number])

    async def close(self) -> None:
        """Let the process kill its actors and leave the cluster; it has ended afterwards."""
        if self.alive:
            self._input.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self.gone.wait()
        except TimeoutError:
            await self.end()

    async def end(self) -> None:
        """Kill the process; its actors end with it."""
        self.kill()
        await self.gone.wait()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take in lines, or what the process complains about."""
        if fd == 2:
            super().pipe_data_received(fd, data)
            return
        self._received += data
        if b"\n" in data:
            *lines, rest = self._received.split(b"\n")
            self._received = rest
            for line in lines:
                self._hear(json.loads(line))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail all calls."""
        super().connection_lost(exc)
        self.up = 0
        how = f"the connection to the Ray cluster ended ({self.ready.result()[-1]})"
        for number in tuple(self._calls):
            self._settle(number, ["died", how])
        self._news.set()

    def _hear(self, told: list[Any]) -> None:
        match told:
            case ["open", slots]:
                self.slots = slots
            case ["up", up, why]:
                self.up, self.trouble = up, why
            case ["answer", number, answer]:
                self._settle(number, answer)
            case ["unusable", why]:
                self._refusal = why
                for number in tuple(self._calls):
                    self._settle(number, ["settings", why])
        self._news.set()

    def _settle(self, number: int, answer: list[Any]) -> None:
        call = self._calls.pop(number, None)
        if call and not call.done():
            call.set_result(answer)

    @property
    def _input(self) -> asyncio.WriteTransport:
        return cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))

    def _write(self, what: list[Any]) -> None:
        self._input.write(json.dumps(what, default=os.fspath).encode() + b"\n")
