"""Workers: a bad call fails alone, a cancelled one frees its slot, and nothing outlives its owner."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.conversion.workers import Memory, Workers
from core.errors import ConversionError, FetchError, NotAdmitted, PaperError, SettingsError, WorkerDied
from tests.contained import contained, until

ROOT = Path(__file__).parents[2]
GIB = 1 << 30


@pytest.fixture(autouse=True)
def _contained() -> Iterator[None]:
    with contained():
        yield


def workers(function: str = "act", **options: Any) -> Workers:
    return Workers(f"tests.workerfns:{function}", **{"slots": 2, "memory": Memory(GIB), **options})


async def outcome(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except PaperError as error:
        return type(error).__name__, error.reason, error.detail


# what comes back


async def test_a_value_comes_back_as_plain_data() -> None:
    async with workers("echo") as pool:
        assert await pool.run({"a": [1, 2.5, None, True, "é\ud800\n"]}, deadline=10) == {
            "a": [1, 2.5, None, True, "é\ud800\n"]
        }
        assert await pool.run(("tuple", Path("/a/path")), deadline=10) == ["tuple", "/a/path"]


async def test_a_large_value_comes_back_whole() -> None:
    async with workers() as pool:
        assert len(await pool.run("bulky", deadline=10)) == 3_000_000


@pytest.mark.parametrize(
    ("how", "kind", "reason", "detail"),
    [
        ("leave", WorkerDied, "worker_died", "exit status 3"),
        ("segfault", WorkerDied, "worker_died", "signal 11"),
        ("kill_nine", WorkerDied, "worker_died", "signal 9"),
        ("hang", ConversionError, "conversion_timeout", "longer than 0.5 s"),
        ("cpu_limit", ConversionError, "conversion_timeout", "longer than 0.5 s"),
        ("hog", ConversionError, "out_of_memory", "more than 1024 MB"),
        ("abort_for_memory", ConversionError, "out_of_memory", "more than 1024 MB"),
        ("silent_abort", ConversionError, "out_of_memory", "more than 1024 MB"),
        ("broken_heap", WorkerDied, "worker_died", "signal 6: free(): invalid pointer"),
        ("unsendable_error", ConversionError, "conversion_failed", "Stubborn: <function"),
        ("unsendable_value", ConversionError, "conversion_failed", "TypeError: Object of type object"),
        ("panic", ConversionError, "conversion_failed", "Panic: index out of bounds"),
        ("system_exit", ConversionError, "conversion_failed", "SystemExit: 4"),
        ("refuse", NotAdmitted, "encrypted", "asks for a password"),
        ("fetch", FetchError, "timeout", "slow host"),
        ("long_message", ConversionError, "conversion_failed", "ValueError: a b xxx"),
    ],
)
async def test_a_bad_call_ends_in_its_own_typed_error(how: str, kind: type, reason: str, detail: str) -> None:
    async with workers(slots=1) as pool:
        await pool.warm()
        with pytest.raises(PaperError) as caught:
            await pool.run(how, deadline=0.5)
        assert type(caught.value) is kind
        assert caught.value.reason == reason
        assert caught.value.detail.startswith(detail)
        assert len(caught.value.detail) <= 300
        assert await pool.run("good", deadline=10) == "good"


async def test_good_calls_beside_bad_ones_all_succeed() -> None:
    bad = ["leave", "segfault", "kill_nine", "hang", "hog", "panic", "unsendable_error"]
    calls = [how for one in bad for how in ("good", "good", one, "good")]
    async with workers() as pool, asyncio.TaskGroup() as group:
        tasks = [(how, group.create_task(outcome(pool.run(how, deadline=1.0)))) for how in calls]
    assert [task.result() for how, task in tasks if how == "good"] == ["good"] * 3 * len(bad)
    assert all(task.result() != "good" for how, task in tasks if how != "good")


async def test_what_a_library_prints_is_no_answer() -> None:
    async with workers() as pool:
        assert await pool.run("chatter", deadline=10) == "quiet"


async def test_an_answer_beyond_the_limit_is_refused() -> None:
    async with workers(answer_bytes=1 << 20) as pool:
        with pytest.raises(ConversionError, match="conversion_failed: an answer of more than 1 MB"):
            await pool.run("bulky", deadline=10)


async def test_a_worker_cannot_fill_the_disk(tmp_path: Path) -> None:
    async with workers("write_much") as pool:
        with pytest.raises(ConversionError, match="conversion_failed: OSError"):
            await pool.run(tmp_path / "much", deadline=10)


# starting


async def test_the_deadline_does_not_run_while_the_function_is_being_imported() -> None:
    async with Workers("tests.slowworker:echo", slots=1, memory=Memory(GIB)) as pool:
        assert await pool.run("in time", deadline=0.5) == "in time"


async def test_a_start_has_a_limit_of_its_own() -> None:
    async with Workers("tests.slowworker:echo", slots=1, memory=Memory(GIB), start_timeout_s=0.2) as pool:
        with pytest.raises(WorkerDied, match="worker_died: not ready after"):
            await pool.run("late", deadline=10)


async def test_a_process_that_ends_while_starting_says_so() -> None:
    async with Workers("tests.deadworker:echo", slots=1, memory=Memory(GIB)) as pool:
        with pytest.raises(WorkerDied, match="worker_died: while starting: exit status 7"):
            await pool.run("never", deadline=10)


@pytest.mark.parametrize("function", ["tests.nowhere:echo", "tests.workerfns:nothing"])
async def test_a_function_that_does_not_exist_stops_the_run(function: str) -> None:
    async with Workers(function, slots=1, memory=Memory(GIB)) as pool:
        with pytest.raises(SettingsError, match=f"a worker cannot load {function}: (ModuleNotFound|Attribute)Error"):
            await pool.run("x", deadline=10)


async def test_an_extra_that_is_missing_stops_the_run_with_what_to_do() -> None:
    async with Workers("tests.extraworker:read", slots=1, memory=Memory(GIB)) as pool:
        with pytest.raises(SettingsError, match=r"cannot load tests.extraworker:read: .* run `make extra`"):
            await pool.run("x", deadline=10)


async def test_a_setting_that_a_call_finds_wrong_stops_the_run() -> None:
    async with workers(slots=1) as pool:
        with pytest.raises(SettingsError, match=r"^no weights: fetch them$"):
            await pool.run("misconfigured", deadline=10)


async def test_a_process_starts_only_when_all_others_are_busy(tmp_path: Path) -> None:
    async with workers("wait_for") as pool, asyncio.TaskGroup() as group:
        assert pool.pids == frozenset()
        for _ in range(5):
            await pool.run(ROOT, deadline=10)
        assert len(pool.pids) == 1
        for _ in range(3):
            group.create_task(pool.run(tmp_path / "go", deadline=20))
        await until(lambda: len(pool.pids) == 2)
        (tmp_path / "go").touch()
    assert pool.pids == frozenset()


async def test_warming_starts_processes_ahead() -> None:
    async with workers("pid", slots=3) as pool:
        await pool.warm(2)
        assert len(pool.pids) == 2
        assert await pool.run(deadline=10) in pool.pids
        await pool.warm()
        assert len(pool.pids) == 3


async def test_a_process_is_replaced_after_its_share_of_calls() -> None:
    async with workers("pid", slots=1, recycle_after=3) as pool:
        pids = [await pool.run(deadline=10) for _ in range(9)]
        await until(lambda: len(pool.pids) == 1)
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 3]


async def test_a_process_that_died_while_idle_fails_no_call() -> None:
    async with workers("pid", slots=1) as pool:
        first = await pool.run(deadline=10)
        os.kill(first, signal.SIGKILL)
        await until(lambda: not pool.pids)
        assert await pool.run(deadline=10) != first


# stopping


async def test_cancelling_kills_the_process_and_frees_the_slot(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    async with workers("note", slots=1) as pool:
        task = asyncio.create_task(pool.run(noted, deadline=60))
        await until(lambda: noted.exists() and noted.read_text())
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ConversionError, match="conversion_timeout"):
            await pool.run(tmp_path / "next", deadline=0.2)
        assert time.monotonic() - began < 3
        assert (tmp_path / "next").exists()
        assert not psutil.pid_exists(int(noted.read_text()))


async def test_a_call_cancelled_while_it_waits_for_a_slot_disturbs_nobody(tmp_path: Path) -> None:
    async with workers("wait_for", slots=1) as pool:
        running = asyncio.create_task(pool.run(tmp_path / "go", deadline=20))
        await until(lambda: pool.pids)
        waiting = asyncio.create_task(pool.run(tmp_path / "go", deadline=20))
        await asyncio.sleep(0)
        waiting.cancel()
        (tmp_path / "go").touch()
        assert await running == "seen"
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_a_call_cancelled_at_any_moment_of_its_start_leaves_a_free_slot() -> None:
    async with workers("echo", slots=1) as pool:
        for turns in range(40):
            task = asyncio.create_task(pool.run(turns, deadline=10))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        assert await pool.run("after", deadline=10) == "after"


async def test_cancelling_warm_does_not_cancel_a_call_that_waits_for_the_same_process() -> None:
    async with Workers("tests.slowworker:echo", slots=1, memory=Memory(GIB)) as pool:
        warming = asyncio.create_task(pool.warm())
        await until(lambda: pool.pids)
        await asyncio.sleep(0)
        call = asyncio.create_task(pool.run("mine", deadline=10))
        await asyncio.sleep(0)
        warming.cancel()
        assert await call == "mine"


async def test_a_killed_worker_takes_its_own_children_with_it(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    async with workers("offspring", slots=1) as pool:
        with pytest.raises(ConversionError, match="conversion_timeout"):
            await pool.run(noted, deadline=0.5)
        await until(lambda: not psutil.pid_exists(int(noted.read_text())))


async def test_a_stray_process_that_holds_the_pipes_does_not_hold_up_the_exit() -> None:
    async with workers("stray", slots=1) as pool:
        stray = await pool.run(deadline=10)
        began = time.monotonic()
    assert time.monotonic() - began < 3
    os.kill(stray, signal.SIGKILL)


async def test_leaving_while_calls_run_leaves_no_process(tmp_path: Path) -> None:
    pool = workers("note")

    async def owner() -> None:
        async with pool, asyncio.TaskGroup() as group:
            for name in "ab":
                group.create_task(pool.run(tmp_path / name, deadline=60))

    task = asyncio.create_task(owner())
    await until(lambda: len(list(tmp_path.iterdir())) == 2)
    pids = pool.pids
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_leaving_while_a_process_starts_does_not_wait_for_it() -> None:
    began = time.monotonic()
    async with Workers("tests.slowworker:echo", slots=1, memory=Memory(GIB)) as pool:
        task = asyncio.create_task(pool.warm())
        await until(lambda: pool.pids)
    with pytest.raises(WorkerDied):
        await task
    assert time.monotonic() - began < 1.0


async def test_closed_workers_take_no_call() -> None:
    async with workers() as pool:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        await pool.run("good", deadline=1)
