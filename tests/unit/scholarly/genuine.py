"""Recorded answers of the real catalogues, which lie beside the corpus where there is one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def genuine(name: str) -> bytes:
    """Return a recorded answer, or skip the test where there are none."""
    corpus = os.environ.get("LIT_REVIEW_CORPUS")
    if not corpus:
        pytest.skip("LIT_REVIEW_CORPUS is not set: there are no recorded answers here")
    path = Path(corpus).parent / "apishapes" / name
    if not path.exists():
        pytest.skip(f"no recorded answer {name} beside the corpus")
    return path.read_bytes()


def genuine_json(name: str) -> Any:
    return json.loads(genuine(name))
