"""The circuit breaker: papers wait for a server that went away, not for ever, and not each at its own cost."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise

import pytest

from core.conversion.marker.breaker import FAILURES, LOOK_S, PAUSE_S, CircuitBreaker
from core.errors import ConversionError, InferenceDown, SettingsError, WorkerDied
from core.streaming import together
from tests.unit.virtual import now, rest

pytestmark = pytest.mark.virtual_clock

WAIT_S = 60.0


class Server:
    """A server by what its probe finds and what becomes of conversions; both take a moment."""

    def __init__(self) -> None:
        self.up = True
        self.healthy = True
        self.looks: list[float] = []
        self.begun: list[float] = []
        self.worker: asyncio.Task[object] | None = None
        self.breaker = CircuitBreaker(self.probe, wait_s=WAIT_S)

    async def probe(self) -> None:
        self.looks.append(now())
        await asyncio.sleep(0.1)
        if not self.up:
            raise InferenceDown("inference_unavailable", "nobody there")

    async def work(self) -> str:
        self.begun.append(now())
        self.worker = asyncio.current_task()
        await asyncio.sleep(1)
        if not (self.up and self.healthy):
            raise ConversionError("inference_unavailable", "no answer")
        return "text"

    async def convert(self) -> str:
        return await self.breaker.call(self.work)

    async def at(self, when: float, **state: bool) -> None:
        await asyncio.sleep(when)
        vars(self).update(state)


@pytest.fixture
def server() -> Server:
    return Server()


async def test_a_healthy_server_is_not_asked_how_it_is(server: Server) -> None:
    assert await together(*(server.convert() for _ in range(5))) == ["text"] * 5

    assert server.looks == []


async def test_a_server_that_restarts_costs_every_paper_at_most_a_retry(server: Server) -> None:
    papers = [server.convert() for _ in range(4)]

    texts, _ = await together(together(*papers), together(server.at(0.5, up=False), server.at(20, up=True)))

    assert texts == ["text"] * 4
    assert len(server.begun) == 8


async def test_one_probe_at_a_time_looks_whether_it_is_back(server: Server) -> None:
    server.up = False

    async with asyncio.TaskGroup() as group:
        papers = [group.create_task(server.convert()) for _ in range(4)]
        await asyncio.sleep(10)
        looks = server.looks[4:]  # the first four are of the conversions that found it gone
        server.up = True

    assert [paper.result() for paper in papers] == ["text"] * 4
    assert {round(later - sooner, 3) for sooner, later in pairwise(looks)} == {LOOK_S}


async def test_a_paper_that_comes_while_the_server_is_away_waits_for_it(server: Server) -> None:
    server.up = False
    async with asyncio.TaskGroup() as group:
        group.create_task(server.convert())
        await asyncio.sleep(5)
        late = group.create_task(server.convert())
        await asyncio.sleep(5)
        tried = len(server.begun)
        server.up = True

    assert tried == 1
    assert late.result() == "text"


async def test_a_server_that_stays_away_fails_its_papers_when_patience_ends(server: Server) -> None:
    server.up = False

    with pytest.raises(InferenceDown, match="nobody there"):
        await server.convert()

    assert WAIT_S <= now() < WAIT_S + 2 * LOOK_S


async def test_later_papers_fail_at_once_but_for_one_that_looks_now_and_then(server: Server) -> None:
    server.up = False
    with pytest.raises(InferenceDown):
        await server.convert()
    since, begun, before = now(), len(server.begun), len(server.looks)

    while now() < since + 3 * PAUSE_S:
        with pytest.raises(InferenceDown):
            await server.convert()
        await asyncio.sleep(1)

    assert len(server.begun) == begun
    assert 2 <= len(server.looks) - before <= 4


async def test_when_it_comes_back_late_the_next_look_ends_it(server: Server) -> None:
    server.up = False
    with pytest.raises(InferenceDown):
        await server.convert()
    server.up = True
    await asyncio.sleep(PAUSE_S)

    assert await server.convert() == "text"
    assert not server.breaker.open


async def test_a_server_that_is_up_and_answers_nothing_is_tried_by_one_paper_at_a_time(server: Server) -> None:
    server.healthy = False

    ends = await asyncio.wait_for(results(server, 8), 2 * WAIT_S)

    assert all(isinstance(end, InferenceDown) for end in ends)
    assert len(server.begun) - 8 <= FAILURES + WAIT_S / PAUSE_S
    assert now() < WAIT_S + PAUSE_S


async def test_the_first_paper_it_reads_again_lets_all_others_go(server: Server) -> None:
    server.healthy = False

    ends, _ = await together(results(server, 8), server.at(5, healthy=True))

    assert ends == ["text"] * 8
    assert not server.breaker.open


async def test_a_trial_that_is_cancelled_leaves_the_next_look_to_another(server: Server) -> None:
    server.breaker = CircuitBreaker(server.probe, wait_s=4 * PAUSE_S)
    server.healthy = False
    async with asyncio.TaskGroup() as group:
        papers = [group.create_task(server.convert()) for _ in range(FAILURES)]
        await asyncio.sleep(1.5 + PAUSE_S)
        assert len(server.begun) == FAILURES + 1
        server.healthy = True
        assert server.worker
        server.worker.cancel()

    assert Counter(paper.cancelled() or paper.result() for paper in papers) == {True: 1, "text": FAILURES - 1}


async def test_single_failures_between_successes_open_nothing(server: Server) -> None:
    for _ in range(3 * FAILURES):
        server.healthy = False
        async with asyncio.TaskGroup() as group:
            group.create_task(server.convert())
            await asyncio.sleep(1.05)
            server.healthy = True

        assert not server.breaker.open


async def test_a_deadline_passed_while_the_server_is_gone_is_the_servers_fault(server: Server) -> None:
    async def late() -> str:
        if server.up:
            return "text"
        raise ConversionError("conversion_timeout", "longer than 60 s")

    server.up = False

    text, _ = await together(server.breaker.call(late), server.at(3, up=True))

    assert text == "text"


async def test_a_deadline_passed_by_a_server_that_is_there_is_the_papers_fault(server: Server) -> None:
    async def late() -> str:
        raise ConversionError("conversion_timeout", "longer than 60 s")

    with pytest.raises(ConversionError, match="conversion_timeout"):
        await server.breaker.call(late)

    assert not server.breaker.open


async def test_several_such_in_a_row_are_not(server: Server) -> None:
    """A server may say that it is well, and answer nothing."""

    async def late() -> str:
        raise ConversionError("conversion_timeout", "longer than 60 s")

    for _ in range(FAILURES):
        with pytest.raises(ConversionError, match="conversion_timeout"):
            await server.breaker.call(late)

    assert server.breaker.open


@pytest.mark.parametrize("error", [ConversionError("damaged"), WorkerDied("worker_died", "signal 11")])
async def test_other_failures_of_a_paper_do_not_concern_it(server: Server, error: ConversionError) -> None:
    async def fail() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        await server.breaker.call(fail)

    assert raised.value is error
    assert server.looks == []


async def test_a_server_that_comes_back_with_another_model_is_not_back() -> None:
    server = Server()
    wrong = True

    async def probe() -> None:
        if wrong:
            raise SettingsError("the server has the model other/model")

    breaker = CircuitBreaker(probe, wait_s=5)
    server.up = False

    with pytest.raises(InferenceDown, match="other/model"):
        await breaker.call(server.work)


async def test_what_was_read_before_it_went_away_does_not_speak_for_it(server: Server) -> None:
    async def slow() -> str:
        await asyncio.sleep(4)
        return "text"

    async with asyncio.TaskGroup() as group:
        group.create_task(server.breaker.call(slow))
        await rest()
        server.up = False
        other = group.create_task(server.convert())
        await asyncio.sleep(5)
        assert server.breaker.open
        server.up = True

    assert other.result() == "text"


async def test_the_server_is_mended_while_papers_wait_and_not_by_the_one_that_found_it_gone() -> None:
    server, mended = Server(), list[float]()

    async def mend() -> None:
        mended.append(now())
        await asyncio.sleep(10)
        server.up = True

    server.breaker = CircuitBreaker(server.probe, mend=mend, wait_s=WAIT_S)
    server.up = False

    assert await server.convert() == "text"
    assert mended[0] > server.looks[0]


async def results(server: Server, papers: int) -> list[object]:
    async def end() -> object:
        try:
            return await server.convert()
        except InferenceDown as error:
            return error

    return list(await together(*(end() for _ in range(papers))))
