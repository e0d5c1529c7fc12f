"""Chunks: what is read in parts is what would have been read at once, and parts of different papers never meet."""

import asyncio
import random
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversion.chunks import join, plan, read
from core.errors import ConversionError, SettingsError, WorkerDied

PDF = Path("/paper.pdf")

pages = st.lists(st.text("ab\n", max_size=5).map(str.strip), min_size=1, max_size=30)
sizes = st.integers(1, 12)


def answer(texts: list[str], first: int = 1, last: int | None = None, *, file: str = "f00d", **more: Any) -> Any:
    """Return what a worker says of a file with these pages."""
    wanted = texts[first - 1 : last]
    markdown, ends = "", []
    for text in wanted:
        markdown += "\n\n" * bool(markdown and text) + text
        ends.append(len(markdown))
    numbers = list(range(first, first + len(wanted)))
    return {
        "file": {"sha256": file}, "count": len(texts), "first": first, "markdown": markdown, "pages": ends,
        "letters": numbers, "seconds": 1.0, "warnings": ["slow"],
        "metadata": {"methods": [f"m{number}" for number in numbers], "calls": {"good": 1}},
        **more,
    }  # fmt: skip


def answers(texts: list[str], chunks: list[tuple[int, int]], **more: Any) -> list[Any]:
    return [answer(texts, first, last, **more) for first, last in chunks]


# planning


