"""How surya would start the server of its vision model here: its own code, stopped just before it runs the command.

Run by the keeper as a short process, for to ask surya is to load torch. Prints {"command", "slots", "container"}.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NoReturn


class _Command(BaseException):
    """Carries the command line past everything that catches an `Exception`."""

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self.words = words


def _instead(words: list[str], **options: Any) -> NoReturn:
    raise _Command(words)


def main(port: int) -> None:
    """Print how to serve at `port`; what surya misses (a program, weights, a known GPU) is an exception of its own."""
    from surya.inference import SuryaInferenceManager  # type: ignore[import-untyped, import-not-found, unused-ignore]
    from surya.inference.backends import llamacpp, vllm  # type: ignore[import-untyped, import-not-found, unused-ignore]

    def spawn(backend: str, expected_model_name: str, spawn_fn: Callable[[int], Any], **options: Any) -> NoReturn:
        spawn_fn(port)
        raise RuntimeError("surya started a server in a way that is not known here: name one that runs")

    sys.tracebacklimit = 0
    for backend in (llamacpp, vllm):
        backend.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": _instead, "run": _instead})
        backend.attach_or_spawn = spawn
    manager = SuryaInferenceManager()
    try:
        manager.start()
    except _Command as given:
        print(json.dumps(_told(given.words, manager.capacity())), file=sys.__stdout__)


def _told(words: list[str], slots: int) -> dict[str, Any]:
    """Return the command, in the foreground where surya would let docker detach from it."""
    container = words[words.index("--name") + 1] if "--name" in words[:10] else ""
    if container:
        words = [word for word in words[:10] if word != "-d"] + words[10:]
    return {"command": words, "slots": slots, "container": container}
