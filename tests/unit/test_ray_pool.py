"""Slots of a Ray cluster, without Ray: who takes which call, and what becomes of it when actors and nodes fail."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.conversion.pool import open_pool
from core.conversion.ray_pool import RayPool, driver
from core.conversion.ray_pool.actor import Actor, Folder, own_version, sweep
from core.conversion.ray_pool.cluster import Needs, Reply
from core.conversion.ray_pool.slot import GRACE_S, STOP_S
from core.conversion.workers import Memory, Workers
from core.errors import SettingsError
from core.settings import Settings
from tests.ports import free_port
from tests.unit.virtual import now, rest

START_S = 20.0
RECIPE = {"function": "some:function", "start_timeout_s": START_S, "envs": [{}], "address": "somewhere"}
GIB = 1 << 30


class Machine:
    """An actor as its slot sees it: `state` is how it replies, `busy` seconds what each run takes."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.state = "up"
        self.version = own_version()
        self.busy = 1.0
        self.obeys = True
        self.begun: list[int] = []
        self.running: list[Reply] = []
        self.killed: list[bool] = []


class Cloud:
    """A cluster of such machines."""

    def __init__(self, setup: Callable[[int, Machine], None] = lambda number, machine: None) -> None:
        self.machines: list[Machine] = []
        self._setup = setup

    def start(self, recipe: dict[str, Any]) -> Machine:
        self.machines.append(Machine(recipe["env"]))
        self._setup(len(self.machines) - 1, self.machines[-1])
        return self.machines[-1]

    async def put(self, path: str) -> str:
        if "missing" in path:
            raise FileNotFoundError(path)
        return path

    def ask(self, machine: Machine, method: str, *args: Any) -> Reply:
        reply = Reply(machine, asyncio.get_running_loop().create_future())
        if machine.state != "up":
            self._reply(0.1, reply, [machine.state, "it is said"])
        elif method == "ready":
            self._reply(0.1, reply, ["value", ["ready", machine.version]])
        elif method == "run":
            machine.begun.append(args[0])
            machine.running.append(reply)
            self._reply(machine.busy, reply, ["value", b'["value", %d]' % args[0]])
        else:
            self._reply(0.0, reply, ["value", None])
        return reply

    def cancel(self, reply: Reply) -> None:
        if reply.ref.obeys:
            self._set(reply, ["broken", "cancelled"])

    def kill(self, machine: Machine, *, restart: bool = True) -> None:
        machine.killed.append(restart)
        self.lose(machine)

    def lose(self, machine: Machine, state: str = "") -> None:
        """Let what runs on a machine be lost, and with a `state` the machine."""
        machine.state = state or machine.state
        for reply in machine.running:
            self._set(reply, ["lost", "it was lost"])

    def _reply(self, after_s: float, reply: Reply, answer: list[Any]) -> None:
        asyncio.get_running_loop().call_later(after_s, self._set, reply, answer)

    def _set(self, reply: Reply, answer: list[Any]) -> None:
        if not reply.future.done():
            reply.future.set_result(answer)


