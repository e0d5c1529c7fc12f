"""A request through its redirects: paced, bounded, and with its keys left where they belong."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from core.errors import FetchError
from core.http import Page, receive
from core.http.exchange import Budget
from core.http.policy import Policy
from core.http.request import build
from core.http.tries import Asker
from core.settings import Settings
from tests.fakeweb import Answer, FakeWeb, redirect

pytestmark = pytest.mark.virtual_clock

KEYS = {"Authorization": "Bearer S3CRET", "x-api-key": "S3CRET", "Cookie": "s=S3CRET", "Accept": "text/html"}


async def fetch(web: FakeWeb, url: str, *, method: str = "GET", timeout_s: float = 60.0, **settings: Any) -> Page:
    policy = Policy.general(Settings(**({"acquisition_delay_s": 0, "max_tries": 1} | settings)))
    request = build(policy, method, url, agent="test", headers=KEYS)
    return await Asker(policy, web).ask(request, partial(receive.page, most=1000), timeout_s=timeout_s)


async def fails(web: FakeWeb, url: str, **options: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetch(web, url, **options)
    return caught.value


def chain(*urls: str) -> FakeWeb:
    """Return a web in which each address redirects to the next and the last one answers."""
    web = FakeWeb().put(urls[-1], Answer(body=b"text"))
    for here, there in pairwise(urls):
        web.put(here, redirect(there))
    return web


async def test_redirects_are_followed_and_remembered() -> None:
    page = await fetch(chain("https://a.example/", "https://b.example/", "https://c.example/p"), "https://a.example/")

    assert (page.url, page.hops) == ("https://c.example/p", ("https://a.example/", "https://b.example/"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/p?q=1#part", "p?q=1", "//a.example/p?q=1", "https://a.example:443/x/../p?q=1"])
async def test_every_redirect_status_and_relative_locations_work(status: int, location: str) -> None:
    web = FakeWeb().put("https://a.example/", redirect(location, status)).put("https://a.example/p?q=1", Answer())

    assert (await fetch(web, "https://a.example/")).url == "https://a.example/p?q=1"


async def test_so_many_redirects_and_no_more() -> None:
    urls = [f"https://a.example/{number}" for number in range(5)]

    assert (await fetch(chain(*urls), urls[0], max_redirects=4)).status == 200
    assert (await fails(chain(*urls), urls[0], max_redirects=3)).reason == "redirect_loop"


async def test_a_circle_of_redirects_is_noticed_before_it_closes() -> None:
    web = chain("https://a.example/", "https://b.example/", "https://a.example/")

    error = await fails(web, "https://a.example/")

    assert (error.reason, len(web.asked)) == ("redirect_loop", 2)
    assert error.hops == ("https://a.example/", "https://b.example/")


async def test_a_redirect_to_itself_is_a_circle_although_a_cookie_might_break_it() -> None:
    web = FakeWeb().put("https://a.example/", Answer(302, {"location": "/", "set-cookie": "seen=1"}))

    assert (await fails(web, "https://a.example/")).reason == "redirect_loop"


@pytest.mark.parametrize("headers", [{}, {"location": ""}])
async def test_a_redirect_to_nowhere_is_a_refusal(headers: dict[str, str]) -> None:
    assert (await fails(FakeWeb().put("https://a.example/", Answer(302, headers)), "https://a.example/")).status == 302


async def test_a_post_is_never_redirected() -> None:
    error = await fails(chain("https://a.example/", "https://b.example/"), "https://a.example/", method="POST")

    assert error.reason == "http_302"


async def test_cookies_are_not_kept() -> None:
    web = FakeWeb().put("https://a.example/", Answer(302, {"location": "/b", "set-cookie": "seen=1"}))
    web.put("https://a.example/b", Answer(headers={"set-cookie": "seen=2"}))

    await fetch(web, "https://a.example/")

    assert [asked.headers["cookie"] for asked in web.asked] == ["s=S3CRET", "s=S3CRET"]  # our own, nothing added


async def test_keys_stay_with_their_host() -> None:
    web = chain("https://a.example/?api_key=S3CRET", "https://a.example/b", "https://www.a.example/c")

    await fetch(web, "https://a.example/?api_key=S3CRET")

    assert web.asked[1].headers["x-api-key"] == "S3CRET"
    assert web.asked[2].headers == {
        "host": "www.a.example",
        "accept": "text/html",
        "accept-encoding": "identity",
        "user-agent": "test",
    }


async def test_keys_do_not_come_back_once_dropped() -> None:
    web = chain("https://a.example/", "https://b.example/", "https://a.example/c")

    await fetch(web, "https://a.example/")

    assert "S3CRET" not in str(web.asked[2].headers)


@pytest.mark.parametrize(
    ("here", "there", "kept"),
    [
        ("https://a.example/", "http://a.example/b", False),
        ("http://a.example/", "https://a.example/b", True),
        ("https://a.example/", "https://a.example:8443/b", False),
        ("http://a.example:8080/", "https://a.example/b", False),
        ("https://a.example/", "https://A.example:443/b", True),
    ],
)
async def test_keys_follow_an_upgrade_to_https_but_no_downgrade_and_no_other_port(
    here: str, there: str, *, kept: bool
) -> None:
    web = chain(here, there.replace("A.example:443", "a.example"))
    web.put(here, redirect(there))

    await fetch(web, here)

    assert ("authorization" in web.asked[1].headers) is kept


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("https://b.example/?api_key=S3CRET&q=1", "https://b.example/?q=1"),
        ("https://b.example/?next=%2Fx%3Fkey%3DS3CRET&q=1", "https://b.example/?q=1"),
        ("https://b.example/?X-Amz-Signature=abc", "https://b.example/?X-Amz-Signature=abc"),
        ("https://b.example/?back=https://a.example/&id=1", "https://b.example/?back=https://a.example/&id=1"),
    ],
)
async def test_a_key_echoed_into_a_redirect_to_another_host_is_taken_out(location: str, asked: str) -> None:
    web = FakeWeb().put("https://a.example/?api_key=S3CRET", redirect(location)).put(asked, Answer())

    await fetch(web, "https://a.example/?api_key=S3CRET")

    assert web.asked[1].url == asked


async def test_every_hop_waits_for_its_own_host() -> None:
    web = chain("https://a.example/", "https://b.example/", "https://b.example/c", "https://a.example/d")

    await fetch(web, "https://a.example/", acquisition_delay_s=2.0, host_pace_s={"b.example": 5.0})

    assert [round(asked.at - web.asked[0].at, 6) for asked in web.asked] == [0.0, 0.0, 5.0, 5.0]


async def test_a_slot_is_free_again_before_the_next_hop_waits_for_its_own() -> None:
    policy = Policy.general(Settings(acquisition_delay_s=0))
    web = chain("https://a.example/", "https://b.example/1")
    web.put("https://b.example/", redirect("https://a.example/1")).put("https://a.example/1", Answer())
    asker = Asker(policy, web)
    async with asyncio.TaskGroup() as group:
        for start in ("https://a.example/", "https://b.example/"):
            request = build(policy, "GET", start, agent="test")
            group.create_task(asker.ask(request, partial(receive.page, most=1000), timeout_s=60.0))

    assert len(web.asked) == 4


async def test_all_redirects_share_one_total_time() -> None:
    web = FakeWeb()
    for number in range(9):
        to = f"https://a.example/{number + 1}"
        web.put(f"https://a.example/{number}", Answer(302, {"location": to}, takes_s=10.0))

    error = await fails(web, "https://a.example/0", timeout_s=35.0, acquisition_delay_s=100.0)

    assert (error.reason, len(web.asked), error.url) == ("timeout", 4, "https://a.example/3")
    assert error.seconds == pytest.approx(35.0)


async def test_a_budget_tells_what_is_spent_while_it_runs_and_stands_still_between() -> None:
    budget = Budget(10.0)
    async with budget.spend():
        await asyncio.sleep(3.0)
        assert budget.left_s == pytest.approx(7.0)
    await asyncio.sleep(100.0)
    assert budget.left_s == pytest.approx(7.0)
    with pytest.raises(FetchError, match="timeout"):
        async with budget.spend():
            await asyncio.sleep(7.5)
    assert budget.spent_s == pytest.approx(10.0)


async def test_a_cancelled_request_is_cancelled_and_leaves_its_slot() -> None:
    policy = Policy.general(Settings(acquisition_delay_s=0))
    web = FakeWeb().put("https://a.example/", Answer(takes_s=50.0), Answer())
    asker = Asker(policy, web)
    request = build(policy, "GET", "https://a.example/", agent="test")
    take = partial(receive.page, most=1000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await asker.ask(request, take, timeout_s=60.0)

    assert (await asker.ask(request, take, timeout_s=60.0)).status == 200


async def test_a_failure_in_the_middle_of_a_document_tells_the_status_and_the_way_there() -> None:
    web = chain("https://a.example/", "https://b.example/p")
    web.put("https://b.example/p", Answer(200, {"content-length": "99999"}))

    error = await fails(web, "https://a.example/")

    assert (error.reason, error.status, error.url) == ("too_large", 200, "https://b.example/p")
    assert error.hops == ("https://a.example/",)


async def test_every_answer_is_closed_also_those_that_are_not_read() -> None:
    web = FakeWeb().put("https://a.example/", Answer(302, {"location": "/p"}, b"moved"))
    web.put("https://a.example/p", Answer(200, {"content-length": "99999"}))

    await fails(web, "https://a.example/")

    assert web.open == 0


async def test_a_head_request_is_about_a_body_of_any_size() -> None:
    web = FakeWeb().put("https://a.example/", Answer(200, {"content-length": "99999"}, b""))

    page = await fetch(web, "https://a.example/", method="HEAD")

    assert (page.body, page.headers["content-length"]) == (b"", "99999")
