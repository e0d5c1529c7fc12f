"""What runs inside a worker process: bind it, import one function, then answer one line of JSON with another.

Only plain data crosses the pipe, in JSON: a process taken over by a hostile file cannot make its parent run anything.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from core.errors import PaperError, SettingsError

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_M_ARENA_MAX = -8  # <malloc.h>


def main(recipe: dict[str, Any]) -> None:
    """Serve calls until standard input ends; `recipe` comes from `core.conversion.workers`."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    _bind(recipe)
    try:
        function = _load(recipe["function"])
    except (ImportError, AttributeError, MemoryError) as error:
        _send(answers, _encoded(["unloadable", _short(error)]))
        return
    _send(answers, _encoded(["ready"]))
    for line in sys.stdin.buffer:
        deadline_s, args = json.loads(line)
        _limit_cpu(deadline_s)
        answer = _answer(function, args)
        _send(answers, answer, worn=_worn(recipe["mark_bytes"]))


def _bind(recipe: dict[str, Any]) -> None:
    """Make this process end with its parent and keep it inside its limits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):  # elsewhere it ends at the end of its input
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != recipe["parent"]:  # it died before the line above
        os._exit(1)
    if hasattr(libc, "mallopt"):  # glibc reserves 64 MB of address space for every thread otherwise
        libc.mallopt(_M_ARENA_MAX, 2)
    if recipe["memory_bytes"]:
        _limit(resource.RLIMIT_AS, recipe["memory_bytes"])
    _limit(resource.RLIMIT_FSIZE, recipe["file_bytes"])
    _limit(resource.RLIMIT_CORE, 0)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")  # when the whole machine runs short, this process goes before its parent


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _limit_cpu(deadline_s: float) -> None:
    """Let the kernel end a call that its parent, perhaps stopped, does not end.

    However many threads a library starts, a process gains no more CPU time in a second than the machine has cores.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + deadline_s * (os.cpu_count() or 1)) + 2)


def _load(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function


def _worn(mark_bytes: int) -> bool:
    """Tell whether the process, having given back what it can, holds more than `mark_bytes`; 0 is no mark."""
    if not mark_bytes or _held() <= mark_bytes:
        return False
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    return _held() > mark_bytes


def _held() -> int:
    """Return the resident bytes of this process, or where there is no /proc (macOS) the most it ever held."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _answer(function: Callable[..., Any], args: list[Any]) -> bytes:
    try:
        return _encoded(["value", function(*args)])
    except PaperError as error:
        return _encoded(["paper", type(error).__name__, error.reason, error.detail])
    except SettingsError as error:
        return _encoded(["settings", str(error)])
    except MemoryError:
        return _encoded(["memory"])
    except BaseException as error:  # noqa: BLE001 - the boundary of the process; a panic in Rust is no Exception
        return _encoded(["failed", _short(error)])


def _short(error: BaseException) -> str:
    """Return type and message of `error` on one line of at most 300 characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300].rstrip(": ")


def _encoded(answer: list[Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _send(answers: IO[bytes], answer: bytes, *, worn: bool = False) -> None:
    answers.write(b"[%b, %b]\n" % (b"true" if worn else b"false", answer))
    answers.flush()
