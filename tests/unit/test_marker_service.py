"""The parts of the Marker job service's converter: pages found again, jobs watched on a virtual clock, words believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import accumulate
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversion.marker_service.answers import Health, Job, Listing, Outline, Result, words
from core.conversion.marker_service.client import MarkerService
from core.conversion.marker_service.measure import check_text
from core.conversion.marker_service.paging import Paged, paged
from core.conversion.marker_service.preset import definition, preset
from core.conversion.marker_service.watch import Limits, Patience, Watch
from core.errors import ConversionError, FetchError, InferenceDown, SettingsError, WorkerDied
from core.settings import Settings
from tests.unit.virtual import now

virtual_clock = pytest.mark.virtual_clock

# pages

LONG = "is a sentence with enough letters to be told from every other one in this text"


def block(page: int, html: str, kind: str = "Text", number: int = 1, **more: Any) -> dict[str, Any]:
    """Return a block as Marker 2.0 writes it: the page in its id, and another number as its page."""
    return {"id": f"/page/{page}/{kind}/{number}", "block_type": kind, "html": html, "page": 268 + page} | more


def cut(markdown: str, blocks: Any, count: int, tree: Any = None) -> list[str]:
    """Return the text of each page."""
    made = paged(markdown, blocks, tree, count)
    return [made.markdown[start:end] for start, end in zip((0, *made.ends), made.ends, strict=False)]


def test_pages_begin_with_their_first_block() -> None:
    markdown = f"# First\n\nThis {LONG}.\n\n## Second\n\nThat {LONG}.\n"
    blocks = [
        block(0, "<h1>First</h1>"),
        block(0, f"<p>This {LONG}.</p>"),
        block(1, "<h2>Second</h2>"),
        block(1, f"<p>That {LONG}.</p>"),
    ]

    assert cut(markdown, blocks, 2) == [f"# First\n\nThis {LONG}.\n\n", f"## Second\n\nThat {LONG}.\n"]


def test_a_paragraph_that_runs_over_a_page_break_is_cut_within() -> None:
    markdown = f"This {LONG} and goes on, as {LONG}, to its end."
    blocks = [block(0, f"<p>This {LONG} and</p>"), block(1, f"<p>goes on, as {LONG}, to its end.</p>")]

    assert cut(markdown, blocks, 2) == [f"This {LONG} and ", f"goes on, as {LONG}, to its end."]


def test_markup_anchors_links_and_pictures_are_no_letters() -> None:
    markdown = (
        f'<span id="page-0-1"></span>One **{LONG}** [\\[2\\]](#page-7-2) <https://doi.org/10.1/x>\n\n'
        f"![](_page_1_Figure_2.jpeg)\n\n- <https://a.org/b> *Two* {LONG} x<sub>2</sub>\n"
    )
    blocks = [
        block(0, f"<p>One <b>{LONG}</b> <a href='#page-7-2'>[2]</a> https://doi.org/10.1/x</p>"),
        block(1, "<p><img src='_page_1_Figure_2.jpeg'></p>", "Figure"),
        block(1, f"<li>https://a.org/b <i>Two</i> {LONG} x<sub>2</sub></li>"),
    ]

    assert [page.split()[-1] for page in cut(markdown, blocks, 2)] == ["![](_page_1_Figure_2.jpeg)", "x<sub>2</sub>"]


def test_what_blocks_tell_and_the_text_leaves_out_does_not_matter() -> None:
    markdown = f"One {LONG}.\n\nTwo {LONG}.\n\nThree {LONG}.\n"
    blocks = [
        part
        for number, word in enumerate(("One", "Two", "Three"))
        for part in (
            block(number, f"<p>A running head of some length, page {number}</p>", "PageHeader"),
            block(number, f"<p>{word} {LONG}.</p>"),
            block(number, str(number + 1), "PageFooter"),
        )
    ]

    assert [page.split()[0] for page in cut(markdown, blocks, 3)] == ["One", "Two", "Three"]


def test_pages_without_text_are_empty_and_stay_in_line() -> None:
    markdown = f"One {LONG}.\n\nThree {LONG}."
    blocks = [block(0, f"<p>One {LONG}.</p>"), block(1, ""), block(2, f"<p>Three {LONG}.</p>")]

    assert cut(markdown, blocks, 4) == [f"One {LONG}.\n\n", "", f"Three {LONG}.", ""]


def test_the_same_words_on_every_page_stand_for_their_own_page() -> None:
    markdown = "\n\n".join(f"The same {LONG}." for _ in range(5))
    blocks = [block(number, f"<p>The same {LONG}.</p>") for number in range(5)]

    assert [page.strip() for page in cut(markdown, blocks, 5)] == [f"The same {LONG}."] * 5


def test_a_page_that_is_not_found_counts_to_the_one_before_and_is_reported() -> None:
    markdown = f"One {LONG}.\n\nTwo became a table of something else altogether.\n\nThree {LONG}."
    blocks = [block(number, f"<p>{word} {LONG}</p>") for number, word in enumerate(("One", "Second", "Three"))]
    made = paged(markdown, blocks, None, 3)

    assert made.ends == (markdown.index("Three"), markdown.index("Three"), len(markdown))
    assert made.warnings == ("1 of 3 pages could not be found in the text: it counts to the pages before them",)


def test_blocks_come_as_a_list_in_a_list_under_a_name_or_as_a_tree() -> None:
    markdown = f"One {LONG}.\n\nTwo {LONG}."
    blocks = [block(0, f"<p>One {LONG}.</p>"), block(1, f"<p>Two {LONG}.</p>")]
    tree = {
        "block_type": "Document",
        "children": [
            {"id": f"/page/{number}/Page/9", "html": "<content-ref></content-ref>", "children": [part]}
            for number, part in enumerate(blocks)
        ],
    }
    counted = [{"html": part["html"], "page": number} for number, part in enumerate(blocks, 1)]
    expected = [f"One {LONG}.\n\n", f"Two {LONG}."]

    assert cut(markdown, blocks, 2) == expected
    assert cut(markdown, None, 2, {"blocks": blocks}) == expected
    assert cut(markdown, None, 2, tree) == expected
    assert cut(markdown, counted, 2) == expected


@pytest.mark.parametrize("first", [0, 1])
def test_marker_s_separators_are_taken_out_and_tell_the_pages(first: int) -> None:
    dashes = "-" * 48
    markdown = f"{{{first}}}{dashes}\n\n# One\n\n\n\n{{{first + 1}}}{dashes}\n\n\n\n{{{first + 2}}}{dashes}\n\nThree"

    assert cut(markdown, None, 3) == ["# One\n\n", "", "Three"]


@pytest.mark.parametrize(
    "markdown",
    [
        "text before\n\n{0}" + "-" * 48 + "\n\nOne",
        "{1}" + "-" * 48 + "\n\nOne\n\n{0}" + "-" * 48,
        "{7}" + "-" * 48 + "\n\nOne",
    ],
)
def test_separators_that_make_no_sense_are_text(markdown: str) -> None:
    made = paged(markdown, None, None, 3)

    assert (made.markdown, made.ends, len(made.warnings)) == (markdown, (), 1)


def test_one_page_needs_nobody_to_tell_where_it_ends() -> None:
    assert paged("text", None, None, 1).ends == (4,)
    assert paged("text", None, None, 1).warnings == ()


@pytest.mark.parametrize(
    "blocks", [[block(5, LONG)], [block(0, "another text than the one that is there " * 3)], [{}], 3]
)
def test_blocks_of_another_text_tell_nothing(blocks: Any) -> None:
    assert paged(f"This {LONG}.", blocks, blocks, 2).ends == ()


keys = st.sampled_from(["blocks", "children", "id", "html", "page", "metadata"])
plain = st.recursive(
    st.none() | st.integers(-2, 5) | st.text(max_size=20), lambda inner: st.lists(inner) | st.dictionaries(keys, inner)
)
blocks_of_words = st.lists(st.builds(block, st.integers(0, 4), st.text("abc \n<>&;#{}-[]()!", max_size=80)))


@given(st.text("abc \n<>{}-[]()!0", max_size=300), plain | blocks_of_words, plain, st.integers(1, 5))
def test_pages_cover_the_text_whatever_the_service_tells(markdown: str, chunks: Any, tree: Any, count: int) -> None:
    made = paged(markdown, chunks, tree, count)

    assert len(made.ends) in (0, count)
    assert list(made.ends) == sorted(made.ends)
    assert not made.ends or made.ends[-1] == len(made.markdown)


# a job under watch


class Service:
    """Stands in for `MarkerService`: `status` says by the time what a job is, `listed` which jobs there are."""

    def __init__(self, status: Callable[[float], str | Exception], listed: Callable[[float], list[str]] | None = None):
        self.looks: list[float] = []
        self._status, self._listed = status, listed

    async def job(self, job_id: str) -> Job:
        self.looks.append(now())
        said = self._status(now())
        if isinstance(said, Exception):
            raise said
        return Job(job_id=job_id, status=said)

    async def listing(self) -> Listing | None:
        if self._listed is None:
            return None
        return Listing.model_validate({"jobs": [{"job_id": name} for name in self._listed(now())]})


async def watched(service: Service, *, work_s: float = 100.0) -> str | ConversionError:
    """Return the status a job ended with, or why it did not."""
    limits = Limits(2.0, work_s, Patience(line_s=600.0, idle_s=60.0))
    try:
        return (await Watch(cast(MarkerService, service), "mine", limits).ended()).status
    except ConversionError as error:
        return error


def until(seconds: float, first: str, then: str) -> Callable[[float], str]:
    return lambda at: first if at < seconds else then


@virtual_clock
async def test_looks_become_rarer_but_stay_frequent() -> None:
    service = Service(until(120, "processing", "completed"))

    assert await watched(service, work_s=600) == "completed"
    pauses = [late - early for early, late in zip(service.looks, service.looks[1:], strict=False)]
    assert service.looks[0] == 2.0
    assert pauses == sorted(pauses)
    assert max(pauses) == 10.0


@virtual_clock
async def test_the_deadline_counts_from_when_the_work_begins() -> None:
    service = Service(lambda at: "pending" if at < 300 else "processing" if at < 390 else "completed")
    late = Service(until(300, "pending", "processing"))

    assert await watched(service) == "completed"
    assert str(await watched(late)) == "conversion_timeout: the service worked longer than 100 s"


@virtual_clock
async def test_a_job_waits_in_line_for_long_but_not_for_ever() -> None:
    error = await watched(Service(lambda at: "pending", lambda at: ["mine", "other"]))

    assert isinstance(error, InferenceDown)
    assert 600 <= now() <= 610


@virtual_clock
async def test_a_job_missing_while_others_are_worked_on_may_stand_in_line() -> None:
    assert await watched(Service(until(400, "pending", "completed"), lambda at: ["other"])) == "completed"


@virtual_clock
async def test_a_job_missing_while_no_worker_has_anything_is_given_a_moment() -> None:
    """A worker may be loading its models."""
    in_time = Service(until(50, "pending", "completed"), lambda at: [])

    assert await watched(in_time) == "completed"
    begun = now()
    assert isinstance(await watched(Service(lambda at: "pending", lambda at: [])), WorkerDied)
    assert 60 <= now() - begun <= 75


@virtual_clock
async def test_a_job_that_was_listed_and_is_not_any_more_is_gone() -> None:
    service = Service(lambda at: "pending", lambda at: ["mine", "other"] if at < 20 else ["other"])

    assert isinstance(await watched(service), WorkerDied)
    assert now() < 45


@virtual_clock
async def test_a_job_missing_once_is_not_missed() -> None:
    service = Service(until(30, "pending", "completed"), lambda at: [] if 10 < at < 16 else ["mine"])

    assert await watched(service) == "completed"


@virtual_clock
async def test_nine_looks_may_fail_in_a_row_and_the_tenth_may_not() -> None:
    def failing(times: int) -> Callable[[float], str | Exception]:
        left = [FetchError("http_500", status=500)] * times + ["processing"] + [FetchError("timeout")] * times
        return lambda at: left.pop(0) if left else "completed"

    assert await watched(Service(failing(9)), work_s=900) == "completed"
    error = await watched(Service(failing(10)), work_s=900)
    assert isinstance(error, InferenceDown)
    assert error.reason == "inference_unavailable"


@virtual_clock
async def test_a_watch_that_is_cancelled_ends() -> None:
    watching = asyncio.create_task(watched(Service(lambda at: "processing"), work_s=900))
    await asyncio.sleep(30)
    watching.cancel()

    with pytest.raises(asyncio.CancelledError):
        await watching


# what is asked for, and what is believed


def test_mode_and_options_choose_the_preset() -> None:
    assert preset(Settings(marker_mode="fast")) == "fast"
    assert preset(Settings(marker_options={"force_ocr": True})) == "quality"
    with pytest.raises(SettingsError, match="page_range"):
        preset(Settings(marker_options={"force_ocr": True, "page_range": "0"}))


def test_a_preset_that_means_something_else_is_another_one() -> None:
    assert definition("fast", {}) == "fast"
    assert definition("fast", {"fast": {"a": 1, "b": 2}}) == definition("fast", {"fast": {"b": 2, "a": 1}})
    assert definition("fast", {"fast": {"a": 1}}) != definition("fast", {"fast": {"a": 2}})
    with pytest.raises(SettingsError, match="only slow"):
        definition("fast", {"slow": {}})


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", "waiting"),
        ("STARTED", "working"),
        (" Completed ", "completed"),
        ("skipped", "failed"),
        ("", "working"),
    ],
)
def test_every_name_of_a_state_means_one(status: str, state: str) -> None:
    assert Job(job_id="a", status=status).state == state


def test_versions_are_told_in_one_line() -> None:
    health = Health.model_validate({"version": 2, "marker_version": "2.0\n.0", "surya_version": "0.22", "gpu": "x"})

    assert health.versions == "2+marker-pdf/2.0 .0+surya-ocr/0.22"
    assert Health().versions == ""


def test_words_of_a_service_are_short_and_hold_no_keys() -> None:
    assert words("a\n b  https://user:pw@h/x?token=abcdefgh#top c") == "a b https://h/x?token=*** c"
    assert len(words("x" * 1000)) == 300
    assert words(None) == ""


def test_an_outline_is_believed_only_as_a_whole() -> None:
    contents = {"table_of_contents": [{"title": "A\nB", "heading_level": None, "page_id": 2}], "page_stats": [{}]}
    told = Result.model_validate({"markdown": "", "json": {"metadata": contents}})
    wrong = Result.model_validate({"markdown": "", "json": {"metadata": {"table_of_contents": [{"title": "A"}]}}})

    assert told.outline().plain() == {
        "table_of_contents": [{"title": "A B", "level": 1, "page": 3}],
        "methods": ["none"],
    }
    assert wrong.outline().plain() == {"table_of_contents": [], "methods": []}


# the text against the PDF


def text_of(*words: int) -> tuple[str, tuple[int, ...]]:
    """Return a text with pages of so many words of five letters, and where they end."""
    pages = ["seven " * count for count in words]
    return "".join(pages), tuple(accumulate(map(len, pages)))


def test_a_page_without_its_text_is_not_believed() -> None:
    lost = Paged(*text_of(600, 0, 600))

    with pytest.raises(ConversionError, match=r"implausible_text: 0 of 3000 letters and digits of page 2"):
        check_text(lost, Outline(), [3000, 3000, 3000])
    assert check_text(lost, Outline(), [3000, 30, 3000]) == ("no text on page 2",)


def test_a_page_that_is_a_picture_may_be_without_its_text() -> None:
    stats = [{}, {"block_counts": [["Figure", 1], ["Line", 9]]}]

    assert check_text(Paged(*text_of(600, 0)), Outline.model_validate({"page_stats": stats}), [3000, 900])


def test_where_pages_end_nobody_knows_the_text_is_measured_as_one() -> None:
    text, _ = text_of(600)

    assert check_text(Paged(text), Outline(), [3000, 2000, -1]) == ()
    with pytest.raises(ConversionError, match="implausible_text: 3000 of 9000 letters"):
        check_text(Paged(text), Outline(), [3000, 3000, 3000])


def test_a_scan_that_was_not_read_is_not_believed() -> None:
    with pytest.raises(ConversionError, match="implausible_text"):
        check_text(Paged("", (0, 0)), Outline(), [0, 0])
    assert check_text(Paged(*text_of(600, 600)), Outline(), [0, 0]) == ()
