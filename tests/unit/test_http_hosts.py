"""Every host is asked at its own pace, so many at a time, and not at all while it wants rest."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import FetchError
from core.http.hosts import Hosts

pytestmark = pytest.mark.virtual_clock


def hosts(pace_s: float = 0.0, concurrency: int = 1) -> Hosts:
    return Hosts(lambda _: pace_s, concurrency)


async def ask(among: Hosts, name: str, log: list[float], takes_s: float = 0.0) -> None:
    async with among.turn(name):
        log.append(asyncio.get_running_loop().time())
        await asyncio.sleep(takes_s)


async def ask_all(among: Hosts, names: str, *, takes_s: float = 0.0) -> list[float]:
    log: list[float] = []
    start = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(ask(among, name, log, takes_s))
    return [round(at - start, 6) for at in log]


async def test_two_requests_to_a_host_begin_a_pace_apart() -> None:
    assert await ask_all(hosts(2.0), "aaa") == [0.0, 2.0, 4.0]


async def test_the_pace_counts_from_the_beginning_of_a_request_and_a_long_one_holds_its_slot() -> None:
    assert await ask_all(hosts(2.0), "aaa", takes_s=5.0) == [0.0, 5.0, 10.0]


async def test_with_more_slots_requests_overlap_but_still_begin_a_pace_apart() -> None:
    assert await ask_all(hosts(2.0, concurrency=2), "aaaa", takes_s=5.0) == [0.0, 2.0, 5.0, 7.0]


async def test_hosts_do_not_wait_for_each_other() -> None:
    assert await ask_all(hosts(2.0), "abcabc", takes_s=1.0) == [0.0, 0.0, 0.0, 2.0, 2.0, 2.0]


async def test_without_pace_only_the_slots_count() -> None:
    assert await ask_all(hosts(concurrency=2), "aaaa", takes_s=1.0) == [0.0, 0.0, 1.0, 1.0]


async def test_a_waiter_who_gives_up_leaves_no_gap_and_takes_no_slot() -> None:
    among = hosts(2.0)
    log: list[float] = []
    await ask(among, "a", log)
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ask(among, "a", log)

    await ask(among, "a", log)

    assert log[1] - log[0] == pytest.approx(2.0)


async def test_a_host_on_hold_gives_no_turn_until_then_also_to_those_already_waiting() -> None:
    among = hosts(1.0)
    log: list[float] = []
    await ask(among, "a", log)
    async with asyncio.TaskGroup() as group:
        group.create_task(ask(among, "a", log))
        await asyncio.sleep(0.5)
        among.hold("a", 30.0)
        among.hold("a", 3.0)

    assert log[1] - log[0] == pytest.approx(30.5)


async def test_a_parked_host_fails_every_turn_at_once_and_is_asked_again_afterwards() -> None:
    among = hosts()
    log: list[float] = []
    among.park("a", 100.0)
    with pytest.raises(FetchError) as caught:
        await ask(among, "a", log)
    assert (caught.value.reason, caught.value.retry_after_s, among.parked("a")) == ("host_parked", 100.0, 100.0)
    assert among.parked("b") is None

    await asyncio.sleep(100.0)

    assert among.parked("a") is None
    await ask(among, "a", log)


async def test_those_who_wait_for_a_host_that_gets_parked_are_sent_away() -> None:
    among = hosts(5.0)
    log: list[float] = []
    await ask(among, "a", log)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(reason(among)) for _ in range(2)]
        await asyncio.sleep(1.0)
        among.park("a", 100.0)

    assert [task.result() for task in waiting] == ["host_parked", "host_parked"]


async def reason(among: Hosts) -> str:
    try:
        async with among.turn("a"):
            return "a turn"
    except FetchError as error:
        return error.reason
