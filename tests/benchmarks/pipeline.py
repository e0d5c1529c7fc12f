"""Measure the pipeline: `python -m tests.benchmarks.pipeline [--quick] [--json FILE] [SECTION...]`.

Sections: efficiency, latency, memory, rerun (default: all). Everything runs for real, store, queue, acquisition and
HTTP; only the converter is planned: it takes, in its slot, the time it is told. The loopback internet runs in a process
of its own. Exit status 1 when a target is missed. Read the ratios: they hold on other machines, the times do not.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks import efficiency, latency, memory
from tests.benchmarks.plan import SEED
from tests.benchmarks.report import Section

#: Work for each slot of the longer stage, in seconds, and papers: of a full run and of `--quick`. A real run of 200
#: papers takes many minutes; compressed to 20 seconds, what starting costs (a tenth of a second) still counts little.
SECONDS, COUNT = 20.0, 200
QUICK_SECONDS, QUICK_COUNT = 4.0, 50

SECTIONS: dict[str, Callable[[argparse.Namespace], Section]] = {
    "efficiency": lambda o: efficiency.measure(seconds=o.seconds, count=o.count, seed=o.seed, quick=o.quick),
    "latency": lambda o: latency.measure(seconds=min(o.seconds, 8.0), count=o.count, seed=o.seed),
    "memory": lambda o: memory.measure(count=10 * o.count, seed=o.seed),
    "rerun": lambda o: memory.rerun(count=o.count, seed=o.seed),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections and print what they found."""
    options = parse(arguments)
    sections: dict[str, Section] = {}
    for name in options.sections or SECTIONS:
        started = time.monotonic()
        sections[name] = SECTIONS[name](options)
        sys.stdout.write(f"{sections[name]}\n({time.monotonic() - started:.0f} s)\n")
        sys.stdout.flush()
    if options.json:
        found = {name: dataclasses.asdict(section) for name, section in sections.items()}
        options.json.write_text(json.dumps(found, indent=1))
    return 0 if all(target.holds for section in sections.values() for target in section.targets) else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("tests.benchmarks.pipeline", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="a small run, for a first impression")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--seed", type=int, default=SEED, help="of the plans (default: %(default)s)")
    options = parser.parse_args(arguments)
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown section {min(unknown)!r}: choose from {', '.join(SECTIONS)}")
    options.seconds = QUICK_SECONDS if options.quick else SECONDS
    options.count = QUICK_COUNT if options.quick else COUNT
    return options


if __name__ == "__main__":
    sys.exit(main())
