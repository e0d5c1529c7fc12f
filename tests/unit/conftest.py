from __future__ import annotations

import asyncio
from collections.abc import Callable

import async_solipsism  # type: ignore[import-untyped]
import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "virtual_clock: run on a loop whose clock jumps to the next timer")


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Give marked tests a loop on which waiting takes no time, and waiting for ever is an error."""
    if item.get_closest_marker("virtual_clock"):
        return {"virtual": async_solipsism.EventLoop}
    return {"real": asyncio.new_event_loop}
