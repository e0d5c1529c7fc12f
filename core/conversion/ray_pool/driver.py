"""The process that is connected to a Ray cluster, between `core.conversion.ray_pool` and its actors.

It is a process of its own because Ray ends its user's process when the head of the cluster has been gone for a minute,
tries to connect for many minutes without a way to interrupt it, and is much to load. It ends with its parent.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterable, Mapping
from contextlib import suppress
from typing import Any

from core.conversion.ray_pool.cluster import Needs, RayCluster
from core.conversion.ray_pool.line import Line, Tell, encoded
from core.conversion.ray_pool.slot import Slot
from core.errors import SettingsError
from core.streaming import together

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LINE_BYTES = 64 << 20


def main(recipe: Mapping[str, Any]) -> None:
    """Serve until standard input ends; `recipe` comes from `core.conversion.ray_pool`."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what Ray prints is no answer
    _die_with(recipe["parent"])

    def tell(line: bytes) -> None:
        answers.write(line + b"\n")
        answers.flush()

    try:
        cluster = RayCluster(recipe["address"], Needs(**recipe["needs"]))
        count = recipe["slots"] or _room(cluster, recipe)
    except SettingsError as error:
        return tell(encoded(["unusable", str(error)]))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on the end of its input ends it
    try:
        asyncio.run(_serve(cluster, recipe, count, tell))
    except* ConnectionError:
        sys.exit("it does not answer")
    cluster.close()


def _die_with(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _room(cluster: RayCluster, recipe: Mapping[str, Any]) -> int:
    if count := cluster.room():
        return count
    gpus, memory = recipe["needs"]["gpus"], recipe["needs"]["memory"]
    wish = "1 CPU" + f", {gpus:g} GPU" * bool(gpus) + f", {memory / 1e9:.1f} GB of memory" * bool(memory)
    raise SettingsError(f"no node of the Ray cluster at {recipe['address']} has room for an actor with {wish}")


async def _serve(cluster: RayCluster, recipe: Mapping[str, Any], count: int, tell: Tell) -> None:
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await serve(reader, cluster, recipe, count, tell)


async def serve(
    lines: AsyncIterable[bytes], cluster: RayCluster, recipe: Mapping[str, Any], count: int, tell: Tell
) -> None:
    """Let `count` slots work on the calls that `lines` bring, until these end; then no actor is left."""
    line, envs = Line(tell, slots=count, patience_s=recipe["start_timeout_s"]), recipe["envs"]
    slots = [Slot(cluster, {**recipe, "env": envs[number % len(envs)]}, line) for number in range(count)]
    line.open()
    try:
        with suppress(EOFError):
            await together(_listen(lines, line), *(slot.serve() for slot in slots))
    finally:
        await together(*(slot.close() for slot in slots))


async def _listen(lines: AsyncIterable[bytes], line: Line) -> None:
    async for told in lines:
        line.hear(told)
    raise EOFError
