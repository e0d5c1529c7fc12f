"""Another try only where it may help, after a fair pause, and never against a host's wish."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import httpcore
import pytest

from core.errors import FetchError
from core.http import Page, receive
from core.http.policy import Policy
from core.http.request import build
from core.http.retry_after import retry_after
from core.http.tries import Asker, full_jitter
from core.settings import Settings
from tests.fakeweb import Answer, FakeWeb

pytestmark = pytest.mark.virtual_clock

URL = "https://host.example/paper"
GOOD = Answer(body=b"text")
BROKEN = httpcore.ConnectError("refused")


class Asking:
    """An `Asker` over a fake web, without jitter and without pace."""

    def __init__(self, *answers: Answer | Exception, **settings: Any) -> None:
        self.web = FakeWeb().put(URL, *answers)
        defaults: dict[str, Any] = {"acquisition_delay_s": 0, "max_tries": 3, "retry_base_s": 1.0}
        self.policy = Policy.general(Settings(**(defaults | settings)))
        self.asker = Asker(self.policy, self.web, jitter=lambda most_s: most_s)

    async def ask(
        self, method: str = "GET", *, timeout_s: float | None = None, retry: bool = True, **headers: str
    ) -> Page:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = build(self.policy, method, URL, agent="test", headers=named)
        take = partial(receive.page, most=1000)
        return await self.asker.ask(request, take, timeout_s=timeout_s, retry=retry)

    async def fails(self, method: str = "GET", **options: Any) -> FetchError:
        with pytest.raises(FetchError) as caught:
            await self.ask(method, **options)
        return caught.value

    @property
    def starts(self) -> list[float]:
        return [round(asked.at - self.web.asked[0].at, 6) for asked in self.web.asked]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_passing_refusal_is_tried_again_after_pauses_that_double(status: int) -> None:
    asking = Asking(Answer(status), Answer(status), GOOD)

    page = await asking.ask()

    assert (page.text, asking.starts) == ("text", [0.0, 1.0, 3.0])


async def test_a_lost_connection_and_a_timeout_are_tried_again() -> None:
    asking = Asking(BROKEN, httpcore.ReadTimeout("slow"), GOOD)

    assert (await asking.ask()).text == "text"


async def test_the_tries_end_with_the_last_error() -> None:
    asking = Asking(Answer(500), Answer(502), Answer(503))

    error = await asking.fails()

    assert (error.reason, error.status, len(asking.web.asked)) == ("http_503", 503, 3)


@pytest.mark.parametrize("status", [201, 202, 203, 204, 206, 304, 400, 401, 403, 404, 410, 451, 501])
async def test_a_lasting_refusal_is_believed_at_once(status: int) -> None:
    asking = Asking(Answer(status))

    error = await asking.fails()

    assert (error.reason, error.head, len(asking.web.asked)) == (f"http_{status}", b"text", 1)


async def test_a_status_outside_the_standard_is_no_answer() -> None:
    error = await Asking(Answer(999)).fails()

    assert (error.reason, error.status) == ("bad_answer", 999)


async def test_an_empty_answer_is_no_document() -> None:
    assert (await Asking(Answer(body=b"")).fails()).reason == "empty"


async def test_a_body_that_ends_early_is_asked_for_once_more_only() -> None:
    half = Answer(headers={"content-encoding": "gzip"}, body=b"\x1f\x8b\x08\x00")
    asking = Asking(half)

    error = await asking.fails()

    assert (error.reason, len(asking.web.asked)) == ("truncated", 2)


async def test_a_caller_may_ask_for_a_single_try() -> None:
    asking = Asking(Answer(503), GOOD)

    await asking.fails(retry=False)

    assert len(asking.web.asked) == 1


async def test_a_post_is_repeated_only_with_an_idempotency_key() -> None:
    once, twice = Asking(Answer(503), GOOD), Asking(Answer(503), Answer(202))

    await once.fails("POST")
    page = await twice.ask("POST", idempotency_key="paper-1")

    assert (len(once.web.asked), len(twice.web.asked), page.status) == (1, 2, 202)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_a_post_may_be_answered_by_created_accepted_or_nothing(status: int) -> None:
    assert (await Asking(Answer(status, body=b"")).ask("POST")).status == status


async def test_retry_after_is_obeyed_to_the_second_and_by_everyone_who_asks_that_host() -> None:
    asking = Asking(Answer(429, {"retry-after": "20"}), GOOD)
    async with asyncio.TaskGroup() as group:
        group.create_task(asking.ask())
        await asyncio.sleep(1.0)
        group.create_task(asking.ask())

    assert asking.starts == [0.0, 20.0, 20.0]


async def test_a_host_that_asks_for_too_much_rest_is_parked_and_fails_at_once_until_then() -> None:
    asking = Asking(Answer(429, {"retry-after": "3600"}), GOOD, retry_after_cap_s=60)

    first = await asking.fails()
    await asyncio.sleep(600.0)
    second = await asking.fails()

    assert (first.reason, first.retry_after_s) == ("http_429", 3600.0)
    assert second.reason == "host_parked"
    assert second.retry_after_s == asking.asker.hosts.parked("host.example") == pytest.approx(3000.0)
    assert len(asking.web.asked) == 1
    await asyncio.sleep(3000.0)
    assert (await asking.ask()).text == "text"


async def test_retry_after_on_a_lasting_refusal_says_nothing_about_the_host() -> None:
    asking = Asking(Answer(404, {"retry-after": "86400"}))

    await asking.fails()

    assert asking.asker.hosts.parked("host.example") is None


async def test_all_tries_share_one_total_time() -> None:
    asking = Asking(Answer(503, takes_s=40.0), retry_base_s=0, max_tries=9)

    error = await asking.fails(timeout_s=100.0)

    assert (error.reason, asking.starts) == ("timeout", [0.0, 40.0, 80.0])
    assert error.seconds == pytest.approx(100.0)


async def test_waiting_for_a_host_does_not_count_against_the_total_time() -> None:
    asking = Asking(Answer(429, {"retry-after": "50"}), GOOD, acquisition_delay_s=30)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(asking.ask(timeout_s=5.0)) for _ in range(4)]

    assert asking.starts == [0.0, 50.0, 80.0, 110.0, 140.0]
    assert all(task.result().seconds < 5.0 for task in tasks)


async def test_no_answer_is_left_open_whatever_became_of_it() -> None:
    asking = Asking(Answer(503), Answer(404), GOOD)
    await asking.fails()
    await asking.ask()

    assert asking.web.open == 0


def test_jitter_covers_the_whole_pause_and_never_exceeds_it() -> None:
    pauses = [full_jitter(8.0) for _ in range(1000)]

    assert 0.0 <= min(pauses) < 2.0
    assert 6.0 < max(pauses) <= 8.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 1970 00:17:40 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:17:40 -0000", 60.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("\u0665", None),
        ("9" * 5000, None),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, now=lambda: 1000.0) == seconds
