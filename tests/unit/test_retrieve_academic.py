"""The retrieve-academic client on a virtual clock, against a service without a network.

Each test of the polling names the flaw of the seeds' sketch (f02 to f14 of the measured list) it rules out.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import async_solipsism  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FetchError, RetrievalError
from core.http import Download, HttpClient, Page
from core.metadata import PaperMetadata
from core.stores.retrieve_academic import JobOutcome, RetrievalJob, RetrieveAcademicClient, idempotency_key
from core.streaming import WorkQueue
from tests.unit.virtual import now, rest

pytestmark = [
    pytest.mark.virtual_clock,
    pytest.mark.filterwarnings("ignore::async_solipsism.ResolutionWarning"),
]

URL = "http://service"
PAPER: PaperMetadata = {"doi": "10.1234/ABC", "title": "A Title"}

Answer = Callable[[str], Awaitable[Any]]


class Service:
    """Stands in for `HttpClient.service(...)`: every call is remembered and answered by one coroutine."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[tuple[float, str, str]] = []
        self.sent: list[tuple[Any, Any]] = []
        self.file_s: Callable[[str], float] = lambda job_id: 0.0

    def service(self, base_url: str, *, timeout_s: float = 30.0, concurrency: int = 16) -> Service:
        return self

    async def fetch(self, url: str, *, method: str = "GET", timeout_s: float = 30.0, **options: Any) -> Page:
        self.calls.append((now(), method, url.removeprefix(URL)))
        self.sent.append((options.get("json"), options.get("headers")))
        try:
            async with asyncio.timeout(timeout_s):
                said = await self.answer(url.rpartition("/")[2])
        except TimeoutError as error:
            raise FetchError("timeout") from error
        return Page(url, 200, {}, said if isinstance(said, bytes) else json.dumps(said).encode())

    async def download(self, url: str, folder: Path) -> Download:
        job_id = url.split("/")[-2]
        self.calls.append((now(), "FILE", job_id))
        await asyncio.sleep(self.file_s(job_id))
        if job_id.startswith("broken"):
            raise FetchError("http_500", status=500)
        return Download(folder / job_id, "sha", 1, b"%PDF", url, 200)

    def polls(self, job_id: str) -> list[float]:
        return [at for at, _, path in self.calls if path == f"/jobs/{job_id}"]


def client_of(answer: Answer) -> tuple[RetrieveAcademicClient, Service]:
    service = Service(answer)
    clock = asyncio.get_running_loop().time
    return RetrieveAcademicClient(URL, cast(HttpClient, service), clock=clock), service


def status(job_id: str, state: str, **more: Any) -> dict[str, Any]:
    return {"job_id": job_id, "status": state} | more


def ready_at(seconds: float) -> Answer:
    async def answer(job_id: str) -> dict[str, Any]:
        return status(job_id, "completed" if now() >= seconds else "searching")

    return answer


async def never(job_id: str) -> None:
    await asyncio.Event().wait()


def failing(times: int, error: FetchError) -> Answer:
    calls = Counter[str]()

    async def answer(job_id: str) -> dict[str, Any]:
        calls[job_id] += 1
        if calls[job_id] <= times:
            raise error
        return status(job_id, "completed")

    return answer


def jobs(*job_ids: str, submitted_at: float = 0.0, destination: Path | None = None) -> list[RetrievalJob]:
    return [RetrievalJob(f"paper {job_id}", job_id, submitted_at, destination) for job_id in job_ids]


async def seen(outcomes: AsyncIterator[JobOutcome]) -> list[tuple[float, str, str]]:
    """Return when each job ended and how."""
    return [(now(), outcome.job.job_id, outcome.error.reason if outcome.error else "ok") async for outcome in outcomes]


# polling


async def test_two_hundred_jobs_ready_at_once_are_all_seen_within_a_poll_interval() -> None:
    """f04: polled one after another, the last was seen after 5.2 s instead of 1."""

    async def answer(job_id: str) -> dict[str, Any]:
        await asyncio.sleep(0.1)
        return status(job_id, "completed" if now() >= 10 else "pending")

    client, _ = client_of(answer)
    ended = await seen(client.poll_jobs_until_complete(jobs(*map(str, range(200)))))

    assert {job_id for _, job_id, how in ended if how == "ok"} == set(map(str, range(200)))
    assert max(at for at, _, _ in ended) <= 10 + 2 + 1


