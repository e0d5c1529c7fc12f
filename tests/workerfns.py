"""Functions that worker processes run in the tests: good ones and every kind of bad one."""

import ctypes
import hashlib
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from core.errors import FetchError, NotAdmitted, SettingsError


class Stubborn(Exception):
    """Cannot be pickled, and its message cannot be read."""

    def __init__(self, handle: object) -> None:
        super().__init__(handle)
        self.handle = handle

    def __reduce__(self) -> Any:
        raise TypeError("no")


class Panic(BaseException):
    """What pyo3 raises for a panic in Rust: no `Exception`."""


def echo(value: Any) -> Any:
    return value


def pid() -> int:
    return os.getpid()


def ids() -> tuple[int, int]:
    return os.getpid(), os.getpgid(0)


def act(how: str, *args: Any) -> Any:
    """Do what `how` says; the bad items of a batch go through here."""
    return globals()[how](*args)


def good() -> str:
    return "good"


def leave() -> None:
    os._exit(3)


def system_exit() -> None:
    sys.exit(4)


def segfault() -> None:
    ctypes.string_at(0)


def kill_nine() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    ctypes.PyDLL(None).pause()  # in C, with the interpreter lock held: no Python signal handler ever runs


def cpu_limit() -> None:
    os.kill(os.getpid(), signal.SIGXCPU)


def hog() -> int:
    return len(bytearray(8 << 30))


def abort_for_memory() -> None:
    os.write(2, b"noise\nmemory allocation of 123456 bytes failed\n")
    os.abort()


def silent_abort() -> None:
    os.abort()


def broken_heap() -> None:
    os.write(2, b"free(): invalid pointer\n")
    os.abort()


def unsendable_error() -> None:
    raise Stubborn(lambda: None)


def unsendable_value() -> object:
    return object()


def panic() -> None:
    raise Panic("index out of bounds")


def refuse() -> None:
    raise NotAdmitted("encrypted", "asks for a password")


def fetch() -> None:
    raise FetchError("timeout", "slow host", url="http://example.org")


def long_message() -> None:
    raise ValueError("a\nb " + "x" * 10_000)


def misconfigured() -> None:
    raise SettingsError("no weights: fetch them")


def chatter() -> str:
    sys.stdout.write("printed by Python\n")
    sys.stdout.flush()
    os.write(1, b"printed by C\n")
    return "quiet"


def bulky() -> str:
    return "x" * 3_000_000


def write_much(path: str) -> None:
    with open(path, "wb") as file:
        file.write(bytes(100 << 20))


def note(path: str) -> None:
    """Say who runs, then hang."""
    Path(path).write_text(str(os.getpid()))
    hang()


def offspring(path: str) -> None:
    """Start a process of one's own, note it, then hang."""
    child = subprocess.Popen(["sleep", "1000"])
    Path(path).write_text(str(child.pid))
    hang()


def stray() -> int:
    """Leave a process behind that holds the pipes open in a session of its own."""
    return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid


def wait_for(path: str) -> str:
    while not os.path.exists(path):
        time.sleep(0.01)
    return "seen"


_KEPT: list[bytearray] = []


def swell(mib: int) -> None:
    """Hold so much memory, then do nothing."""
    _KEPT.append(bytearray(b"x") * (mib << 20))
    hang()


def swell_below(mib: int) -> None:
    """Let a process of one's own hold so much memory."""
    subprocess.run([sys.executable, "-c", f"x = bytearray(b'x') * ({mib} << 20); input()"], stdin=subprocess.PIPE)


def map_much() -> str:
    """Reserve more address space than there is memory, as CUDA does, and use none of it."""
    with mmap.mmap(-1, 1 << 38, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=0):
        return "mapped"


def keep(mib: int) -> int:
    """Keep so much more memory than before."""
    _KEPT.append(bytearray(b"x") * (mib << 20))
    return os.getpid()


def give_back(how: str, mib: int) -> int:
    """Use so much memory and keep none of it: at once, in a cycle, or in pieces below one that stays."""
    if how == "at once":
        bytearray(b"x") * (mib << 20)
    elif how == "in a cycle":
        cycle: list[Any] = [bytearray(b"x") * (mib << 20)]
        cycle.append(cycle)
    else:
        pieces = [bytearray(b"x") * 4096 for _ in range(mib << 8)]
        _KEPT.append(pieces.pop())
    return os.getpid()


def spin() -> None:
    """Stop one's parent, then keep all cores busy for ever, as many threads of a library do."""
    os.kill(os.getppid(), signal.SIGSTOP)
    for _ in range(4):
        threading.Thread(target=hashlib.pbkdf2_hmac, args=("sha256", b"", b"", 1 << 30)).start()
