"""What lies below the hosts: sockets, the server, and connections that may end at any time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvicorn
from starlette.types import Message, Receive, Scope, Send


def server(app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> uvicorn.Server:
    """Return a silent server for `app`; its owner starts it and stops it, so that it needs neither task nor signals."""
    quiet: dict[str, Any] = {"log_config": None, "log_level": "critical", "access_log": False}
    return uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", lifespan="off", timeout_keep_alive=75, **quiet))


def listen(address: str) -> socket.socket:
    """Return a socket on a free port of `address`; where only 127.0.0.1 exists (macOS), there."""
    # without the protocol asyncio does not set TCP_NODELAY, and every answer waits 40 ms for an acknowledgement
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.bind((address, 0))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    return listener


async def while_connected(receive: Receive, work: Callable[[Receive], Coroutine[None, None, None]]) -> None:
    """Run `work` with the whole request; cancel it, or never begin it, when the other side goes away."""
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    if message["type"] == "http.disconnect":
        return

    async def whole() -> Message:
        return {"type": "http.request", "body": body + message.get("body", b"")}

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        task.cancel()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(work(whole))
        watcher = group.create_task(watch())
        task.add_done_callback(lambda _: watcher.cancel())
