"""The command line that every benchmark has: sections, a quick run, figures as JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.benchmarks.report import Section

Sections = Mapping[str, Callable[[argparse.Namespace], Section]]


def parser(prog: str, doc: str, sections: Sections) -> argparse.ArgumentParser:
    """Return the parser; a benchmark adds options of its own."""
    made = argparse.ArgumentParser(prog, description=doc.split("\n\n")[0])
    made.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(sections))
    made.add_argument("--quick", action="store_true", help="a small run, for a first impression")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return made


def run(made: argparse.ArgumentParser, options: argparse.Namespace, sections: Sections) -> int:
    """Run the sections, print what they found and return 1 when a target is missed."""
    if unknown := set(options.sections) - set(sections):
        made.error(f"unknown section {min(unknown)!r}: choose from {', '.join(sections)}")
    found: dict[str, Section] = {}
    for name in options.sections or sections:
        started = time.monotonic()
        found[name] = sections[name](options)
        sys.stdout.write(f"{found[name]}\n({time.monotonic() - started:.0f} s)\n")
        sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps({name: dataclasses.asdict(each) for name, each in found.items()}, indent=1))
    return 0 if all(target.holds for section in found.values() for target in section.targets) else 1
