"""Pools: every slot keeps its device for life, and none waits for a device while another one is free."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.conversion.pool import Pool, open_pool
from core.conversion.workers import MIB, Memory, Workers
from core.errors import WorkerDied
from core.settings import Settings
from tests.contained import contained, until

ROOM = Memory(1024 * MIB)


@pytest.fixture(autouse=True)
def _contained() -> Iterator[None]:
    with contained():
        yield


def pool(*devices: str, function: str = "act", **options: Any) -> Pool:
    envs = [{"DEVICE": device} for device in devices]
    slots = options.pop("slots", len(devices))
    return open_pool(Settings(), f"tests.deviceworker:{function}", slots=slots, memory=ROOM, envs=envs, **options)


@asynccontextmanager
async def held(devices: Pool, folder: Path, *names: str) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Keep so many devices busy, for the length of the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(devices.run(Path("hold"), str(folder), name, deadline=60)) for name in names]
        await until(lambda: all((folder / f"{name} runs").exists() for name in names))
        yield tasks
        for name in names:
            (folder / name).touch()


async def where(devices: Pool, times: int = 1) -> list[str]:
    return [(await devices.run(Path("where"), deadline=30))[0] for _ in range(times)]


async def test_without_a_cluster_the_processes_are_local() -> None:
    assert isinstance(pool("a"), Workers)


async def test_each_slot_has_its_device_before_anything_is_imported(tmp_path: Path) -> None:
    async with pool("a", "b", slots=3) as devices, held(devices, tmp_path, "1", "2", "3") as tasks:
        pass
    assert sorted(task.result()[0] for task in tasks) == ["a", "a", "b"]


async def test_without_devices_processes_inherit_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVICE", "inherited")
    async with open_pool(Settings(), "tests.deviceworker:act", slots=1, memory=ROOM) as devices:
        assert await where(devices) == ["inherited"]


async def test_while_one_device_is_busy_all_work_flows_through_the_other(tmp_path: Path) -> None:
    async with pool("a", "b") as devices:
        await devices.warm()
        async with held(devices, tmp_path, "busy") as [busy]:
            others = await where(devices, 20)
        assert {busy.result()[0], *others} == {"a", "b"}
        assert len(set(others)) == 1


async def test_what_takes_the_place_of_a_dead_process_has_its_device(tmp_path: Path) -> None:
    async with pool("a", "b") as devices, held(devices, tmp_path, "busy") as [busy]:
        [free] = await where(devices)
        for _ in range(3):
            with pytest.raises(WorkerDied):
                await devices.run(Path("die"), deadline=10)
            assert await where(devices) == [free]
    assert busy.result()[0] != free


async def test_an_heir_has_the_device_of_its_elder_and_waits_for_its_turn(tmp_path: Path) -> None:
    async with pool("a", "b", recycle_after=2) as devices, held(devices, tmp_path, "busy") as [busy]:
        rows = [await devices.run(Path("where"), deadline=30) for _ in range(6)]
    assert {row[0] for row in rows} == {"a", "b"} - {busy.result()[0]}
    assert len({row[1] for row in rows}) == 3


async def test_all_devices_start_at_the_same_time() -> None:
    async with pool("slow", slots=3) as devices:
        began = time.monotonic()
        await devices.warm()
        assert time.monotonic() - began < 2.9
        began = time.monotonic()
        assert await where(devices) == ["slow"]
        assert time.monotonic() - began < 0.5


async def test_a_process_whose_first_call_is_cancelled_goes_on_starting_for_the_next() -> None:
    async with pool("slow") as devices:
        assert isinstance(devices, Workers)
        call = asyncio.create_task(where(devices))
        await until(lambda: devices.pids)
        [pid] = devices.pids
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        assert await devices.run(Path("where"), deadline=10) == ["slow", pid]


async def test_a_device_that_does_not_start_fails_no_paper(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with pool("a", "broken") as devices:
        await devices.warm()
        async with held(devices, tmp_path, "busy") as tasks, asyncio.TaskGroup() as group:
            others = [group.create_task(where(devices)) for _ in range(5)]
            await until(lambda: caplog.messages)
            (tmp_path / "busy").touch()
    assert {task.result()[0] for task in tasks} == {"a"}
    assert [task.result() for task in others] == [["a"]] * 5
    assert caplog.messages == ["tests.deviceworker:act: slot 1 is given up, for it does not start"]


async def test_when_no_device_starts_the_papers_say_so() -> None:
    async with pool("broken 1", "broken 2") as devices:
        with pytest.raises(WorkerDied, match="while starting: exit status 1"):
            await devices.warm()
        for _ in range(3):
            with pytest.raises(WorkerDied, match="while starting: exit status 1"):
                await devices.run(Path("where"), deadline=10)
