from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from core.stores.papers import PaperStore
from tests.storing import faults, named, objects

ROOT = Path(__file__).parents[2]


@contextmanager
def child(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-m", "tests.storechild", *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def together(home: Path, *ranges: tuple[int, int]) -> list[str]:
    """Let one process for each range of papers open the store at the same moment; return what they announced."""
    with ExitStack() as stack:
        processes = [stack.enter_context(child("adds", home, *papers)) for papers in ranges]
        assert [line(process) for process in processes] == ["ready"] * len(processes)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate() for process in processes]
        assert [(process.returncode, errors) for process, (_, errors) in zip(processes, outputs, strict=True)] == [
            (0, "")
        ] * len(processes)
    return [name for output, _ in outputs for name in output.split()]


async def test_four_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    announced = together(tmp_path, (0, 30), (20, 30), (40, 30), (20, 30))
    assert len(announced) == 120
    assert faults(tmp_path) == []
    async with PaperStore.open(tmp_path) as store:
        holdings = await store.lookup(announced, rank=10, fingerprint="fake/1")
        assert len(holdings) == 70
        assert [name for name, held in holdings.items() if not (held.text and held.file) or held.job] == []
        assert (await store.stats()).papers == 70
        assert objects(tmp_path) == named(tmp_path)
        assert len(objects(tmp_path)) == 140


@pytest.mark.parametrize("attempt", range(3))
def test_a_new_store_can_be_made_by_several_processes_at_once(tmp_path: Path, attempt: int) -> None:
    assert len(together(tmp_path, *((number, 1) for number in range(5)))) == 5
    assert faults(tmp_path) == []


async def test_the_scratch_of_a_living_process_is_left_alone_and_that_of_a_dead_one_swept(tmp_path: Path) -> None:
    with child("holds", tmp_path) as process:
        scratch = Path(line(process))
        async with PaperStore.open(tmp_path):
            assert [path.parent for path in (tmp_path / "tmp").glob("*/*")] == [scratch]
        process.kill()
        process.wait()
        async with PaperStore.open(tmp_path) as store:
            assert [path for path in (tmp_path / "tmp").iterdir() if path.is_dir()] == [store.scratch]


async def test_two_processes_have_one_open_job_between_them(tmp_path: Path) -> None:
    async with PaperStore.open(tmp_path) as first, PaperStore.open(tmp_path) as second:
        mine = await first.open_job("10.1/a", service="s", idempotency_key="k")
        assert await second.open_job("10.1/a", service="s", idempotency_key="k") == mine
        await second.job_submitted("10.1/a", "s", "job-1", 5.0)
        assert (await first.open_job("10.1/a", service="s", idempotency_key="k")).job_id == "job-1"
    with closing(sqlite3.connect(tmp_path / "papers.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM jobs").fetchone() == (1,)


async def test_what_one_process_has_written_the_other_reads(tmp_path: Path) -> None:
    async with PaperStore.open(tmp_path) as store:
        together(tmp_path, (0, 2))
        assert (await store.lookup(["10.1/1"], rank=10, fingerprint="fake/1"))["10.1/1"].text is not None
