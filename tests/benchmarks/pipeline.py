"""Measure the pipeline: `python -m tests.benchmarks.pipeline [--quick] [--json FILE] [SECTION...]`.

Sections: efficiency, latency, memory, rerun (default: all). Everything runs for real, store, queue, acquisition and
HTTP; only the converter is planned: it takes, in its slot, the time it is told. The loopback internet runs in a process
of its own. Exit status 1 when a target is missed. Read the ratios: they hold on other machines, the times do not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.benchmarks import command, efficiency, latency, memory
from tests.benchmarks.plan import SEED

#: Work for each slot of the longer stage, in seconds, and papers: of a full run and of `--quick`. A real run of 200
#: papers takes many minutes; compressed to 20 seconds, what starting costs (a tenth of a second) still counts little.
SECONDS, COUNT = 20.0, 200
QUICK_SECONDS, QUICK_COUNT = 4.0, 50

SECTIONS: command.Sections = {
    "efficiency": lambda o: efficiency.measure(seconds=o.seconds, count=o.count, seed=o.seed, quick=o.quick),
    "latency": lambda o: latency.measure(seconds=min(o.seconds, 8.0), count=o.count, seed=o.seed),
    "memory": lambda o: memory.measure(count=10 * o.count, seed=o.seed),
    "rerun": lambda o: memory.rerun(count=o.count, seed=o.seed),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections and print what they found."""
    parser = command.parser("tests.benchmarks.pipeline", __doc__ or "", SECTIONS)
    parser.add_argument("--seed", type=int, default=SEED, help="of the plans (default: %(default)s)")
    options = parser.parse_args(arguments)
    options.seconds = QUICK_SECONDS if options.quick else SECONDS
    options.count = QUICK_COUNT if options.quick else COUNT
    return command.run(parser, options, SECTIONS)


if __name__ == "__main__":
    sys.exit(main())