class Parent:
    """The other end of the pipe: sends, and collects what it is told, with the time."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.told: list[tuple[float, list[Any]]] = []

    def hear(self, line: bytes) -> None:
        self.told.append((now(), json.loads(line)))

    def call(self, *numbers: int, path: str = "a.pdf", deadline: float = 30.0) -> None:
        for number in numbers:
            self.lines.put_nowait(json.dumps(["call", number, path, [], deadline]).encode())

    def stop(self, number: int) -> None:
        self.lines.put_nowait(json.dumps(["stop", number]).encode())

    def answers(self) -> dict[int, list[Any]]:
        return {told[1]: told[2] for _, told in self.told if told[0] == "answer"}

    def refusals(self) -> list[str]:
        return [told[1] for _, told in self.told if told[0] == "unusable"]

    def up(self) -> int:
        return [told[1] for _, told in self.told if told[0] == "up"][-1]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while line := await self.lines.get():
            yield line


@asynccontextmanager
async def serving(cloud: Cloud, slots: int, **recipe: Any) -> AsyncIterator[Parent]:
    parent = Parent()
    serve = driver.serve(parent, cloud, {**RECIPE, **recipe}, slots, parent.hear)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        group.create_task(serve)
        yield parent
        parent.lines.put_nowait(None)


virtual = pytest.mark.virtual_clock


@virtual
async def test_each_slot_has_one_call_at_a_time_and_takes_the_next_when_it_is_free() -> None:
    async with serving(cloud := Cloud(), slots=2) as parent:
        parent.call(*range(5))
        await asyncio.sleep(0.5)
        assert [machine.begun for machine in cloud.machines] == [[0], [1]]
        await asyncio.sleep(3)
        assert parent.answers() == {number: ["value", number] for number in range(5)}
    assert [machine.killed for machine in cloud.machines] == [[False], [False]]


@virtual
async def test_slots_keep_the_environments_in_turn() -> None:
    async with serving(cloud := Cloud(), slots=3, envs=[{"A": "0"}, {"A": "1"}]):
        await rest()
        assert [machine.env["A"] for machine in cloud.machines] == ["0", "1", "0"]


@virtual
async def test_a_node_lost_with_idle_slots_costs_no_call_a_try() -> None:
    async with serving(cloud := Cloud(), slots=4) as parent:
        await asyncio.sleep(1)
        for machine in cloud.machines[1:]:
            cloud.lose(machine, "lost")
        parent.call(0, 1, 2)
        await asyncio.sleep(5)
        assert [machine.begun for machine in cloud.machines] == [[0, 1, 2], [], [], []]
        assert parent.answers() == {number: ["value", number] for number in range(3)}
        assert parent.up() == 1


@virtual
async def test_a_call_that_had_begun_when_its_actor_was_lost_is_not_repeated_here() -> None:
    async with serving(cloud := Cloud(), slots=1) as parent:
        parent.call(0, 1)
        await asyncio.sleep(0.5)
        cloud.lose(cloud.machines[0])
        await asyncio.sleep(5)
        assert parent.answers() == {0: ["died", "it was lost"], 1: ["value", 1]}


@virtual
async def test_an_actor_that_comes_back_takes_calls_again() -> None:
    async with serving(cloud := Cloud(), slots=1) as parent:
        await asyncio.sleep(1)
        cloud.lose(cloud.machines[0], "lost")
        parent.call(0)
        await asyncio.sleep(START_S / 2)
        assert (parent.up(), parent.answers()) == (0, {})
        cloud.machines[0].state = "up"
        await asyncio.sleep(START_S / 2)
        assert (parent.up(), parent.answers()) == (1, {0: ["value", 0]})


@virtual
async def test_an_actor_that_ray_gives_up_is_replaced() -> None:
    async with serving(cloud := Cloud(), slots=1) as parent:
        await asyncio.sleep(1)
        cloud.lose(cloud.machines[0], "dead")
        parent.call(0)
        await asyncio.sleep(5)
        assert [machine.begun for machine in cloud.machines] == [[], [0]]
        assert parent.answers() == {0: ["value", 0]}


@virtual
async def test_when_no_slot_works_for_long_calls_fail_at_once_until_one_does() -> None:
    def lose(number: int, machine: Machine) -> None:
        machine.state = "lost"

    async with serving(cloud := Cloud(lose), slots=1) as parent:
        parent.call(0)
        await asyncio.sleep(START_S + 1)
        parent.call(1)
        await rest()
        died = ["died", "no actor of the Ray cluster works: it is said"]
        assert [(at, *told) for at, told in parent.told if told[0] == "answer"] == [
            (START_S, "answer", 0, died),
            (START_S + 1, "answer", 1, died),
        ]
        cloud.machines[0].state = "up"
        await asyncio.sleep(6)
        parent.call(2)
        await asyncio.sleep(2)
        assert parent.answers()[2] == ["value", 2]


@virtual
async def test_a_call_that_is_stopped_ends_and_its_slot_goes_on() -> None:
    async with serving(cloud := Cloud(), slots=1) as parent:
        parent.call(0, 1, 2)
        await asyncio.sleep(0.5)
        parent.stop(0)
        parent.stop(1)
        await asyncio.sleep(1.5)
        assert cloud.machines[0].begun == [0, 2]
        assert cloud.machines[0].killed == []
        assert parent.answers() == {2: ["value", 2]}


def stubborn(number: int, machine: Machine) -> None:
    machine.busy, machine.obeys = 1e6, False


@virtual
async def test_an_actor_that_does_not_stop_is_killed_and_restarted() -> None:
    async with serving(cloud := Cloud(stubborn), slots=1) as parent:
        parent.call(0)
        await asyncio.sleep(0.5)
        parent.stop(0)
        await asyncio.sleep(STOP_S + 0.1)
        assert cloud.machines[0].killed == [True]
        parent.call(1)
        await asyncio.sleep(2)
        assert cloud.machines[0].begun == [0, 1]


@virtual
async def test_an_actor_that_answers_far_too_late_is_killed_and_the_call_has_failed() -> None:
    async with serving(cloud := Cloud(stubborn), slots=1) as parent:
        parent.call(0, deadline=5)
        await asyncio.sleep(START_S + 5 + GRACE_S + 1)
        assert cloud.machines[0].killed == [True]
        assert parent.answers() == {0: ["died", "no answer within 40 s"]}


@virtual
async def test_a_file_that_cannot_be_sent_fails_its_call_only() -> None:
    async with serving(Cloud(), slots=1) as parent:
        parent.call(0, path="missing.pdf")
        parent.call(1)
        await asyncio.sleep(2)
        assert parent.answers() == {0: ["died", "missing.pdf cannot be sent: missing.pdf"], 1: ["value", 1]}


@virtual
async def test_nodes_that_cannot_load_this_program_or_have_another_version_make_the_pool_unusable() -> None:
    def bad(number: int, machine: Machine) -> None:
        machine.state, machine.version = ("broken", "") if number else ("up", "0.0.9")

    async with serving(Cloud(bad), slots=2) as parent:
        await asyncio.sleep(0.15)
        assert parent.refusals() == [
            f"the Ray cluster has version 0.0.9 of this program, and this is {own_version()}",
            "the Ray cluster cannot run some:function: it is said",
        ]


# how much a cluster has room for


def node(*, alive: bool = True, **resources: float) -> dict[str, Any]:
    return {"Alive": alive, "Resources": resources}


@pytest.mark.parametrize(
    ("needs", "slots"),
    [
        (Needs(0, 0), 12),
        (Needs(1, 0), 2),
        (Needs(0.5, 0), 4),
        (Needs(0.4, 0), 4),
        (Needs(2, 0), 1),
        (Needs(4, 0), 0),
        (Needs(0, 6 * GIB), 3),
        (Needs(1, 6 * GIB), 2),
    ],
)
def test_there_are_as_many_slots_as_the_nodes_have_room_for(needs: Needs, slots: int) -> None:
    nodes = [node(CPU=8, GPU=2, memory=16 * GIB), node(CPU=4, memory=8 * GIB), node(alive=False, CPU=64, GPU=8)]
    assert needs.room(nodes) == slots


# the actor


def actor(function: str) -> Actor:
    memory = {"bytes": GIB, "resident": False, "recycle_bytes": 0}
    return Actor({"function": function, "memory": memory, "env": {}, "recycle_after": 50, "start_timeout_s": START_S})


async def test_an_actor_keeps_a_file_for_its_call_and_no_longer(tmp_path: Path) -> None:
    one = actor("tests.rayfns:whereabouts")
    assert await one.ready() == ["ready", own_version()]
    await one.take(6, ".pdf", b"stopped before it was run")
    await one.take(7, ".pdf", b"content")
    kind, value = json.loads(await one.run(7, ".pdf", [], 10.0))
    path = Path(value["path"])
    assert (kind, path.name, list(path.parent.iterdir())) == ("value", "7.pdf", [])
    await one.close()
    assert not path.parent.exists()
    assert psutil.Process().children() == []


async def test_an_actor_that_was_restarted_between_file_and_call_says_so() -> None:
    answer = json.loads(await actor("tests.rayfns:digest").run(7, ".pdf", [], 10.0))
    assert answer == ["paper", "WorkerDied", "worker_died", "the actor was restarted before it began"]


async def test_an_actor_that_cannot_load_the_function_says_why() -> None:
    one = actor("tests.nowhere:digest")
    kind, why = await one.ready()
    await one.close()
    assert (kind, why) == (
        "unusable",
        "a worker cannot load tests.nowhere:digest: ModuleNotFoundError: No module named 'tests.nowhere'",
    )


def test_what_killed_actors_left_is_swept_and_what_others_use_is_not() -> None:
    left, used, fresh = Folder(), Folder(), Folder()
    for folder in (left, used):
        folder.keep("1.pdf", b"content")
        os.utime(folder.path, (0, time.time() - 3600))
    for folder in (left, fresh):
        os.close(folder._lock)  # as the kernel does when an actor is killed
    try:
        sweep()
        assert [folder.path.exists() for folder in (left, used, fresh)] == [False, True, True]
    finally:
        used.remove()
        fresh.path.rmdir()
    assert not list(Path(tempfile.gettempdir()).glob(f"{left.path.name}*"))


# the pool


def pool(address: str, **options: Any) -> RayPool:
    made = open_pool(Settings(ray_address=address), "tests.rayfns:digest", slots=3, memory=Memory(GIB), **options)
    assert isinstance(made, RayPool)
    return made


def test_settings_choose_the_pool() -> None:
    assert isinstance(open_pool(Settings(), "tests.rayfns:digest", slots=1, memory=Memory(GIB)), Workers)
    assert pool("auto").slots == 3


async def refusal(made: RayPool) -> str:
    with pytest.raises(SettingsError) as caught:
        async with made:
            pass
    assert psutil.Process().children() == []
    return str(caught.value)


async def test_a_cluster_that_is_not_there_is_told_at_once() -> None:
    address = f"127.0.0.1:{free_port()}"
    told = await refusal(pool(address))
    assert told.startswith(f"the Ray cluster at {address} cannot be used: ConnectionRefusedError: ")
    assert told.endswith("; from a machine that is no node of the cluster use ray://HEAD:10001")


async def test_a_missing_ray_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ray.py").write_text("raise ModuleNotFoundError(\"No module named 'ray'\")")
    monkeypatch.syspath_prepend(tmp_path)
    assert await refusal(pool("auto")) == (
        "Ray is not installed (No module named 'ray'): run `pip install 'academic-lit-review[ray]'`"
    )


async def test_a_pool_that_is_not_open_takes_no_call(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        await pool("auto").run(tmp_path, deadline=1)


def test_ray_says_which_devices_an_actor_has() -> None:
    made = pool("auto", envs=[{"CUDA_VISIBLE_DEVICES": "3", "SURYA_INFERENCE_URL": "http://gpu:8000/v1"}])
    assert made._recipe["envs"] == [{"SURYA_INFERENCE_URL": "http://gpu:8000/v1"}]
