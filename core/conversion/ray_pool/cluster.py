"""A Ray cluster, as far as the driver needs it: the only place that imports Ray and knows its errors.

A reply is a list, as between processes here: ["value", ...], or with a reason ["lost", ...] (the actor cannot be
reached now, but Ray restarts it), ["dead", ...] (Ray does not) or ["broken", ...] (this program does not run there).
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from math import floor
from pathlib import Path
from typing import Any

from core.conversion.ray_pool.actor import Actor
from core.errors import SettingsError

INSTALL = "run `pip install 'academic-lit-review[ray]'`"
_CONNECT_S = 5.0  # Ray itself tries for many minutes, and cannot be interrupted
_OUTSIDE = "from a machine that is no node of the cluster use ray://HEAD:10001"


@dataclass(frozen=True)
class Reply:
    """What an actor was asked: Ray's handle of it, and the reply that will come."""

    ref: Any
    future: asyncio.Future[list[Any]]


@dataclass(frozen=True)
class Needs:
    """What one actor takes of a node: `gpus` may be a fraction; `memory` in bytes, 0 to leave it to the node."""

    gpus: float
    memory: int

    def options(self) -> dict[str, Any]:
        """Return them as Ray wants to be told."""
        return {"num_cpus": 1, "num_gpus": self.gpus or None, "memory": self.memory or None}

    def room(self, nodes: Iterable[Mapping[str, Any]]) -> int:
        """Return how many actors find a place on these nodes, other users not counted."""
        return sum(self._on(node["Resources"]) for node in nodes if node["Alive"])

    def _on(self, has: Mapping[str, float]) -> int:
        fits = [has.get("CPU", 0)]
        if self.gpus:  # a fraction is one of a single device
            per_device = floor(1 / self.gpus) if self.gpus < 1 else 1 / self.gpus
            fits.append(has.get("GPU", 0) * per_device)
        if self.memory:
            fits.append(has.get("memory", 0) / self.memory)
        return floor(min(fits))


class RayCluster:
    """A connection, made at once: blocking, for minutes if the cluster does not speak, so for a process to be killed.

    Raises SettingsError when Ray is not installed or the cluster cannot be used.
    """

    def __init__(self, address: str, needs: Needs) -> None:
        _knock(address)
        self._needs = needs
        try:
            self._ray = import_module("ray")
            self._ray.init(address, log_to_driver=False, logging_level="ERROR")
            self._errors = import_module("ray.exceptions")
        except ModuleNotFoundError as error:
            raise SettingsError(f"Ray is not installed ({error}): {INSTALL}") from error
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise _unusable(address, error) from error

    def room(self) -> int:
        """Return how many actors the cluster has room for."""
        return self._needs.room(self._ray.nodes())

    def start(self, recipe: Mapping[str, Any]) -> Any:
        """Return a new actor, which comes up by itself; Ray restarts it for ever, but never repeats a call."""
        remote = self._ray.remote(
            max_restarts=-1, max_task_retries=0, scheduling_strategy="SPREAD", **self._needs.options()
        )
        return remote(Actor).remote(recipe)

    async def put(self, path: str) -> Any:
        """Return a handle of the content of a file, now in the object store; raises OSError."""
        try:
            return await asyncio.to_thread(self._put, path)
        except self._errors.RayError as error:
            raise OSError(f"the object store does not take it: {_first(error)}") from error

    def ask(self, actor: Any, method: str, *args: Any) -> Reply:
        """Ask an actor, and return the reply to come."""
        loop = asyncio.get_running_loop()
        ref = getattr(actor, method).remote(*args)
        reply = Reply(ref, loop.create_future())
        ref.future().add_done_callback(lambda done: loop.call_soon_threadsafe(partial(self._settle, reply, done)))
        return reply

    def cancel(self, reply: Reply) -> None:
        """Ask Ray to stop what was asked."""
        with suppress(self._errors.RayError):
            self._ray.cancel(reply.ref)

    def kill(self, actor: Any, *, restart: bool = True) -> None:
        """End an actor and what it runs at once; Ray starts it again."""
        with suppress(self._errors.RayError, ConnectionError):
            self._ray.kill(actor, no_restart=not restart)

    def close(self) -> None:
        """Leave the cluster."""
        self._ray.shutdown()

    def _put(self, path: str) -> Any:
        return self._ray.put(Path(path).read_bytes())

    def _settle(self, reply: Reply, done: Any) -> None:
        error = CancelledError() if done.cancelled() else done.exception()
        reply.future.set_result(["value", done.result()] if error is None else self._failure(error))

    def _failure(self, error: BaseException) -> list[Any]:
        if isinstance(error, self._errors.ActorDiedError):
            unborn = "creation task" in str(error)  # the nodes cannot even load the class
            return ["broken", _last(error)] if unborn else ["dead", _first(error)]
        kind = self._errors.RayTaskError
        return ["broken", _last(error)] if isinstance(error, kind) else ["lost", _first(error)]


def _knock(address: str) -> None:
    """Raise SettingsError when nobody listens at an address that names a host and a port."""
    match = re.fullmatch(r"(?:ray://)?\[?([^/\[\]]+)\]?:(\d+)/?", address)
    if match:
        try:
            socket.create_connection((match[1], int(match[2])), timeout=_CONNECT_S).close()
        except OSError as error:
            raise _unusable(address, error) from error


def _unusable(address: str, error: Exception) -> SettingsError:
    advice = "" if address.startswith("ray://") else f"; {_OUTSIDE}"
    return SettingsError(f"the Ray cluster at {address} cannot be used: {_first(error)}{advice}")


def _first(error: BaseException) -> str:
    """Return type and message of an error of Ray's, without the usual words; it may be pages long."""
    words = " ".join(str(error).split()).removesuffix("The task may or may not have been executed on the actor.")
    return f"{type(error).__name__}: {words.rpartition('is temporarily unavailable: ')[2][:160].strip()}"


def _last(error: BaseException) -> str:
    """Return the last line of a traceback that came as a message."""
    lines = str(error).split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), type(error).__name__)
