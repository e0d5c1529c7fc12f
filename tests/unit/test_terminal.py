"""What a run looks like, in a terminal and in a log, and how its outcomes are told."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from core.progress import ProgressEvent, Stage, Status
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.report import label, report, summary
from workflows.research.academic_lit_review.terminal import Display, Lines, Names, Tally, named, sentence, view, why


def event(status: Status, paper_id: str = "", done: int = 0, stage: Stage = "run", **detail: Any) -> ProgressEvent:
    return {"stage": stage, "status": status, "paper_id": paper_id, "done": done, "total": 12, "detail": detail}


def console(*, terminal: bool = False, **options: Any) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, _environ={"TERM": "xterm"}, **options)


def written(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (event("started"), "reading 12 papers"),
        (event("started", converter="text-layer"), "reading 12 papers with text-layer"),
        (
            event("started", converter="text-layer", why="Marker is not installed"),
            "reading 12 papers with text-layer (Marker is not installed)",
        ),
        (event("finished", read=11, failed=1), "done: 11 of 12 read"),
        (event("note", stage="acquire", explanation="service down"), "acquire note: service down"),
        (event("note", stage="cache", error="no answer"), "cache note: error no answer"),
        (
            event("acquired", "10.1/x", 3, source="pmc", bytes=1_234_567, title="Salt"),
            "[ 3/12] acquired   Salt (pmc, 1.2 MB)",
        ),
        (event("converting", "10.1/x", pages=9), "[ 0/12] converting 10.1/x (9 pages)"),
        (event("converted", "10.1/x", 4, pages=9, seconds=0.51), "[ 4/12] converted  10.1/x (9 pages, 0.5 s)"),
        (
            event("converted", "10.1/x", 4, pages=9, seconds=0.51, why="routed to marker: 9 of 9 pages are scans"),
            "[ 4/12] converted  10.1/x (9 pages, 0.5 s, routed to marker: 9 of 9 pages are scans)",
        ),
        (event("converted", "10.1/x", 4, seconds=0.0), "[ 4/12] converted  10.1/x (text, 0.0 s)"),
        (event("cached", "10.1/x", 4, pages=9, seconds=0.0), "[ 4/12] cached     10.1/x (9 pages)"),
        (
            event("failed", "10.1/x", 5, reason="no_location", title="Salt"),
            "[ 5/12] failed     Salt (no_location: no source knows where a full text could be)",
        ),
        (event("waiting", "10.1/x", 5), "[ 5/12] waiting    10.1/x"),
        (
            event("waiting", "10.1/x", 5, reason="conversion_failed"),
            "[ 5/12] waiting    10.1/x (conversion_failed: the converter gave up on the file)",
        ),
    ],
)
def test_an_event_is_one_sentence(told: ProgressEvent, line: str) -> None:
    assert sentence(told, Names().of(told)) == line


def test_what_a_stranger_wrote_cannot_command_the_terminal() -> None:
    told = event("failed", "10.1/x", reason="not_pdf", explanation="\x1b]0;x\x07\u202etitle", title="a\r\nb")
    assert sentence(told, Names().of(told)) == "[ 0/12] failed     a b (not_pdf: ]0;x title)"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("paywall", "paywall: the page offers the text for money or to subscribers"),
        ("http_403", "http_403: the server said no"),
        ("bot_wall:cloudflare", "bot_wall:cloudflare"),
    ],
)
def test_a_reason_is_explained(reason: str, told: str) -> None:
    assert why(reason) == told
    assert why(reason, "landing: more is known") == f"{reason}: landing: more is known"


def test_a_paper_is_called_by_its_title_its_file_or_its_id() -> None:
    assert named("Salt", "/a/b.pdf", "10.1/x") == "Salt"
    assert named("", "/a/b.pdf", "sha256:0") == "b.pdf"
    assert named("", "file:///a/my%20paper.pdf", "sha256:0") == "my paper.pdf"
    assert named("", "https://example.org/b.pdf", "10.1/x") == "10.1/x"
    assert named("", "", "sha256:" + "0123456789abcdef" * 4) == "sha256:0123456789ab"


def test_a_name_once_told_is_remembered() -> None:
    names = Names()
    assert names.of(event("started", "sha256:0")) == "sha256:0"
    assert names.of(event("acquired", "sha256:0", url="file:///a/b.pdf")) == "b.pdf"
    assert names.of(event("converting", "sha256:0")) == "b.pdf"


# the live display


def test_the_tally_counts_what_happened() -> None:
    tally = Tally()
    for told in (
        event("started"),
        event("cached", "a"),
        event("acquired", "b"),
        event("converting", "b", title="Salt"),
        event("converting", "stored"),
        event("failed", "c"),
    ):
        tally.take(told, str(told["detail"].get("title", told["paper_id"])))
    assert (tally.total, tally.obtained, tally.read, tally.failed) == (12, {"a", "b", "stored"}, {"a"}, {"c"})
    assert tally.summary() == "1 from the cache · 1 failed · converting Salt; stored"

    tally.take(event("converted", "b"), "b")
    tally.take(event("failed", "stored"), "stored")
    assert tally.current == {}
    assert tally.summary() == "1 from the cache · 2 failed"


def test_many_papers_at_work_are_cut_short() -> None:
    tally = Tally()
    for number in range(6):
        tally.take(event("converting", str(number)), str(number))
    assert tally.summary() == "converting 0; 1; 2; 3 and 2 more"


def test_the_display_draws_bars_and_keeps_failures_above_them() -> None:
    shown = console(terminal=True)
    with Display(shown) as display:
        display(event("started"))
        display(event("acquired", "a"))
        display(event("converted", "a", 1))
        display(event("failed", "[bold]b", 2, reason="paywall"))
        display.say("stopping ...")
    text = written(shown)
    assert "failed     [bold]b (paywall" in text
    assert "stopping ..." in text
    assert "obtained" in text
    assert "1/11" in text.split("stopping ...")[-1]


def test_the_display_is_for_terminals_that_can_show_it() -> None:
    assert isinstance(view(console(terminal=True)), Display)
    assert isinstance(view(console(terminal=True), plain=True), Lines)
    assert isinstance(view(console(terminal=True, no_color=True)), Lines)
    assert isinstance(view(console()), Lines)


def test_lines_are_not_wrapped() -> None:
    shown = console()
    with view(shown) as lines:
        lines(event("failed", "x" * 300, reason="paywall"))
    assert written(shown).count("\n") == 1


# the end

READ: Outcome = {
    "paper_id": "10.1/read",
    "title": "Salt",
    "status": "converted",
    "source": "pmc",
    "url": "https://example.org/a.pdf",
    "pages": 1,
    "chars": 12345,
}
CACHED: Outcome = {
    "paper_id": "sha256:0",
    "status": "cached",
    "source": "local",
    "url": "file:///home/me/b.pdf",
    "chars": 5,
}
FAILED: Outcome = {
    "paper_id": "10.1/gone",
    "status": "failed",
    "reason": "paywall",
    "tried": [{"source": "landing", "url": "https://b.example", "verdict": "paywall", "detail": ""}],
}


def test_the_outcomes_are_one_line_each_in_a_pipe() -> None:
    shown = console()
    report([READ, CACHED, FAILED], shown)
    assert written(shown).splitlines() == [
        "converted  pmc                Salt (1 page, 12,345 chars)",
        "cached     local              b.pdf (5 chars)",
        "failed     -                  10.1/gone (paywall: the page offers the text for money or to subscribers; 1 tried)",
    ]


def test_the_outcomes_are_a_table_in_a_terminal() -> None:
    shown = console(terminal=True)
    report([READ, FAILED], shown)
    assert "outcome" in written(shown)
    assert "Salt" in written(shown)


def test_the_outcomes_are_json_when_asked_for() -> None:
    shown = console(terminal=True)
    report([READ, FAILED], shown, as_json=True)
    assert [json.loads(line) for line in written(shown).splitlines()] == [READ, FAILED]


def test_a_refused_file_of_the_user_is_called_by_its_name() -> None:
    attempt = {"source": "local", "url": "/home/me/b.pdf", "verdict": "not_pdf", "detail": ""}
    assert label({"paper_id": "sha256:0", "status": "failed", "tried": [attempt]}) == "b.pdf"  # type: ignore[list-item]


def test_the_summary_counts() -> None:
    assert summary([READ, CACHED, FAILED]) == "2 of 3 papers read, 1 from the cache, 1 failed"
    assert summary([READ]) == "1 of 1 paper read"
