"""Measure the converters: `python -m tests.benchmarks.conversion [--engine NAME]... [--json FILE] [SECTION...]`.

Sections: scores (quality and pages per CPU-second, on a corpus with ground truth named by LIT_REVIEW_CORPUS),
utilisation, overhead, ray (default: all). Engines that are not usable here are named with the reason. Exit status 1
when a target is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from core.conversion.engines import choose
from core.errors import SettingsError
from core.settings import Settings
from tests.benchmarks import command, pools, rayside, scores

ENGINES = ("text-layer", "marker-text", "marker", "marker-service", "routed")

SECTIONS: command.Sections = {
    "scores": lambda o: scores.section(o.usable),
    "utilisation": lambda o: pools.utilisation(o.usable[:2]),
    "overhead": lambda o: pools.overhead(),
    "ray": lambda o: rayside.section(),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections and print what they found."""
    parser = command.parser("tests.benchmarks.conversion", __doc__ or "", SECTIONS)
    parser.add_argument("--engine", dest="engines", action="append", choices=ENGINES, help="default: every one")
    options = parser.parse_args(arguments)
    options.usable = [name for name in options.engines or ENGINES if usable(name)]
    return command.run(parser, options, SECTIONS)


def usable(engine: str) -> bool:
    """Tell whether `engine` can be used here; if not, print why."""
    try:
        choose(Settings(converter=engine))
    except SettingsError as error:
        sys.stdout.write(f"without {engine}: {error}\n")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
