"""Run the loopback internet as a process of its own: `python -m core.loopback (--samples | --corpus DIR)`.

It prints one JSON line, `{"settings": ..., "papers": ..., "hosts": ...}`, and ends on SIGTERM, SIGINT or when a pipe
at its standard input is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from core.loopback.internet import ADDRESSES, Internet


async def serve(net: Internet, port_file: Path | None) -> None:
    """Run `net` until somebody ends it, telling how to reach it on standard output and in `port_file`."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    with contextlib.suppress(PermissionError):  # files and /dev/null cannot be watched, and are never closed on us
        loop.add_reader(sys.stdin, _watch_input, over)
    async with net:
        line = json.dumps(_told(net))
        print(line, flush=True)  # noqa: T201 - the line is what this program is for
        if port_file:
            await asyncio.to_thread(_write, port_file, line)
        await over.wait()


def _told(net: Internet) -> dict[str, object]:
    hosts = {name: net.url(name) for name in ADDRESSES if name != "service" or net.plan.service}
    return {"settings": net.options(), "papers": net.papers, "hosts": hosts}


def _watch_input(over: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        over.set()


def _write(path: Path, line: str) -> None:
    """Write `line` to `path` in one piece: whoever sees the file sees all of it."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(line + "\n", encoding="utf-8")
    draft.replace(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser("core.loopback", description=__doc__.split("\n\n")[0] if __doc__ else None)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--samples", action="store_true", help="serve the invented sample library")
    source.add_argument("--corpus", type=Path, metavar="DIR", help="serve the papers of a corpus folder")
    parser.add_argument("--faulty", action="store_true", help="with --corpus: some papers cannot be had")
    parser.add_argument("--port-file", type=Path, metavar="F", help="write the JSON line there as well")
    given = parser.parse_args(arguments)
    net = Internet.samples() if given.samples else Internet.from_corpus(given.corpus, faulty=given.faulty)
    asyncio.run(serve(net, given.port_file))


if __name__ == "__main__":
    main()
