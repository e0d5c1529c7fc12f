"""Resident memory: a process is stopped for what it really holds, and one that is worn is replaced in time."""

import asyncio
import os
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from core.conversion.resident import held
from core.conversion.workers import MIB, Memory, Workers
from core.errors import ConversionError, SettingsError
from tests.contained import contained
from tests.workerfns import keep

LIMIT = Memory(256 * MIB, resident=True)


@pytest.fixture(autouse=True)
def _contained() -> Iterator[None]:
    with contained():
        yield


def workers(function: str = "act", **options: Any) -> Workers:
    return Workers(f"tests.workerfns:{function}", **{"slots": 1, "memory": LIMIT, **options})


@pytest.mark.parametrize("how", ["swell", "swell_below"])
async def test_a_process_that_holds_too_much_is_stopped_and_disturbs_nobody(how: str) -> None:
    async with workers(slots=2) as pool, asyncio.TaskGroup() as group:
        await pool.warm()
        began = time.monotonic()
        good = [group.create_task(pool.run("good", deadline=30)) for _ in range(5)]
        with pytest.raises(ConversionError, match="out_of_memory: more than 256 MB"):
            await pool.run(how, 400, deadline=30)
        assert time.monotonic() - began < 10
        assert await pool.run("good", deadline=30) == "good"
    assert [task.result() for task in good] == ["good"] * 5


async def test_address_space_that_is_not_used_does_not_count() -> None:
    async with workers() as pool:
        assert await pool.run("map_much", deadline=10) == "mapped"


async def test_the_address_space_of_other_pools_stays_limited() -> None:
    async with workers(memory=Memory(1024 * MIB)) as pool:
        with pytest.raises(ConversionError, match="conversion_failed: OSError"):
            await pool.run("map_much", deadline=10)


async def test_a_worn_process_is_replaced_after_one_more_call() -> None:
    async with workers("keep", memory=Memory(2048 * MIB, resident=True, recycle_bytes=256 * MIB)) as pool:
        pids = [await pool.run(100, deadline=30) for _ in range(8)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [4, 4]  # 3 x 100 MB are too much, one more and it goes


@pytest.mark.parametrize("how", ["at once", "in a cycle", "in pieces"])
async def test_memory_that_is_given_back_wears_nobody_out(how: str) -> None:
    async with workers("give_back", memory=Memory(2048 * MIB, resident=True, recycle_bytes=256 * MIB)) as pool:
        assert len({await pool.run(how, 300, deadline=30) for _ in range(4)}) == 1


async def test_a_hundred_calls_that_leak_stay_below_the_limit() -> None:
    async with workers("keep", slots=2, memory=Memory(512 * MIB, resident=True, recycle_bytes=128 * MIB)) as pool:
        for _ in range(100):
            await pool.run(30, deadline=30)
        assert sum([await asyncio.to_thread(held, pid) for pid in pool.pids]) < 512 * MIB


async def test_a_function_that_needs_too_much_only_to_load_stops_the_run() -> None:
    async with Workers("tests.heavyworker:echo", slots=1, memory=Memory(128 * MIB, resident=True)) as pool:
        with pytest.raises(SettingsError, match="needs more than 128 MB of memory to start"):
            await pool.run("x", deadline=30)


def test_what_a_process_holds_includes_its_own_and_is_nothing_when_it_is_gone() -> None:
    before = held(os.getpid())
    assert 0 < before <= psutil.Process().memory_info().rss + MIB
    keep(100)
    assert held(os.getpid()) - before > 90 * MIB
    assert held(2**22 + 1) == 0
