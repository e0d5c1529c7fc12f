"""Answers of catalogues, kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from core.stores.papers import PaperStore


class Cache(Protocol):
    """Where answers are kept, by a key without secrets."""

    async def get(self, key: str, max_age_s: float) -> bytes | None:
        """Return what was put under `key` in the last `max_age_s` seconds."""

    async def put(self, key: str, value: bytes) -> None:
        """Keep `value` under `key`, dated now."""


class MemoryCache:
    """Keeps answers as long as the process lives."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, bytes]] = {}

    async def get(self, key: str, max_age_s: float) -> bytes | None:
        """Return what was put under `key` in the last `max_age_s` seconds."""
        at, value = self._kept.get(key, (0.0, None))
        return value if 0 <= self._clock() - at <= max_age_s else None

    async def put(self, key: str, value: bytes) -> None:
        """Keep `value` under `key`, dated now."""
        self._kept[key] = (self._clock(), value)


class StoreCache:
    """Keeps answers in the paper store, for this run and the next ones."""

    def __init__(self, store: PaperStore) -> None:
        self._store = store

    async def get(self, key: str, max_age_s: float) -> bytes | None:
        """Return what was put under `key` in the last `max_age_s` seconds."""
        return await self._store.answer(key, max_age_s)

    async def put(self, key: str, value: bytes) -> None:
        """Keep `value` under `key`, dated now."""
        await self._store.put_answer(key, value)