@given(st.integers(1, 400), sizes, st.integers(1, 5))
def test_a_plan_covers_every_page_once_in_few_even_chunks(count: int, size: int, first: int) -> None:
    chunks = plan(count, size, first=first)
    lengths = [last - start + 1 for start, last in chunks]
    assert [page for start, last in chunks for page in range(start, last + 1)] == list(range(first, count + 1))
    assert len(chunks) == -(-max(0, count - first + 1) // size)
    assert max(lengths, default=0) <= size
    assert max(lengths, default=0) - min(lengths, default=0) <= 1


# joining


@given(pages, sizes)
def test_joined_chunks_are_the_text_pages_and_lists_of_the_whole(texts: list[str], size: int) -> None:
    chunks = plan(len(texts), size)
    joined, whole = join(answers(texts, chunks), chunks), answer(texts)
    assert joined["markdown"] == whole["markdown"]
    assert [page.strip("\n") for page in cut(joined)] == texts == [page.strip("\n") for page in cut(whole)]
    assert joined["metadata"]["methods"] == whole["metadata"]["methods"]
    assert joined["metadata"]["calls"] == {"good": len(chunks)}
    assert joined["seconds"] == len(chunks)
    same = ("file", "count", "first", "letters", "warnings")
    assert [joined[key] for key in same] == [whole[key] for key in same]


@given(st.lists(st.text("ab\n"), min_size=1, max_size=20), sizes)
def test_joined_chunks_that_end_with_a_blank_line_lose_and_gain_nothing(texts: list[str], size: int) -> None:
    texts = [text + "\n\n" for text in texts]
    chunks = plan(len(texts), size)
    parts = [
        {**answer(texts, *chunk), "markdown": "".join(texts[chunk[0] - 1 : chunk[1]]), "pages": ends(texts, chunk)}
        for chunk in chunks
    ]
    assert cut(join(parts, chunks)) == texts


def ends(texts: list[str], chunk: tuple[int, int]) -> list[int]:
    return list(accumulate(map(len, texts[chunk[0] - 1 : chunk[1]])))


def cut(joined: Any) -> list[str]:
    return [joined["markdown"][a:b] for a, b in zip([0, *joined["pages"]], joined["pages"], strict=False)]


@given(pages.filter(lambda texts: len(texts) > 1), sizes, st.randoms())
def test_chunks_in_another_order_are_refused(texts: list[str], size: int, chance: random.Random) -> None:
    chunks = plan(len(texts), min(size, len(texts) - 1))
    order = list(range(len(chunks)))
    chance.shuffle(order)
    mixed = [answers(texts, chunks)[number] for number in order]
    if order == sorted(order):
        mixed.reverse()
    refused(mixed, chunks)
    refused(mixed, [chunks[number] for number in order][:: 1 if order != sorted(order) else -1])


@given(pages, sizes, st.data())
def test_a_chunk_of_another_file_is_refused(texts: list[str], size: int, data: st.DataObject) -> None:
    chunks = plan(len(texts) + 1, size)
    parts = answers([*texts, "last"], chunks)
    stranger = data.draw(st.integers(0, len(parts) - 1))
    parts[stranger] = answer([*texts, "last"], *chunks[stranger], file="beef")
    if len(parts) > 1:
        refused(parts, chunks)


@given(pages, sizes, st.data())
def test_a_lost_or_doubled_chunk_is_refused(texts: list[str], size: int, data: st.DataObject) -> None:
    chunks = plan(len(texts) + 1, min(size, len(texts)))
    parts = answers([*texts, "last"], chunks)
    one = data.draw(st.integers(0, len(parts) - 1))
    fewer, more = parts[:one] + parts[one + 1 :], [*parts[: one + 1], *parts[one:]]
    refused(fewer, chunks)
    refused(fewer, chunks[:one] + chunks[one + 1 :])
    refused(more, [*chunks[: one + 1], *chunks[one:]])


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": 2},
        {"pages": [1]},
        {"pages": []},
        {"pages": [3, 1]},
        {"pages": [1, 99]},
        {"pages": [-1, 4]},
        {"pages": None},
        {"markdown": None},
        {"count": 3},
        {"count": None},
        {"count": 0},
        {"file": None},
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    refused([{**answer(["a", "b"]), **wrong}], [(1, 2)])


def refused(parts: list[Any], chunks: list[tuple[int, int]]) -> None:
    with pytest.raises(ConversionError) as caught:
        join(parts, chunks)
    assert caught.value.reason == "conversion_failed"
    assert "do not fit together" in caught.value.detail


def test_no_image_is_lost_when_names_clash() -> None:
    texts = ["![](a.png)", "then ![x](a.png) and ![](b.png)", "![](a.png)![](a_2.png)"]
    images = [{"a.png": "1"}, {"a.png": "2", "b.png": "b"}, {"a.png": "1", "a_2.png": "own"}]
    chunks = [(1, 1), (2, 2), (3, 3)]
    joined = join([answer(texts, *chunk, images=own) for chunk, own in zip(chunks, images, strict=True)], chunks)
    assert joined["images"] == {"a.png": "1", "a_2.png": "2", "b.png": "b", "a_2_3.png": "own"}
    assert [page.strip() for page in cut(joined)] == [
        "![](a.png)",
        "then ![x](a_2.png) and ![](b.png)",
        "![](a.png)![](a_2_3.png)",
    ]


# reading


class Reader:
    """A pool that reads pages out of a list, and does to a chunk what the test says."""

    slots = 3

    def __init__(self, texts: list[str], deeds: dict[int, Callable[[], Any]] | None = None) -> None:
        self.texts = texts
        self.deeds = deeds or {}
        self.asked: list[tuple[Any, ...]] = []
        self.stopped: list[int] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def warm(self) -> None: ...

    async def run(self, pdf: Path, /, *args: Any, deadline: float) -> Any:
        self.asked.append((pdf, *args, deadline))
        first, last = args[-1]
        try:
            await self.deeds.get(first, done)()
        except asyncio.CancelledError:
            self.stopped.append(first)
            raise
        return answer(self.texts, first, last)


async def done() -> None: ...


async def forever() -> None:
    await asyncio.Event().wait()


def raising(error: Exception) -> Callable[[], Any]:
    async def deed() -> None:
        raise error

    return deed


async def whole(pool: Reader, size: int) -> Any:
    return await read(pool, PDF, {"mode": "fast"}, size=size, deadline=lambda pages: 10.0 + pages)


async def test_a_short_paper_is_one_call() -> None:
    pool = Reader(["a", "b"])
    assert await whole(pool, 4) == answer(["a", "b"])
    assert pool.asked == [(PDF, {"mode": "fast"}, [1, 4], 14.0)]


async def test_a_long_paper_is_read_in_chunks_each_with_its_own_deadline() -> None:
    texts = [str(number) for number in range(1, 12)]
    pool = Reader(texts)
    assert (await whole(pool, 4))["markdown"] == "\n\n".join(texts)
    assert [call[2:] for call in pool.asked] == [([1, 4], 14.0), ([5, 7], 13.0), ([8, 11], 14.0)]


async def test_the_first_chunk_that_fails_fails_the_paper_and_stops_its_sisters() -> None:
    pool = Reader(list("abcdef"), {3: forever, 4: raising(ConversionError("damaged", "page 4")), 5: forever})
    with pytest.raises(ConversionError, match="damaged: page 4"):
        await whole(pool, 1)
    assert sorted(pool.stopped) == [3, 5]


@pytest.mark.parametrize("first", [ConversionError("damaged"), WorkerDied("worker_died")])
async def test_chunks_that_fail_at_once_in_different_ways_fail_the_paper_once(first: ConversionError) -> None:
    other = WorkerDied("worker_died") if first.reason == "damaged" else ConversionError("damaged")
    with pytest.raises(ConversionError) as caught:
        await whole(Reader(list("abc"), {2: raising(first), 3: raising(other)}), 1)
    assert caught.value in (first, other)


async def test_an_error_that_is_no_papers_stops_the_run() -> None:
    pool = Reader(list("abc"), {2: raising(SettingsError("no server")), 3: raising(ConversionError("damaged"))})
    with pytest.raises(ExceptionGroup):
        await whole(pool, 1)