async def test_a_job_is_asked_about_at_once_and_then_at_the_interval() -> None:
    """f04: the interval is per job."""
    client, service = client_of(ready_at(6))
    await seen(client.poll_jobs_until_complete(jobs("a"), poll_interval=2.0))

    assert service.polls("a") == [0.0, 2.0, 4.0, 6.0]


@pytest.mark.parametrize("hung", [1, 30])
async def test_hung_status_calls_stall_only_their_own_jobs(hung: int) -> None:
    """f05: one hung call stalled every job, and its own time limit was never looked at."""

    async def answer(job_id: str) -> Any:
        return await (never(job_id) if job_id.startswith("hung") else ready_at(5)(job_id))

    client, _ = client_of(answer)
    names = [f"hung{number}" for number in range(hung)] + [f"job{number}" for number in range(20)]
    ended = await seen(client.poll_jobs_until_complete(jobs(*names)))

    assert all(at <= 7 for at, job_id, _ in ended if job_id.startswith("job"))
    assert [how for _, _, how in ended] == ["ok"] * 20 + ["service_unavailable"] * hung


async def test_slow_downloads_run_side_by_side_and_outside_the_polling() -> None:
    """f06: downloads inside the polling generator were delivered at 1, 2, 3, 4 and 5 s."""
    client, service = client_of(ready_at(1))
    service.file_s = lambda job_id: 0.0 if job_id == "quick" else 1.0
    polled = jobs("a", "b", "c", "d", "e", "quick", submitted_at=0.0, destination=Path("folder"))
    ended = await seen(client.poll_jobs_until_complete(polled, poll_interval=1.0))

    assert ended[0] == (1.0, "quick", "ok")
    assert {at for at, _, _ in ended[1:]} == {2.0}


async def test_a_hung_download_holds_up_nobody() -> None:
    """f06."""
    client, service = client_of(ready_at(0))
    service.file_s = lambda job_id: 1000.0 if job_id == "hung" else 1.0
    ended = await seen(client.poll_jobs_until_complete(jobs("hung", "a", "b", destination=Path("folder"))))

    assert sorted(ended) == [(1.0, "a", "ok"), (1.0, "b", "ok"), (1000.0, "hung", "ok")]


async def test_a_file_is_fetched_only_for_a_job_with_a_destination_and_comes_with_its_outcome() -> None:
    """f06: the pipeline fetches files itself, under its own transfer slots."""
    client, service = client_of(ready_at(0))
    polled = jobs("here", destination=Path("folder")) + jobs("there") + jobs("broken", destination=Path("folder"))
    outcomes = {outcome.job.job_id: outcome async for outcome in client.poll_jobs_until_complete(polled)}

    download, error = outcomes["here"].download, outcomes["broken"].error
    assert download is not None
    assert download.path == Path("folder/here")
    assert (outcomes["there"].download, outcomes["there"].error) == (None, None)
    assert error is not None
    assert (error.reason, error.detail) == ("download_failed", "http_500")
    assert sorted(path for _, method, path in service.calls if method == "FILE") == ["broken", "here"]


async def test_a_slow_reader_causes_no_false_timeouts() -> None:
    """f07: backpressure ate the jobs' time; 9 of 10 finished jobs were reported as timed out."""
    client, _ = client_of(ready_at(1))
    ended = []
    async for outcome in client.poll_jobs_until_complete(jobs(*"abcdefghij"), timeout=100):
        ended.append(outcome.error)
        await asyncio.sleep(60)

    assert ended == [None] * 10


async def test_nine_errors_in_a_row_are_tolerated_and_the_tenth_ends_the_job() -> None:
    """f08: one 503 lost 8 of 10 papers."""
    burst, _ = client_of(failing(9, FetchError("http_503", status=503)))
    assert await seen(burst.poll_jobs_until_complete(jobs("a", "b"))) == [(18.0, "a", "ok"), (18.0, "b", "ok")]

    begin = now()
    outage, service = client_of(failing(10, FetchError("connect")))
    assert await seen(outage.poll_jobs_until_complete(jobs("a"))) == [(begin + 18.0, "a", "service_unavailable")]
    assert len(service.calls) == 10


