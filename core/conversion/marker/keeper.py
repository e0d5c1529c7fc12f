"""A process that keeps one inference server: starts it, tells what becomes of it, and takes it along when it ends.

It ends with its parent, even one that is killed, and the server ends with it. `core.conversion.marker.kept` is the
parent's side. Each line on standard output is one JSON list: ["serving", port, slots], at last ["ended", how, tail].
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_TAIL_LINES = 20
_STOP_S = 10.0  # for a server to end by itself

_PATHS = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
_ASK = _PATHS + "from core.conversion.marker import command; command.main(int(sys.argv[1]))"
_SERVE = _PATHS + "import runpy; runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"


@dataclass(frozen=True)
class Plan:
    """What to run, in the foreground: a command, how many requests at a time it serves, and docker's name for it."""

    command: list[str]
    slots: int = 0
    container: str = ""


def main(recipe: dict[str, Any]) -> None:
    """Keep a server; `recipe` is made by `core.conversion.marker.kept`."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    _die_with(recipe["parent"], signal.SIGTERM)
    port, tail = recipe["port"] or _free_port(), deque[str](maxlen=_TAIL_LINES)
    plan = _plan(recipe, port, tail)
    if plan:
        with _running(plan) as server:
            answers.write(json.dumps(["serving", port, plan.slots]) + "\n")
            how = _follow(server, tail)
    answers.write(json.dumps(["ended", how if plan else "not started", "\n".join(tail)]) + "\n")


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


def _die_with(parent: int, number: int) -> None:
    """Let the kernel send this process a signal when its parent ends, however that happens."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _plan(recipe: dict[str, Any], port: int, tail: deque[str]) -> Plan | None:
    """Return how to serve; None when surya knows no way, and the tail says why."""
    python = [sys.executable, "-P", "-c"]
    paths = json.dumps(recipe["path"])
    if recipe["module"]:
        return Plan([*python, _SERVE, paths, recipe["module"], "--host", "127.0.0.1", "--port", str(port)])
    with _running(Plan([*python, _ASK, paths, str(port)])) as asked:
        _follow(asked, tail)
    try:
        return Plan(**json.loads(tail[-1]))
    except (IndexError, TypeError, ValueError):
        return None


@contextmanager
def _running(plan: Plan) -> Iterator[subprocess.Popen[str]]:
    """Run it in a session of its own; at the end of the block it has ended, and docker's container with it."""
    last = signal.SIGTERM if plan.container else signal.SIGKILL  # docker's client hands it on to the container
    process = subprocess.Popen(
        plan.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", start_new_session=True, preexec_fn=partial(_die_with, os.getpid(), last),
    )  # fmt: skip
    try:
        yield process
    finally:
        _stop(process)
        if plan.container:
            remove = [plan.command[0], "rm", "--force", plan.container]
            subprocess.run(remove, capture_output=True, timeout=60, check=False)


def _follow(process: subprocess.Popen[str], tail: deque[str]) -> str:
    """Keep the last lines it prints until it ends, and return how it ended."""
    assert process.stdout
    tail.extend(line.rstrip() for line in process.stdout)
    code = process.wait()
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.communicate(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
