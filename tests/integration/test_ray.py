"""Conversion past one machine, on a real Ray cluster of two nodes: the same answers, and no paper lost with a node."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.conversion.converter import Converted
from core.conversion.pool import Pool, open_pool
from core.conversion.ray_pool import RayPool
from core.conversion.ray_pool.actor import PREFIX
from core.conversion.text_layer import TextLayerConverter
from core.conversion.workers import Memory
from core.errors import ConversionError, NotAdmitted, PaperError, SettingsError, WorkerDied
from core.settings import Settings
from core.streaming import Retry, WorkerResult, WorkQueue, together, work
from tests.raycluster import ROOT, Cluster, cluster, ended, needs_ray

pytestmark = needs_ray

SAMPLES = sorted((ROOT / "core" / "loopback" / "library").glob("*.pdf"))
PDF = SAMPLES[0]
GIB = 1 << 30


@pytest.fixture(scope="module")
def ray() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def pool(address: str, function: str, *, settings: dict[str, Any] | None = None, **options: Any) -> Pool:
    chosen = Settings(ray_address=address, **(settings or {}))
    return open_pool(chosen, f"tests.rayfns:{function}", slots=1, **{"memory": Memory(GIB), **options})


async def until(true: Callable[[], object], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - the state belongs to other processes
            await asyncio.sleep(0.02)


async def outcome(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except PaperError as error:
        return type(error), error.reason, error.detail


def alive(*pids: int) -> bool:
    return not all(map(ended, pids))


# what comes back


@pytest.mark.parametrize("way", ["address", "client"])
async def test_every_sample_paper_becomes_what_it_becomes_here(ray: Cluster, way: str) -> None:
    async def texts(settings: Settings) -> list[Converted]:
        async with TextLayerConverter(settings) as engine:
            return await together(*(engine.convert(pdf, deadline=60) for pdf in SAMPLES))

    assert await texts(Settings(ray_address=getattr(ray, way))) == await texts(Settings())


async def test_there_are_as_many_slots_as_the_cluster_has_room_for(ray: Cluster) -> None:
    async with pool(ray.address, "whereabouts") as made:
        await made.warm()
        seen = await together(*(made.run(PDF, deadline=10) for _ in range(40)))
        assert made.slots == len({one["worker"] for one in seen}) == 4
        assert [sum(one["actor"] in node.pids for one in seen) > 0 for node in ray.nodes] == [True, True]


async def test_actors_share_devices_and_slots_keep_their_environment(ray: Cluster) -> None:
    settings = {"ray_gpus": 0.5, "ray_slots": 2}
    async with pool(ray.address, "whereabouts", settings=settings, envs=[{"LIT": "a"}, {"LIT": "b"}]) as made:
        await made.warm()
        seen = await together(*(made.run(PDF, deadline=10) for _ in range(20)))
        assert {one["env"]["CUDA_VISIBLE_DEVICES"] for one in seen} == {"0"}
        assert {one["env"]["LIT"] for one in seen} == {"a", "b"}


async def test_more_than_the_cluster_has_is_refused(ray: Cluster) -> None:
    wanted = "no node of the Ray cluster at .* has room for an actor with 1 CPU, 3 GPU"
    with pytest.raises(SettingsError, match=wanted):
        async with pool(ray.address, "digest", settings={"ray_gpus": 3}):
            pass


# what goes wrong in a call

BAD = [
    ("leave", WorkerDied, "worker_died", "exit status 3"),
    ("segfault", WorkerDied, "worker_died", "signal 11"),
    ("hang", ConversionError, "conversion_timeout", "longer than 0.5 s"),
    ("hog", ConversionError, "out_of_memory", "more than 1024 MB"),
    ("unsendable_error", ConversionError, "conversion_failed", "Stubborn: <function"),
    ("panic", ConversionError, "conversion_failed", "Panic: index out of bounds"),
    ("refuse", NotAdmitted, "encrypted", "asks for a password"),
]


async def test_a_bad_call_fails_alone_and_in_its_own_typed_way(ray: Cluster) -> None:
    async with pool(ray.address, "act", settings={"ray_slots": 2}) as made:
        calls = [how for bad in BAD for how in ("good", bad[0], "good")]
        found = await together(*(outcome(made.run(PDF, how, deadline=0.5)) for how in calls))
    assert found[0::3] == found[2::3] == ["good"] * len(BAD)
    for (how, *expected), (kind, reason, detail) in zip(BAD, found[1::3], strict=True):
        assert [kind, reason, detail[: len(expected[2])]] == expected, how


async def test_a_large_file_arrives_whole_and_is_gone_afterwards(ray: Cluster, tmp_path: Path) -> None:
    large = tmp_path / "large.pdf"
    large.write_bytes(os.urandom(30 << 20))
    async with pool(ray.address, "digest", settings={"ray_slots": 1}) as made:
        assert await made.run(large, deadline=30) == hashlib.sha256(large.read_bytes()).hexdigest()
        assert copies(ray) == []
    assert folders(ray) == []


def folders(ray: Cluster) -> list[Path]:
    return list(ray.folder.glob(f"{PREFIX}*"))


def copies(ray: Cluster) -> list[Path]:
    return [file for folder in folders(ray) for file in folder.iterdir()]


# stopping


async def test_cancelling_stops_the_work_and_frees_the_slot(ray: Cluster, tmp_path: Path) -> None:
    async with pool(ray.address, "note", settings={"ray_slots": 1}) as made:
        first = asyncio.create_task(made.run(PDF, str(tmp_path), deadline=60))
        await until(lambda: notes(tmp_path))
        began = time.monotonic()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await until(lambda: not alive(*notes(tmp_path)), within_s=2)
        with pytest.raises(ConversionError, match=r"conversion_timeout: longer than 0\.2 s"):
            await made.run(PDF, str(tmp_path), deadline=0.2)
        assert time.monotonic() - began < 5
        assert len(notes(tmp_path)) == 2
        await until(lambda: not alive(*notes(tmp_path)), within_s=2)
        assert copies(ray) == []


def notes(folder: Path) -> list[int]:
    return [int(note.name) for note in folder.iterdir()]


@pytest.mark.parametrize("way", ["address", "client"])
async def test_leaving_while_calls_run_leaves_nothing_behind(ray: Cluster, way: str, tmp_path: Path) -> None:
    async def owner() -> None:
        async with pool(getattr(ray, way), "note", settings={"ray_slots": 2}) as made:
            await together(*(made.run(PDF, str(tmp_path), deadline=60) for _ in range(4)))

    before = psutil.Process().children()
    task = asyncio.create_task(owner())
    await until(lambda: len(notes(tmp_path)) == 2)
    actors = [psutil.Process(pid).ppid() for pid in notes(tmp_path)]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert psutil.Process().children() == before
    await until(lambda: not alive(*notes(tmp_path), *actors), within_s=5)
    assert folders(ray) == []


SCRIPT = """
import asyncio, sys
from pathlib import Path
from core.conversion.ray_pool import RayPool
from core.conversion.workers import Memory
from core.settings import Settings

