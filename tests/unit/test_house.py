"""The house rules that a program can check."""

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import core
import workflows

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("core", "workflows") for path in (ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the modules that `path` imports."""
    tree = ast.parse(path.read_text())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_workflows_and_core_are_those_of_this_repository() -> None:
    """`workflows` is also the import name of llama-index-workflows."""
    assert Path(workflows.__file__ or "").parent.parent == ROOT
    assert Path(core.__file__ or "").parent.parent == ROOT


def test_core_knows_nothing_of_workflows() -> None:
    assert [
        path.name
        for path in SOURCES
        if path.is_relative_to(ROOT / "core") and any(name.startswith("workflows") for name in imported(path))
    ] == []


def test_httpx_has_one_importer() -> None:
    importers = {
        path.parent for path in SOURCES if any(name.split(".")[0] in ("httpx", "httpcore") for name in imported(path))
    }

    assert importers == {ROOT / "core" / "http"}


def test_only_streaming_starts_tasks() -> None:
    """The loopback internet is a server of its own kind: it watches its connections."""
    pattern = re.compile(r"asyncio\.(?:gather|create_task|ensure_future|TaskGroup)\b")
    allowed = {ROOT / "core" / "streaming", ROOT / "core" / "loopback"}

    assert [path.name for path in SOURCES if path.parent not in allowed and pattern.search(path.read_text())] == []


def test_the_environment_is_read_in_one_place() -> None:
    readers = [path.name for path in SOURCES if re.search(r"os\.(?:environ|getenv)", path.read_text())]

    assert set(readers) <= {"settings.py", "child.py", "process.py", "link.py"}


def test_no_module_stands_beside_a_package_of_its_name() -> None:
    assert [path for path in SOURCES if path.with_suffix("").is_dir()] == []


def packages() -> list[str]:
    return [
        path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in SOURCES if path.name == "__init__.py"
    ]


@pytest.mark.parametrize("name", packages())
def test_a_package_is_a_table_of_contents(name: str) -> None:
    module = importlib.import_module(name)
    tree = ast.parse(Path(module.__file__ or "").read_text())
    exported = getattr(module, "__all__", [])
    bound = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }

    assert module.__doc__
    assert sorted(exported) == sorted(bound - {"annotations"})
    assert len(exported) <= 10
    assert all(isinstance(node, (ast.Expr, ast.ImportFrom, ast.Assign)) for node in tree.body)


def test_importing_everything_does_no_work_and_warns_of_nothing() -> None:
    names = [
        module.name
        for package in (core, workflows)
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    ]
    imports = "\n".join(f"import {name}" for name in names if not name.endswith("__main__"))
    probe = (
        "import socket, threading\ndef no(*a, **k): raise SystemExit('network at import')\nsocket.socket.connect = no\n"
    )
    code = probe + imports + "\nassert threading.active_count() == 1, threading.enumerate()"

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_every_graph_of_langgraph_json_can_be_imported() -> None:
    graphs = json.loads((ROOT / "langgraph.json").read_text())["graphs"]

    for graph in graphs.values():
        module, name = graph["path"].split(":")
        assert getattr(importlib.import_module(module), name).name
        assert graph["description"]


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_no_decision_takes_more_than_eight_lines() -> None:
    entries = re.split(r"^## ", (ROOT / "DECISIONS.md").read_text(), flags=re.MULTILINE)[1:]

    assert entries
    assert [entry.splitlines()[0] for entry in entries if len(entry.strip().splitlines()) > 9] == []