async def test_only_errors_in_a_row_count() -> None:
    """f08."""
    calls = Counter[str]()

    async def answer(job_id: str) -> dict[str, Any]:
        calls[job_id] += 1
        if calls[job_id] % 9:
            raise FetchError("http_503", status=503)
        return status(job_id, "completed" if calls[job_id] > 80 else "pending")

    client, _ = client_of(answer)

    assert [how for _, _, how in await seen(client.poll_jobs_until_complete(jobs("a")))] == ["ok"]


@pytest.mark.parametrize("said", [b"<html>", b"[]", {}, {"job_id": "a"}, {"job_id": None, "status": "completed"}])
async def test_an_answer_that_is_none_is_an_error_like_any_other(said: Any) -> None:
    """f08: what a service says is not trusted."""

    async def answer(job_id: str) -> Any:
        return said if now() < 5 else status(job_id, "completed")

    client, _ = client_of(answer)

    assert await seen(client.poll_jobs_until_complete(jobs("a"))) == [(6.0, "a", "ok")]


async def test_waiting_as_long_as_the_service_asked_for_is_no_error() -> None:
    """f08: `Retry-After` beyond the cap parks the host; every call fails at once until then."""

    async def answer(job_id: str) -> dict[str, Any]:
        if now() < 300:
            raise FetchError("host_parked", retry_after_s=300)
        return status(job_id, "completed")

    client, _ = client_of(answer)

    assert await seen(client.poll_jobs_until_complete(jobs("a"))) == [(300.0, "a", "ok")]


async def test_a_parked_service_does_not_stretch_the_deadline() -> None:
    """f05: every job ends."""

    async def answer(job_id: str) -> dict[str, Any]:
        raise FetchError("host_parked", retry_after_s=9999)

    client, _ = client_of(answer)

    assert await seen(client.poll_jobs_until_complete(jobs("a"), timeout=100)) == [(104.0, "a", "service_unavailable")]


async def test_a_job_that_joins_late_is_asked_about_at_once() -> None:
    """f02 and f03: jobs were not polled until the last was submitted, or the slowest download had ended."""
    client, _ = client_of(ready_at(0))
    queue: WorkQueue[RetrievalJob] = WorkQueue()
    ended = []

    async def submit() -> None:
        with queue.producer():
            for at, name in enumerate("abc"):
                queue.put_nowait(RetrievalJob(name, name, now()))
                await asyncio.sleep(100.5 - at)

    async def read() -> None:
        ended.extend(await seen(client.poll_jobs_until_complete(queue)))

    async with asyncio.TaskGroup() as group:
        group.create_task(submit())
        group.create_task(read())

    assert ended == [(0.0, "a", "ok"), (100.5, "b", "ok"), (200.0, "c", "ok")]


async def test_jobs_may_come_out_of_any_async_iterable() -> None:
    """f02."""

    async def submit() -> AsyncIterator[RetrievalJob]:
        for name in "ab":
            yield RetrievalJob(name, name, now())
            await asyncio.sleep(3)

    client, _ = client_of(ready_at(0))

    assert await seen(client.poll_jobs_until_complete(submit())) == [(0.0, "a", "ok"), (3.0, "b", "ok")]


async def test_an_error_of_the_submitter_comes_out_of_the_polling() -> None:
    """f09: nothing fails in silence."""

    async def submit() -> AsyncIterator[RetrievalJob]:
        yield RetrievalJob("a", "a", now())
        raise LookupError("submitter")

    client, _ = client_of(ready_at(1000))

    with pytest.raises(LookupError):
        await seen(client.poll_jobs_until_complete(submit()))
    assert len(asyncio.all_tasks()) == 1


async def test_no_jobs_give_no_outcomes() -> None:
    """f09."""
    client, _ = client_of(ready_at(0))

    assert await seen(client.poll_jobs_until_complete([])) == []


async def test_each_job_has_one_deadline_counted_from_its_submission() -> None:
    """f05 and f07: one clock for all jobs, started late and read before the status."""
    await asyncio.sleep(300)
    client, _ = client_of(ready_at(10_000))
    polled = jobs("old", submitted_at=0.0) + jobs("new", submitted_at=300.0)

    ended = await seen(client.poll_jobs_until_complete(polled, timeout=420))

    assert ended == [(420.0, "old", "timeout"), (720.0, "new", "timeout")]