async def main(address, pdf, folder):
    async with RayPool(Settings(ray_address=address), "tests.rayfns:note", slots=1, memory=Memory(1 << 30)) as pool:
        await pool.run(Path(pdf), folder, deadline=60)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_actors_end_with_a_program_that_is_killed(ray: Cluster, tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", SCRIPT, ray.address, PDF, tmp_path, cwd=ROOT)
    await until(lambda: notes(tmp_path))
    worker, driver = notes(tmp_path)[0], psutil.Process(program.pid).children()[0].pid
    program.kill()
    await program.wait()
    await until(lambda: not alive(worker, driver), within_s=10)


# losing actors and nodes


async def test_an_actor_that_is_killed_costs_its_call_only_and_comes_back(ray: Cluster, tmp_path: Path) -> None:
    async with pool(ray.address, "note", settings={"ray_slots": 1}) as made:
        call = asyncio.create_task(outcome(made.run(PDF, str(tmp_path), deadline=60)))
        await until(lambda: notes(tmp_path))
        os.kill(psutil.Process(notes(tmp_path)[0]).ppid(), signal.SIGKILL)
        kind, reason, _ = await call
        assert (kind, reason) == (WorkerDied, "worker_died")
        with pytest.raises(ConversionError, match="conversion_timeout"):
            await made.run(PDF, str(tmp_path), deadline=0.2)


async def test_a_lost_connection_costs_the_calls_that_run_and_is_made_again(ray: Cluster, tmp_path: Path) -> None:
    async with pool(ray.address, "note", settings={"ray_slots": 1}) as made:
        call = asyncio.create_task(outcome(made.run(PDF, str(tmp_path), deadline=60)))
        await until(lambda: notes(tmp_path))
        driver = [
            child for child in psutil.Process().children() if "ray_pool import driver" in "".join(child.cmdline())
        ]
        driver[0].kill()
        assert await call == (WorkerDied, "worker_died", "the connection to the Ray cluster ended (signal 9)")
        with pytest.raises(ConversionError, match="conversion_timeout"):
            await made.run(PDF, str(tmp_path), deadline=0.2)
    await until(lambda: not alive(*notes(tmp_path)), within_s=10)


async def test_losing_a_node_loses_no_paper(ray: Cluster, tmp_path: Path) -> None:
    """Its calls are tried once more, as the pipeline does; what is new in the cluster is taken into use."""
    lost, results = ray.nodes[-1], list[WorkerResult[Path, Any]]()
    pids = lost.pids
    async with pool(ray.address, "slowly") as made:
        await made.warm()

        async def convert(pdf: Path) -> Any:
            return await made.run(pdf, str(tmp_path), deadline=60)

        async def lose() -> None:
            await until(lambda: {int(note.name.split("-")[0]) for note in tmp_path.iterdir()} & pids)
            await asyncio.to_thread(lost.kill)

        queue: WorkQueue[Path] = WorkQueue()
        with queue.producer():
            for pdf in SAMPLES + SAMPLES:
                queue.put_nowait(pdf)
        retry = Retry(on=(WorkerDied,), attempts=2, base_s=0.0)
        await together(lose(), work(queue, convert, workers=made.slots, retry=retry, on_task_complete=results.append))
        assert [result.error for result in results] == [None] * 2 * len(SAMPLES)
        assert {result.attempts for result in results} == {1, 2}
        await asyncio.to_thread(ray.add)
        await until(lambda: slots_up(made) == made.slots == 4, within_s=60)


def slots_up(made: Pool) -> int:
    assert isinstance(made, RayPool)
    return made._link.up if made._link else 0


# what cannot be used


async def test_a_function_that_the_nodes_cannot_load_stops_the_run(ray: Cluster) -> None:
    with pytest.raises(SettingsError, match=r"cannot run tests\.rayfns:nothing: .* cannot load .*: AttributeError"):
        async with pool(ray.address, "nothing"):
            pass


async def test_an_address_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SettingsError, match=r"no slot after 2 s \(no answer\)"):
            async with pool(address, "digest", start_timeout_s=2.0):
                pass


async def test_when_the_whole_cluster_goes_calls_fail_in_time_and_we_do_not_end_with_it(ray: Cluster) -> None:
    async with pool(ray.address, "digest", start_timeout_s=10.0) as made:
        assert await made.run(PDF, deadline=10)
        for node in ray.nodes:
            await asyncio.to_thread(node.kill)
        began = time.monotonic()
        kind, reason, _ = await outcome(made.run(PDF, deadline=10))
        assert (kind, reason) == (WorkerDied, "worker_died")
        assert time.monotonic() - began < 30
