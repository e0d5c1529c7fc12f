from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.stores.papers import PaperStore
from tests.storing import faults, named, objects, pdf

ROOT = Path(__file__).parents[2]
KILLS = 20


def child(*arguments: object) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "tests.storechild", *map(str, arguments)]


def killed_while_adding(home: Path, first: int, lines: int) -> list[str]:
    """Let a process add papers, kill it after that many, at whatever it does then; return what it had announced."""
    command = child("adds", home, first, 10_000)
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        announced = [process.stdout.readline().strip() for _ in range(lines)]
        process.kill()
        announced += process.stdout.read().split("\n")
    return [line for line in announced if line.startswith("10.1/")]


async def test_after_kill_9_at_random_nothing_announced_is_lost_and_nothing_is_torn(tmp_path: Path) -> None:
    rng, announced = random.Random(7), []
    for kill in range(KILLS):
        announced += killed_while_adding(tmp_path, kill * 10_000, rng.randrange(2, 12))
        assert faults(tmp_path) == []
    async with PaperStore.open(tmp_path) as store:
        holdings = await store.lookup(announced, rank=10, fingerprint="fake/1")
        assert [name for name, holding in holdings.items() if not (holding.text and holding.file)] == []
        assert (await store.verify()).damaged == ()
        assert objects(tmp_path) == named(tmp_path)
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.fixture
def crashed(tmp_path: Path) -> tuple[list[Path], dict[Path, str]]:
    """Return the homes of processes killed at one of their calls each, and which paper they had announced, if any."""
    step = int(os.environ.get("LIT_REVIEW_CRASH_STEP", "13"))
    output = subprocess.check_output(child("crashes", tmp_path, 1, step), cwd=ROOT, text=True).splitlines()
    assert [line for line in output if not line.startswith("read: ")] == []
    homes = list(tmp_path.iterdir())
    assert len(homes) * step > 300
    return homes, {Path(home): paper_id for _, home, paper_id in map(str.split, output)}


@pytest.mark.timeout(300)
async def test_after_kill_9_at_chosen_calls_the_next_opening_finds_everything_whole(
    crashed: tuple[list[Path], dict[Path, str]],
) -> None:
    homes, announced = crashed
    for home in homes:
        async with PaperStore.open(home) as store:
            name = announced.get(home, "none")
            holding = (await store.lookup([name], rank=10, fingerprint="fake/1"))[name]
            assert bool(holding.text) == bool(holding.file) or name == "none"
            assert name == "none" or holding.text
            await store.verify()
        assert faults(home) == []
        assert objects(home) == named(home)
        assert list((home / "tmp").iterdir()) == []


def test_a_full_disk_is_a_clear_error_and_loses_nothing(tmp_path: Path) -> None:
    disk, mine = tmp_path / "disk", tmp_path / "mine.pdf"
    disk.mkdir()
    mine.write_bytes(pdf(1))
    mount = 'mount -t tmpfs -o size=3m none "$0" && exec "$@"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(disk)]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs user namespaces, to mount a small disk")
    output = subprocess.check_output([*command, *child("fills", disk / "home", mine)], cwd=ROOT, text=True)
    *errors, left_over, lost, faults_and_orphans = output.splitlines()
    assert len(errors) == 2
    for error in errors:
        assert error.startswith(f"the paper store at {disk / 'home'}: ")
        assert "the disk is full: free some space and run again" in error
    assert (left_over, lost, faults_and_orphans) == ("left over: []", "lost: set()", "faults: [] orphans: set()")
