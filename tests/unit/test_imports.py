"""The base loads none of what only an extra needs: neither when it is imported nor when all its modules are."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import core
import workflows

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "torchvision", "transformers", "marker", "surya", "pdftext", "cv2", "ray", "openai")


def loaded(*names: str) -> list[str]:
    """Return which of the heavy modules a new process has after these imports."""
    code = "\n".join(["import sys", *(f"import {name}" for name in names)])
    code += f"\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def test_the_packages_load_nothing_heavy() -> None:
    assert loaded("core", "workflows") == []


def test_none_of_their_modules_loads_anything_heavy() -> None:
    names = [
        module.name
        for package in (core, workflows)
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        if not module.name.endswith("__main__")
    ]

    assert "core.conversion.marker.reading" in names
    assert loaded(*names) == []
