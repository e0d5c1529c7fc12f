"""One line to a catalogue: what it said lately is not asked again, refusals are told as values, secrets stay secret."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from core.errors import FetchError
from core.scholarly.cache import MemoryCache
from core.scholarly.found import Found, Listing
from core.scholarly.line import PATIENCE, Ask, Line
from tests.unit.scholarly.fakehttp import Answer, FakeHttp, settings

KEY = "s3cret-key-of-mine"


def read(body: bytes) -> Listing:
    """Read `{"titles": [...]}`."""
    try:
        titles = json.loads(body)["titles"]
    except (ValueError, KeyError) as error:
        raise FetchError("bad_answer", "no titles") from error
    return Listing(tuple({"title": title} for title in titles))


def titles(*names: str) -> Answer:
    return Answer({"titles": names})


class Desk:
    """A line with a clock, a cache and a fake web."""

    def __init__(self, *answers: Answer, **given: Any) -> None:
        self.http, self.time = FakeHttp(*answers), 1e9
        self.cache = MemoryCache(lambda: self.time)
        self.line = Line(
            "fake", "https://api.fake.net/", settings(**given), self.http.client, self.cache,
            secret={"api_key": KEY}, headers={"x-api-key": KEY}, clock=lambda: self.time,
        )  # fmt: skip

    async def ask(self, **how: Any) -> Listing | None:
        return await self.line.ask(Ask("/works", read, {"q": "tea"}, **how))

    async def found(self) -> Found:
        async def parts() -> AsyncGenerator[Listing]:
            yield await self.ask() or Listing()

        return await self.line.collect("search", parts(), 10)


async def test_an_answer_is_asked_for_once_and_again_when_it_is_old() -> None:
    desk = Desk(titles("a"), titles("b"), catalogue_ttl_s=100)

    assert [await desk.ask(), await desk.ask()] == [Listing(({"title": "a"},))] * 2
    desk.time += 101
    assert await desk.ask() == Listing(({"title": "b"},))
    assert len(desk.http.asked) == 2


async def test_that_there_is_nothing_is_believed_for_a_shorter_time() -> None:
    desk = Desk(titles(), titles("new"), catalogue_ttl_s=100, catalogue_empty_ttl_s=10)

    await desk.ask()
    desk.time += 9
    assert await desk.ask() == Listing()
    desk.time += 2
    assert await desk.ask() == Listing(({"title": "new"},))


async def test_that_there_is_no_such_paper_is_no_error_and_is_kept_too() -> None:
    desk = Desk(Answer(b"Not found", 404))

    assert [await desk.ask(absent=frozenset({404})), await desk.ask(absent=frozenset({404}))] == [None, None]
    assert len(desk.http.asked) == 1
    with pytest.raises(FetchError, match="http_404"):
        await desk.line.ask(Ask("/other", read))


@pytest.mark.parametrize(
    "answer", [Answer(b"<html>", 200), Answer(b"", 500), Answer(b"{}", 400), Answer(reason="timeout")]
)
async def test_errors_are_not_kept(answer: Answer) -> None:
    desk = Desk(answer, titles("a"))

    assert (await desk.found()).errors
    assert (await desk.found()).papers == ({"title": "a"},)


async def test_what_an_earlier_release_kept_and_nobody_can_read_now_is_asked_again() -> None:
    desk = Desk(titles("a"))
    await desk.ask()
    [key] = desk.cache._kept
    await desk.cache.put(key, b"of another shape")

    assert await desk.ask() == Listing(({"title": "a"},))
    assert len(desk.http.asked) == 2


async def test_different_questions_have_different_keys_and_none_holds_a_secret() -> None:
    desk = Desk(titles("a"))
    for how in ({}, {"json": {"ids": [1]}}, {"json": {"ids": [2]}}):
        await desk.ask(**how)

    assert len(desk.cache._kept) == 3
    assert KEY not in str(desk.cache._kept)
    assert {(asked.params["api_key"], asked.headers["x-api-key"]) for asked in desk.http.asked} == {(KEY, KEY)}


async def test_a_refusal_tells_what_the_catalogue_says_without_our_secrets() -> None:
    found = await Desk(Answer({"error": "Bad", "message": f"Invalid api_key={KEY}\n for you"}, 400)).found()

    [error] = found.errors
    assert (error.catalogue, error.operation, error.reason) == ("fake", "search", "http_400")
    assert error.detail == "Invalid api_key=*** for you"
    assert KEY not in f"{error} {error!r}"


async def test_records_that_cannot_be_read_are_told_and_the_others_kept() -> None:
    async def parts() -> AsyncGenerator[Listing]:
        yield Listing(({"title": "a"},), 7, unreadable=("year: odd", "title: odd"), missing=("10.1/x",))
        yield Listing(({"title": "b"},))

    found = await Desk().line.collect("by_id", parts())

    assert (found.papers, found.total, found.missing) == (({"title": "a"}, {"title": "b"}), 7, ("10.1/x",))
    assert [str(error) for error in found.errors] == [
        "fake, by_id: the answer is not valid HTTP, or not the format that was asked for "
        "(2 of 4 records cannot be read, the first for: year: odd)"
    ]


async def test_an_error_on_the_second_page_keeps_the_first() -> None:
    async def parts() -> AsyncGenerator[Listing]:
        yield Listing(({"title": "a"},), 200)
        raise FetchError("timeout", "the total time is spent")

    found = await Desk().line.collect("search", parts())

    assert (found.papers, [error.reason for error in found.errors]) == (({"title": "a"},), ["timeout"])


async def test_a_catalogue_that_refuses_is_left_alone_for_as_long_as_it_wants() -> None:
    desk = Desk(Answer(status=429, retry_after_s=30.0), titles("a"))
    first = await desk.found()
    desk.time += 10
    second = await desk.found()

    assert (first.errors[0].reason, first.errors[0].retry_after_s) == ("http_429", 30)
    assert (second.errors[0].reason, second.errors[0].retry_after_s) == ("host_parked", 20)
    assert len(desk.http.asked) == 1
    desk.time += 20
    assert (await desk.found()).papers == ({"title": "a"},)


async def test_a_refusal_without_a_time_means_a_minute() -> None:
    desk = Desk(Answer(status=429), titles("a"))

    assert (await desk.found()).errors[0].retry_after_s == 60.0
    desk.time += 59
    assert (await desk.found()).errors[0].reason == "host_parked"
    desk.time += 1
    assert (await desk.found()).errors == ()


async def test_failures_in_a_row_mean_a_minute_too_but_wrong_questions_do_not() -> None:
    desk = Desk(*[Answer(status=400)] * 5, *[Answer(status=503)] * PATIENCE, titles("a"))

    reasons = [(await desk.found()).errors[0].reason for _ in range(5 + PATIENCE + 1)]

    assert reasons == ["http_400"] * 5 + ["http_503"] * PATIENCE + ["host_parked"]
