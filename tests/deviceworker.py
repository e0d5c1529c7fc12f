"""What a worker bound to a device does; without one that works it does not start."""

import os
import time
from pathlib import Path
from typing import Any

DEVICE = os.environ.get("DEVICE", "none")  # as it was before anything was imported

if DEVICE.startswith("broken"):
    os._exit(1)
if DEVICE.startswith("slow"):
    time.sleep(1.0)


def where() -> list[Any]:
    return [DEVICE, os.getpid()]


def hold(folder: str, name: str) -> list[Any]:
    """Say who runs, then wait to be let go."""
    Path(folder, f"{name} runs").write_text(DEVICE)
    while not Path(folder, name).exists():
        time.sleep(0.01)
    return where()


def act(how: str, *args: Any) -> list[Any]:
    if how == "die":
        os._exit(3)
    return hold(*args) if how == "hold" else where()