async def test_a_job_submitted_in_the_future_waits_no_longer_than_others() -> None:
    """A clock that was set back must not make a job immortal."""
    client, _ = client_of(ready_at(10_000))

    ended = await seen(client.poll_jobs_until_complete(jobs("a", submitted_at=99_999.0), timeout=420))

    assert ended == [(420.0, "a", "timeout")]


@pytest.mark.parametrize(("state", "how"), [("completed", "ok"), ("downloading", "timeout"), ("failed", "job_failed")])
async def test_a_job_of_an_earlier_run_past_its_deadline_is_asked_about_once(state: str, how: str) -> None:
    """f07 and f14: status before deadline; a rerun polls the stored job and submits nothing."""
    await asyncio.sleep(5000)

    async def answer(job_id: str) -> dict[str, Any]:
        return status(job_id, state)

    client, service = client_of(answer)

    assert await seen(client.poll_jobs_until_complete(jobs("a"))) == [(5000.0, "a", how)]
    assert len(service.calls) == 1


async def test_past_its_deadline_a_job_still_survives_two_errors() -> None:
    """f08: one 503 at the moment of a rerun does not cost a finished file."""
    await asyncio.sleep(5000)
    lucky, _ = client_of(failing(2, FetchError("http_503", status=503)))
    unlucky, _ = client_of(failing(3, FetchError("http_503", status=503)))

    assert await seen(lucky.poll_jobs_until_complete(jobs("a"))) == [(5004.0, "a", "ok")]
    assert await seen(unlucky.poll_jobs_until_complete(jobs("a"))) == [(5008.0, "a", "service_unavailable")]


@pytest.mark.parametrize("file_s", [0.0, 1000.0])
async def test_closing_leaves_nothing_running(file_s: float) -> None:
    """f12: cancelled while calls, files and the submitter are under way."""

    async def answer(job_id: str) -> Any:
        return await (never(job_id) if job_id == "hung" else ready_at(0)(job_id))

    client, service = client_of(answer)
    service.file_s = lambda job_id: file_s
    queue: WorkQueue[RetrievalJob] = WorkQueue()
    for job in [*jobs("first", "hung"), *jobs("file", destination=Path("folder"))]:
        queue.put_nowait(job)
    async with aclosing(client.poll_jobs_until_complete(queue)) as outcomes:
        await anext(outcomes)
        await rest()

    calls = len(service.calls)
    assert len(asyncio.all_tasks()) == 1
    await asyncio.sleep(100)
    assert len(service.calls) == calls


async def test_a_job_the_service_does_not_know_is_an_outcome_of_its_own() -> None:
    """f14: so that the caller can submit the paper again."""

    async def answer(job_id: str) -> Any:
        if job_id == "lost":
            raise FetchError("http_404", status=404)
        return status(job_id, "completed")

    client, _ = client_of(answer)
    unknown = {o.job.job_id: o.unknown async for o in client.poll_jobs_until_complete(jobs("lost", "kept"))}

    assert unknown == {"lost": True, "kept": False}


async def test_two_papers_may_share_a_job() -> None:
    """f19: one work given twice under an idempotent service."""
    client, _ = client_of(ready_at(4))

    assert await seen(client.poll_jobs_until_complete(jobs("a", "a"))) == [(4.0, "a", "ok"), (4.0, "a", "ok")]


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        ("NOT_FOUND", "no copy", "not_found"),
        ("not_found", None, "not_found"),
        ("DOWNLOAD_FAILED", "broken", "download_failed"),
        ("DOWNLOAD_FAILED", "mirror says SOURCE_BLOCKED", "source_blocked"),
        (None, "Source_Blocked by host", "source_blocked"),
        ("SOURCE_BLOCKED", None, "source_blocked"),
        ("TIMEOUT", "slow", "timeout"),
        ("INVALID_REQUEST", "what?", "invalid_request"),
        ("VPN_ERROR", "no tunnel", "job_failed"),
        (None, None, "job_failed"),
        (17, {"nested": "error"}, "job_failed"),
    ],
)
async def test_a_failed_job_says_why(code: Any, error: Any, reason: str) -> None:
    async def answer(job_id: str) -> dict[str, Any]:
        return status(job_id, "failed", error_code=code, error=error)

    client, _ = client_of(answer)

    assert await seen(client.poll_jobs_until_complete(jobs("a"))) == [(0.0, "a", reason)]


