"""The README is executed."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
from pathlib import Path

from workflows.research.academic_lit_review.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


async def test_the_example_prints_what_the_readme_says(tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    [shown] = re.findall(r"```text\n(.*?)```", README, re.DOTALL)

    child = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-", cwd=tmp_path, stdin=-1, stdout=-1, stderr=-1
    )
    printed, errors = await child.communicate(code.encode())

    assert errors.decode() == ""
    assert printed.decode() == shown


def test_every_command_it_names_exists() -> None:
    targets = set(re.findall(r"make ([a-z]+)", README)) - {"its", "their"}
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets <= made
    commands = re.findall(r"^ {4}(lit-review read .*)$", README, re.MULTILINE)
    for command in commands:
        words = shlex.split(command)
        assert main([*words[1:2], "--help"]) == 0 if words[1] == "demo" else words[1] == "read"


def test_every_link_and_path_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    tree = re.findall(r"^ {4,6}([a-z_]+(?:/[a-z_]+)*[/.][a-z_/]*(?:py)?)\s", README, re.MULTILINE)

    assert links
    assert tree
    assert [link for link in links if not (ROOT / link).exists()] == []
    places = (ROOT, ROOT / "core", ROOT / "workflows/research/academic_lit_review")
    assert [name for name in tree if not any((place / name).exists() for place in places)] == []


def test_the_settings_example_names_real_settings() -> None:
    from core.settings import Settings

    named = re.findall(r"LIT_REVIEW_([A-Z_]+)", README + (ROOT / ".env.example").read_text())

    assert {name.lower() for name in named} - {"corpus"} <= set(Settings.model_fields)
    assert json.loads((ROOT / "langgraph.json").read_text())["env"] == ".env"
