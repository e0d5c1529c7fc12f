"""`lit-review review` as a user meets it: child processes, real signals, a loopback internet."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.loopback import Internet, Plan
from tests.integration.test_cli import child, lit_review, seen

QUESTION = ("review", "Street trees and urban heat", "--questions", "Do street trees cool the air by day?")
SMALL = ("--quality", "test", "--email", "reader@library.net")


async def test_a_question_becomes_files(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        status, out, err = await lit_review(net, tmp_path, *QUESTION, *SMALL, "--out", "out")

    assert status == 0, err
    assert out == ""
    assert err.splitlines()[-2].startswith("success: a review of 4 papers")
    assert err.splitlines()[-1] == "review in out/review.html"
    assert "searching: street trees urban heat" in err
    assert "[4/4] converted" in err
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (run["status"], run["mode"]) == ("success", "extractive")


async def test_without_a_folder_the_review_is_printed(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        status, out, _ = await lit_review(net, tmp_path, *QUESTION, *SMALL)

    assert status == 0
    assert out.startswith("# Street trees and urban heat")
    assert "## References" in out


async def test_nothing_found_is_told_by_the_exit_status_too(tmp_path: Path) -> None:
    async with Internet(Plan(())) as net:
        status, out, err = await lit_review(net, tmp_path, *QUESTION, *SMALL)

    assert status == 3
    assert out.startswith("# Street trees and urban heat")
    assert err.splitlines()[-2:] == [
        "failed: a review of 0 papers, 0 of them read in full",
        "  no paper was found for this question",
    ]


async def test_a_dry_run_says_what_it_will_cost_and_asks_nobody(tmp_path: Path) -> None:
    async with Internet.samples() as net:
        status, out, _ = await lit_review(net, tmp_path, *QUESTION, "--quality", "quick", "--dry-run")
        assert status == 0
        assert re.fullmatch(
            r"a review of at most 30 papers: about \d+ requests, \d+ credits of OpenAlex, no model, \d+ minutes\n", out
        )
        _, out, _ = await lit_review(net, tmp_path, *QUESTION, "--dry-run", "--model", "some:model")
        assert "tokens of the model" in out
        assert net.requests == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("review", " "), "the topic is empty"),
        (("review", "Bees", "--quality", "best"), "there is no quality 'best'"),
        (("review", "Bees", "--years", "2020:2010"), "the date range is reversed"),
        (("review", "Bees", "--language", "klingon"), "no language code"),
        (("review", "Bees", "--seeds", "nothing.bib"), "nothing.bib"),
        (("review", "Bees", "--model", "nobody:model"), "nobody:model"),
    ],
)
async def test_what_cannot_be_worked_with_is_told(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    async with Internet(Plan(())) as net:
        status, out, err = await lit_review(net, tmp_path, *arguments)

    assert (status, out) == (2, "")
    assert told in err
    assert net.requests == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
async def test_a_run_that_was_stopped_goes_on_with_the_same_command(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    async with Internet.samples() as net:
        net.hold("repository")
        async with child(net, tmp_path, *QUESTION, *SMALL, "--out", "out") as process:
            await seen(process, "reading 4 papers")
            await net.until(lambda: bool(net.asked(host="repository")))
            os.killpg(process.pid, number)
            await process.communicate()
        assert process.returncode == status
        net.release("repository")
        searched = len(net.asked(host="openalex"))
        assert searched
        again, _, err = await lit_review(net, tmp_path, *QUESTION, *SMALL, "--out", "out")

    assert again == 0, err
    assert "searching" not in err
    assert len(net.asked(host="openalex")) == searched
    assert (tmp_path / "out" / "review.html").exists()
    assert kept(tmp_path) == 0


def kept(folder: Path) -> int:
    """Return how many checkpoints of finished runs are left."""
    with closing(sqlite3.connect(folder / "home" / "reviews.sqlite")) as runs:
        count: int = runs.execute("select count(*) from checkpoints").fetchone()[0]
    return count
