"""Worker processes and their parent: they never run its script again, and neither survive nor interrupt it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.contained import contained, until

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _contained() -> Iterator[None]:
    with contained():
        yield


SCRIPT = """
import asyncio, os, signal, sys
from core.conversion.workers import Memory, Workers
print("main runs", flush=True)

async def main(function, *args):
    async with Workers(f"tests.workerfns:{function}", slots=1, memory=Memory(1 << 30)) as pool:
        await pool.warm()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: print("interrupted", flush=True))
        print(*pool.pids, flush=True)
        print(await pool.run(*args, deadline=float(os.environ.get("DEADLINE", "60"))), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def start(path: Path, *args: object, **env: str) -> subprocess.Popen[str]:
    path.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, path, *map(str, args)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )


def line(parent: subprocess.Popen[str]) -> str:
    assert parent.stdout is not None
    return parent.stdout.readline().strip()


def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    with start(tmp_path / "script.py", "echo", "hello") as parent:
        out, _ = parent.communicate(timeout=30)
    assert out.split("\n")[0] == "main runs"
    assert out.count("main runs") == 1
    assert out.endswith("\nhello\n")


def test_a_script_from_standard_input_works() -> None:
    done = subprocess.run(
        [sys.executable, "-", "echo", "hello"], input=SCRIPT, capture_output=True, text=True, cwd=ROOT, timeout=30
    )
    assert done.stdout.endswith("\nhello\n"), done.stderr
    assert done.stderr == ""


async def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    with start(tmp_path / "script.py", "hang") as parent:
        assert line(parent) == "main runs"
        pid = int(line(parent))
        assert psutil.pid_exists(pid)
        parent.kill()
    await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


async def test_the_kernel_ends_a_call_of_many_threads_whose_parent_is_stopped(tmp_path: Path) -> None:
    with start(tmp_path / "script.py", "spin", DEADLINE="1") as parent:
        assert line(parent) == "main runs"
        process = psutil.Process(int(line(parent)))
        await until(lambda: process.status() == psutil.STATUS_ZOMBIE, within_s=60)
        parent.kill()


async def test_an_interrupt_from_the_terminal_reaches_only_the_parent(tmp_path: Path) -> None:
    with start(tmp_path / "script.py", "wait_for", tmp_path / "go") as parent:
        assert line(parent) == "main runs"
        pid = int(line(parent))
        assert os.getpgid(pid) == pid != os.getpgid(parent.pid)
        os.killpg(os.getpgid(parent.pid), signal.SIGINT)
        assert line(parent) == "interrupted"
        (tmp_path / "go").touch()
        assert line(parent) == "seen"
    assert parent.returncode == 0
