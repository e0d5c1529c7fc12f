"""The command line as a user meets it: real child processes, real signals, a real terminal, real HTTP on loopback."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.loopback import Internet, Route
from core.loopback.corpus import LIBRARY
from core.metadata import PaperMetadata
from tests.library import PDFS, SAMPLE_PLAN, plan

CLI = (sys.executable, "-m", "workflows.research.academic_lit_review.cli")
#: Makes the standard input the controlling terminal, so that Ctrl-C there is a signal here.
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
FAILING = "10.5555/alr.sample.11"


def environment(options: dict[str, object], home: Path) -> dict[str, str]:
    """Return what leads a child process to the loopback internet, and to nothing else."""
    told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in options.items()}
    told |= {"allow_networks": "127.0.0.0/8", "home": str(home / "home")}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LIT_REVIEW_", "NO_COLOR", "FORCE"))}
    return kept | {f"LIT_REVIEW_{key.upper()}": value for key, value in told.items()} | {"PYTHONUNBUFFERED": "1"}


@asynccontextmanager
async def child(
    net: Internet | None, folder: Path, *arguments: str, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `lit-review` in a process group of its own, and see that it is gone in the end."""
    process = await asyncio.create_subprocess_exec(
        *CLI,
        *arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(net.options() if net else {}, folder) | variables,
        start_new_session=True,
        limit=2**20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()


async def lit_review(net: Internet | None, folder: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Run `lit-review` to its end; return exit status, standard output and standard error."""
    async with child(net, folder, *arguments, **variables) as process:
        out, err = await process.communicate()
    assert process.returncode is not None
    assert "Traceback" not in err.decode(), err.decode()
    return process.returncode, out.decode(), err.decode()


def listed(folder: Path, papers: Sequence[PaperMetadata]) -> str:
    path = folder / "papers.jsonl"
    path.write_text("".join(json.dumps(paper) + "\n" for paper in papers), encoding="utf-8")
    return str(path)


def exported(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8-sig") for path in folder.iterdir()}


# starting


def test_help_is_shown_without_loading_what_reads_papers() -> None:
    code = (
        "import sys\nfrom workflows.research.academic_lit_review.cli import main\n"
        "try: main(['read', '--help'])\nexcept SystemExit as end: assert end.code == 0\n"
        "heavy = {'langgraph', 'pydantic', 'rich', 'httpx', 'asyncio', 'bibtexparser'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "INPUT is a DOI" in done.stdout


async def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    assert await lit_review(None, tmp_path, "--version") == (0, "lit-review 0.1.0\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required: COMMAND"),
        (("read",), "required: INPUT"),
        (("read", "nonsense"), "'nonsense' is not recognised\nAccepted are:"),
        (("read", "gone.bib"), "gone.bib: no such file"),
        (("read", "10.1/x", "--max-concurrent", "0"), "'0' is not a number from 1 on"),
        (("read", "10.1234/x", "--converter", "nougat"), "unknown converter 'nougat'"),
        (("read", "10.1234/x", "--out", "/dev/null/x"), "--out /dev/null/x: cannot be written"),
    ],
)
async def test_wrong_usage_is_exit_status_2_and_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    status, out, err = await lit_review(None, tmp_path, *arguments)
    assert (status, out) == (2, "")
    assert said in err


async def test_nothing_is_begun_when_the_results_could_not_be_written(tmp_path: Path) -> None:
    await lit_review(None, tmp_path, "read", "10.1234/x", "--out", "/dev/null/x")
    assert not (tmp_path / "home").exists()


async def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LIT_REVIEW_MAX_DOWNLOADS=many\n")
    status, _, err = await lit_review(None, tmp_path, "read", "10.1234/x")
    assert status == 2
    assert err.startswith(
        "lit-review: max_downloads (LIT_REVIEW_MAX_DOWNLOADS) is 'many': Input should be a valid integer"
    )


# reading


async def test_the_samples_are_read_and_the_second_run_takes_them_from_the_cache(tmp_path: Path) -> None:
    async with Internet(SAMPLE_PLAN) as net:
        papers = listed(tmp_path, net.papers)
        status, out, err = await lit_review(net, tmp_path, "read", papers, "--out", "texts")
        assert status == 3
        assert len(out.splitlines()) == 12
        assert out.count("converted  ") == 11
        assert "failed     -                  What a degree costs" in out
        assert "11 of 12 papers read, 1 failed; texts in texts" in err
        assert "[12/12]" in err

        asked = len(net.requests)
        status, out, err = await lit_review(net, tmp_path, "read", papers)
        assert status == 3
        assert out.count("cached ") == 11
        assert len(net.requests) == asked

        status, out, err = await lit_review(net, tmp_path, "read", papers, "--converter", "text-layer", "--upgrade")
        assert out.count("cached ") == 11
        assert "reading 12 papers with text-layer (named in the settings)" in err


async def test_the_results_are_files(tmp_path: Path) -> None:
    async with Internet(SAMPLE_PLAN) as net:
        await lit_review(net, tmp_path, "read", listed(tmp_path, net.papers), "--out", "texts")

    files = exported(tmp_path / "texts")
    outcomes = [json.loads(line) for line in files["outcomes.jsonl"].splitlines()]
    read = {outcome["paper_id"]: files[outcome["markdown"]] for outcome in outcomes if outcome["status"] == "converted"}
    assert len(outcomes) == 12
    assert len(read) == 11 == len(files) - 2
    assert all(text.startswith(f'---\nid: "{paper_id}"\n') and len(text) > 3000 for paper_id, text in read.items())
    [gone] = csv.DictReader(files["missing.csv"].splitlines(keepends=True))
    assert gone["id"] == FAILING
    assert {line.split(" ")[0] for line in gone["tried"].splitlines()} >= {"oa_url", "retrieve-academic"}
    assert "http_404" in gone["tried"]
    assert "paywall" in gone["tried"]


async def test_all_read_is_exit_status_0_and_json_is_for_programs(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),), service=False)) as net:
        status, out, _ = await lit_review(net, tmp_path, "read", listed(tmp_path, net.papers), "--json")
    assert status == 0
    [outcome] = map(json.loads, out.splitlines())
    assert (outcome["paper_id"], outcome["status"]) == (PDFS[0].id, "converted")


async def test_pdfs_on_disk_are_read_where_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(LIBRARY / "01.pdf", folder / "good.pdf")
    (folder / "page.pdf").write_text("<html><title>Log in</title></html>")
    status, out, _ = await lit_review(None, tmp_path, "read", "mine", "--retrieve-url", "")
    assert status == 3
    assert sorted(line.split()[0] for line in out.splitlines()) == ["converted", "failed"]
    assert "local              Canopy cover" in out
    assert "page.pdf" in out
    assert (folder / "good.pdf").exists()


async def test_a_failure_is_believed_until_it_is_asked_for_again(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url", fault="http_404", times=1),), service=False)) as net:
        papers = listed(tmp_path, net.papers)
        assert (await lit_review(net, tmp_path, "read", papers))[0] == 3
        status, out, _ = await lit_review(net, tmp_path, "read", papers)
        assert status == 3
        assert "known from an earlier run" in out
        assert (await lit_review(net, tmp_path, "read", papers, "--retry-failed"))[0] == 0


async def test_notes_about_the_input_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),), service=False)) as net:
        papers = Path(listed(tmp_path, net.papers))
        papers.write_text(papers.read_text() + "{broken\n")
        status, _, err = await lit_review(net, tmp_path, "read", str(papers))
    assert status == 0
    assert "papers.jsonl, line 2: not JSON" in err


async def test_a_reader_that_leaves_is_no_crash(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        net = await stack.enter_async_context(Internet(plan((Route("oa_url"),), service=False)))
        process = await stack.enter_async_context(child(net, tmp_path, "read", listed(tmp_path, net.papers)))
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        assert process.stderr
        err = await process.stderr.read()
        assert await process.wait() == 1
    assert b"Traceback" not in err


# in a terminal


def in_terminal(
    arguments: Sequence[str], folder: Path, options: dict[str, object], **variables: str
) -> tuple[int, Callable[[], tuple[int, str]]]:
    """Start `lit-review` in a terminal; return its keyboard, and what waits for it and gives exit status and screen."""
    ours, theirs = pty.openpty()
    env = environment(options, folder) | {"TERM": "xterm-256color", "COLUMNS": "100", **variables}
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *CLI, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=env,
        start_new_session=True,
    )
    os.close(theirs)

    def finish() -> tuple[int, str]:
        screen = b""
        while True:
            try:
                screen += os.read(ours, 65536)
            except OSError:  # the terminal is gone with its last process
                break
        os.close(ours)
        return process.wait(), screen.decode()

    return ours, finish


async def test_a_terminal_shows_bars_and_a_table(tmp_path: Path) -> None:
    async with Internet(SAMPLE_PLAN) as net:
        _, finish = in_terminal(("read", listed(tmp_path, net.papers)), tmp_path, net.options())
        status, screen = await asyncio.to_thread(finish)
    assert status == 3
    assert "obtained" in screen
    assert "11/11" in screen
    assert "\x1b[?25l" in screen  # the cursor is hidden while bars are drawn
    assert screen.index("\x1b[?25h") < screen.index("outcome")  # and is back
    assert "11 of 12 papers read, 1 failed" in screen


@pytest.mark.parametrize(("option", "variables"), [((), {"NO_COLOR": "1"}), (("--plain",), {}), ((), {"TERM": "dumb"})])
async def test_who_wants_plain_lines_gets_them(
    tmp_path: Path, option: tuple[str, ...], variables: dict[str, str]
) -> None:
    async with Internet(plan((Route("oa_url"),), service=False)) as net:
        _, finish = in_terminal(("read", listed(tmp_path, net.papers), *option), tmp_path, net.options(), **variables)
        status, screen = await asyncio.to_thread(finish)
    assert status == 0
    assert "\x1b[?25l" not in screen
    assert "[1/1] converted" in screen


# stopping


async def seen(process: asyncio.subprocess.Process, words: str, times: int = 1) -> str:
    """Read standard error until `words` came `times` times."""
    assert process.stderr
    text = ""
    while text.count(words) < times:
        line = await process.stderr.readline()
        assert line, f"ended before {words!r}: {text}"
        text += line.decode()
    return text


def gone(processes: Sequence[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_stopping_is_clean_and_the_next_run_goes_on(tmp_path: Path, number: signal.Signals, status: int) -> None:
    async with Internet(plan(*[(Route("oa_url"),)] * 4, (Route("retrieve"),))) as net:
        papers = listed(tmp_path, net.papers)
        net.hold(f"job:{PDFS[4].id}")
        async with child(net, tmp_path, "read", papers) as process:
            await seen(process, "] converted", times=4)
            await net.until(lambda: net.submits[PDFS[4].id] == 1)
            started = psutil.Process(process.pid).children(recursive=True)
            assert started
            os.killpg(process.pid, number)
            out, err = await process.communicate()
        assert process.returncode == status
        assert out == b""
        assert err.decode().splitlines()[-2:] == ["stopping ...", "stopped; run the same command again to go on"]
        assert gone(started)
        assert not [path for path in (tmp_path / "home" / "tmp").rglob("*") if path.is_file()]

        net.release(f"job:{PDFS[4].id}")
        result = await lit_review(net, tmp_path, "read", papers)
        assert result[0] == 0
        assert result[1].count("cached ") == 4
        assert result[1].count("converted ") == 1
        assert net.submits[PDFS[4].id] == 1


async def test_ctrl_c_in_a_terminal_gives_it_back(tmp_path: Path) -> None:
    async with Internet(plan((Route("retrieve"),))) as net:
        net.hold(f"job:{PDFS[0].id}")
        keys, finish = in_terminal(("read", listed(tmp_path, net.papers)), tmp_path, net.options())
        async with asyncio.TaskGroup() as group:
            screen = group.create_task(asyncio.to_thread(finish))
            await net.until(lambda: net.submits[PDFS[0].id] == 1)
            os.write(keys, b"\x03")
        status, text = screen.result()
    assert status == 130
    assert text.endswith("stopped; run the same command again to go on\r\n")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


async def test_a_run_stopped_while_it_converts_blames_no_paper(tmp_path: Path) -> None:
    """The converting processes do not see the Ctrl-C of the terminal."""
    async with Internet(plan(*[(Route("oa_url"),)] * 6, service=False)) as net:
        papers = listed(tmp_path, net.papers)
        async with child(net, tmp_path, "read", papers) as process:
            await seen(process, "] converting")
            os.killpg(process.pid, signal.SIGINT)
            await process.communicate()
        assert process.returncode == 130
        status, out, _ = await lit_review(net, tmp_path, "read", papers)
    assert status == 0
    assert "failed" not in out


# the demo


async def test_the_demo_ends_as_it_says(tmp_path: Path) -> None:
    status, out, err = await lit_review(None, tmp_path, "demo", "--out", "demo")
    assert status == 0, out + err
    assert "expected: 11 read, 1 failed with its reason" in err
    assert "first run: 11 of 12 papers read, 1 failed in " in out
    assert "as expected; texts in demo" in out
    assert "second run: 11 of 12 from the cache in " in out
    assert out.split("from the cache in ")[1].count("\n  | ") == 3
    assert ", page " in out
    assert {"missing.csv", "outcomes.jsonl", "store"} <= {path.name for path in (tmp_path / "demo").iterdir()}
    review = (tmp_path / "demo" / "review" / "review.html").read_text()
    assert "open demo/review/review.html" in out
    assert review.count('class="cite"') > 20


async def test_the_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    status, _, _ = await lit_review(None, tmp_path, "demo", TMPDIR=str(tmp_path))
    assert status == 0
    assert list(tmp_path.iterdir()) == []


async def test_the_demo_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError('no starlette', name='starlette')")
    status, out, err = await lit_review(None, tmp_path, "demo", PYTHONPATH=str(tmp_path))
    assert (status, out) == (2, "")
    assert err == 'lit-review: the demo needs starlette: pip install "academic-lit-review[demo]"\n'


# bare identifiers


async def test_a_bare_identifier_becomes_a_record_by_the_catalogues(tmp_path: Path) -> None:
    sample = SAMPLE_PLAN.papers[0]
    known = replace(sample, metadata={**sample.metadata, "pmid": "31234567"})
    async with Internet(replace(SAMPLE_PLAN, papers=(known,))) as net:
        status, out, _ = await lit_review(net, tmp_path, "read", "pmid:31234567", "--json")
    outcome = json.loads(out)
    assert (status, outcome["status"]) == (0, "converted")
    assert (outcome["doi"], outcome["title"]) == (known.metadata["doi"], known.metadata["title"])


async def test_a_bare_identifier_is_read_without_the_catalogues_too(tmp_path: Path) -> None:
    async with Internet(SAMPLE_PLAN) as net:
        doi = next(paper.id for paper in SAMPLE_PLAN.papers if paper.route("landing"))
        status, out, err = await lit_review(net, tmp_path, "read", doi, "--json", LIT_REVIEW_CATALOGUES="[]")
    assert (status, json.loads(out)["status"]) == (0, "converted"), err