async def test_an_unknown_status_is_taken_for_pending_and_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(job_id: str) -> dict[str, Any]:
        return status(job_id, "rotating" if now() < 9 else "COMPLETED ")

    client, _ = client_of(answer)
    with caplog.at_level(logging.WARNING):
        assert await seen(client.poll_jobs_until_complete(jobs("a"))) == [(10.0, "a", "ok")]

    assert [record.getMessage() for record in caplog.records] == [
        "job a has the unknown status 'rotating': taken for pending"
    ]


async def test_what_only_informs_cannot_fail_a_job() -> None:
    async def answer(job_id: str) -> dict[str, Any]:
        return status(job_id, "completed", file_size="big", file_format=["pdf"], source_id=7, doi=None, extra={})

    client, _ = client_of(answer)
    (outcome,) = [outcome async for outcome in client.poll_jobs_until_complete(jobs("a"))]

    assert outcome.status is not None
    assert (outcome.status.file_size, outcome.status.source_id) == (None, "7")


PLAN = st.lists(
    st.tuples(
        st.sampled_from(["completed", "failed", "never", "lost"]),
        st.integers(0, 500),  # when it is ready
        st.integers(0, 100),  # when it joins
        st.integers(0, 9),  # how many calls fail first
        st.booleans(),  # whether the first call hangs
        st.booleans(),  # whether it has a destination
    ).filter(lambda step: not 418 < step[1] - step[2] < 425),  # ready at its deadline it may end either way
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(plan=PLAN, reader_s=st.sampled_from([0.0, 7.0]))
def test_whatever_the_service_does_each_job_ends_once_and_rightly(plan: list[Any], reader_s: float) -> None:
    """f04 to f09 together."""

    async def main() -> None:
        calls = Counter[str]()

        async def answer(job_id: str) -> Any:
            kind, ready, _, errors, hangs, _ = plan[int(job_id)]
            calls[job_id] += 1
            if calls[job_id] <= errors:
                await (never(job_id) if hangs and calls[job_id] == 1 else rest())
                raise FetchError("http_503", status=503)
            if kind == "lost":
                raise FetchError("http_404", status=404)
            return status(job_id, kind if kind != "never" and now() >= ready else "pending")

        async def submit() -> AsyncIterator[RetrievalJob]:
            for at, number in sorted((at, number) for number, (_, _, at, _, _, _) in enumerate(plan)):
                await asyncio.sleep(max(0.0, at - now()))
                destination = Path("folder") if plan[number][5] else None
                yield RetrievalJob(str(number), str(number), now(), destination)

        client, _ = client_of(answer)
        ended = {}
        async for outcome in client.poll_jobs_until_complete(submit()):
            assert outcome.job.job_id not in ended
            ended[outcome.job.job_id] = outcome.error.reason if outcome.error else "ok"
            await asyncio.sleep(reader_s)

        assert ended == {str(number): expected(*step[:3]) for number, step in enumerate(plan)}
        assert len(asyncio.all_tasks()) == 1

    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        runner.run(main())


def expected(kind: str, ready: int, joins: int) -> str:
    if kind == "lost":
        return "unknown_job"
    if kind == "never" or ready > joins + 420:
        return "timeout"
    return {"completed": "ok", "failed": "job_failed"}[kind]


# one call each


async def test_waiting_for_one_job_returns_its_status_or_raises_its_error() -> None:
    client, _ = client_of(ready_at(10))
    assert (await client.wait_for_completion("a")).state == "completed"

    client, _ = client_of(ready_at(99_999))
    with pytest.raises(RetrievalError, match="timeout: searching after 300 s"):
        await client.wait_for_completion("a")
    assert now() == 310.0


async def test_a_paper_is_submitted_with_what_is_known_of_it_and_nothing_empty() -> None:
    paper: PaperMetadata = {
        "doi": "https://doi.org/10.1234/ABC",
        "title": " A \ud800 Title ",
        "authors": [{"orcid": "1"}, *({"name": name} for name in "ABCDEF")],  # type: ignore[list-item]
        "venue": "",
        "year": 2021,
    }
    client, service = client_of(_submitted)

    job = await client.retrieve(paper, timeout_s=420.0)

    assert job == RetrievalJob("10.1234/abc", "new", 0.0)
    assert service.calls == [(0.0, "POST", "/retrieve")]
    assert service.sent == [
        (
            {
                "timeout_seconds": 420,
                "preferred_formats": ["pdf"],
                "doi": "10.1234/abc",
                "title": "A ? Title",
                "authors": ["A", "B", "C", "D", "E"],
                "year": 2021,
            },
            {"Idempotency-Key": idempotency_key("10.1234/abc")},
        )
    ]


async def _submitted(path: str) -> dict[str, Any]:
    return {"job_id": "new", "status": "pending"}


async def test_a_paper_without_doi_is_submitted_by_its_title_and_one_without_either_is_not() -> None:
    client, service = client_of(_submitted)

    await client.retrieve({"title": "Only a title"}, idempotency_key="key")
    with pytest.raises(RetrievalError, match="invalid_request: the paper has neither"):
        await client.retrieve({"authors": [{"name": "A"}]})

    assert service.sent == [
        ({"timeout_seconds": 420, "preferred_formats": ["pdf"], "title": "Only a title"}, {"Idempotency-Key": "key"})
    ]


def test_a_paper_keeps_its_idempotency_key() -> None:
    """f14: it must not change between versions of this program, or a crash would submit a paper twice."""
    assert idempotency_key("10.1234/abc") == "3ad5856b71030afd6c39774f39b77cb211fd5cbb366428600a8629bb3fce6b0f"
    assert idempotency_key("10.1234/abd") != idempotency_key("10.1234/abc")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FetchError("http_422", status=422), "invalid_request"),
        (FetchError("http_400", status=400), "invalid_request"),
        (FetchError("http_429", status=429), "service_unavailable"),
        (FetchError("http_503", status=503), "service_unavailable"),
        (FetchError("connect"), "service_unavailable"),
        (FetchError("host_parked"), "service_unavailable"),
    ],
)
async def test_a_refused_submission_is_told_from_a_service_that_is_down(error: FetchError, reason: str) -> None:
    """f09: failed submits were filtered out; 5 of 10 papers were in no list."""
    client, _ = client_of(failing(1, error))

    with pytest.raises(RetrievalError) as caught:
        await client.retrieve(PAPER)

    assert (caught.value.reason, caught.value.__cause__) == (reason, error)


