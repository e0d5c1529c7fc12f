"""Real runs of the pipeline that may be killed: for each recipe on standard input a process is forked and does it.

A recipe is a line of JSON, `{"settings": ..., "papers": [...], "limit": <bytes a file may have, or null>}`. Events come out as lines of JSON, after `{"pid": ...}`
and before `{"ended": <exit code>}`; an error that ends the run is one more line. Forking saves the second that the imports take.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from typing import Any

from core.settings import Settings
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline


def say(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")  # in one piece, whenever the process is killed


def run(recipe: dict[str, Any]) -> None:
    say(pid=os.getpid())
    if recipe["limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (recipe["limit"], recipe["limit"]))
    settings = Settings(_env_file=None, **recipe["settings"])
    try:
        asyncio.run(run_paper_pipeline(recipe["papers"], settings=settings, on_event=lambda event: say(**event)))
    except Exception as error:  # noqa: BLE001 - it is what the test wants to know
        say(error=f"{type(error).__name__}: {error}")


def main() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            run(json.loads(line))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        say(ended=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
