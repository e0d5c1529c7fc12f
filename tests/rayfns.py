"""Functions that actors of a Ray cluster run in the tests; the first argument is the path of the file they are given."""

import hashlib
import os
import time
from pathlib import Path
from typing import Any

from core.conversion.layout import extract
from tests import workerfns


def act(path: str, how: str) -> Any:
    """Do what `how` says; the bad ones of a batch go through here."""
    return workerfns.act(how)


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def whereabouts(path: str) -> dict[str, Any]:
    """Say what of this process a test wants to know: its worker, its actor, its file and its environment."""
    return {"worker": os.getpid(), "actor": os.getppid(), "path": path, "env": dict(os.environ)}


def note(path: str, folder: str) -> None:
    """Say who runs, and go on saying so for ever."""
    with open(Path(folder, str(os.getpid())), "a") as file:
        while True:
            file.write(".")
            file.flush()
            time.sleep(0.01)


def slowly(path: str, folder: str) -> Any:
    """Leave a note of the node, then read the file, not too fast."""
    Path(folder, f"{os.environ['RAY_RAYLET_PID']}-{os.getpid()}-{Path(path).stem}").touch()
    time.sleep(0.4)
    return extract(path)