@pytest.mark.parametrize("job_id", ["", "..", "a/b", "a?b", "a#b", "a b", None, "x" * 300])
async def test_a_job_id_that_is_no_plain_name_is_no_answer(job_id: str | None) -> None:
    """f18: it would become part of a path."""

    async def answer(path: str) -> dict[str, Any]:
        return {"job_id": job_id, "status": "pending"}

    client, _ = client_of(answer)

    with pytest.raises(RetrievalError, match="not a Submitted"):
        await client.retrieve(PAPER)


@pytest.mark.parametrize(
    ("said", "healthy"),
    [
        ({"status": "healthy"}, True),
        ({"status": "healthy", "vpn_connected": True}, True),
        ({"status": "healthy", "vpn_connected": None}, True),
        ({"status": "healthy", "vpn_connected": False}, False),
        ({"status": "healthy", "vpn_connected": "perhaps"}, False),
        (["another service"], False),
        (b"<html>another service</html>", False),
    ],
)
async def test_the_service_is_healthy_unless_it_says_otherwise(said: Any, healthy: bool) -> None:
    async def answer(path: str) -> Any:
        return said

    client, _ = client_of(answer)

    assert await client.health_check() is healthy


@pytest.mark.parametrize("answer", [never, failing(1, FetchError("connect")), failing(1, FetchError("http_500"))])
async def test_a_service_that_does_not_answer_within_five_seconds_is_unavailable(answer: Answer) -> None:
    client, _ = client_of(answer)

    assert await client.health_check() is False
    assert now() <= 5.0
