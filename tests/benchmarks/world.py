"""The loopback internet with the papers of a plan, in a process of its own: its work must not slow down what we measure.

`python -m tests.benchmarks.world FOLDER` serves a folder that `write` made until its standard input closes, then prints
how long each paper's host took to send it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.loopback import Internet, corpus
from core.loopback.__main__ import serve
from core.metadata import PaperMetadata
from core.settings import Settings
from tests.benchmarks.plan import SLOTS, Paper, Plan
from tests.pdfs import build, stream

#: Bytes of padding in each PDF, so that writing, hashing and syncing one costs what it does.
PDF_BYTES = 200_000

_LINE = "Every number in this paper was planned before it was measured, as is good practice. "


@dataclass(frozen=True)
class World:
    """A running loopback internet: how to reach it, and its papers as a discovery phase would give them.

    `download_s`, how long each host took by its own log, is filled when the world ends.
    """

    options: dict[str, Any]
    papers: list[PaperMetadata]
    library: Library
    download_s: dict[str, float] = field(default_factory=dict)

    def settings(self, home: Path, **overrides: Any) -> Settings:
        """Return settings for a run against it; times that were chosen for tests are those of a patient client."""
        patient = {"idle_timeout_s": 60.0, "total_timeout_s": 120.0, "poll_interval_s": 1.0}
        slots = {"max_downloads": SLOTS, "host_concurrency": SLOTS}
        return Settings(**{"_env_file": None, **self.options, **patient, **slots, "home": home, **overrides})


@dataclass(frozen=True)
class Library:
    """The files of a plan by the hash that names them in the store: how long each converts, and whose it is."""

    convert_s: dict[str, float]
    ids: dict[str, str]

    def by_paper(self, took_s: Mapping[str, float]) -> dict[str, float]:
        """Return times by paper id."""
        return {self.ids[sha256]: seconds for sha256, seconds in took_s.items()}


@contextmanager
def serving(plan: Plan, folder: Path, *, pdf_bytes: int = PDF_BYTES) -> Iterator[World]:
    """Give a running loopback internet with the papers of `plan`; `folder` takes their files."""
    with running(write(plan, folder, pdf_bytes), folder) as world:
        yield world


@contextmanager
def running(library: Library, folder: Path) -> Iterator[World]:
    """Give a running loopback internet with the files in `folder`."""
    with process("tests.benchmarks.world", str(folder)) as told:
        world = World(told["settings"], told["papers"], library)
        yield world
    world.download_s.update(told["download_s"])


@contextmanager
def process(module: str, *arguments: str) -> Iterator[dict[str, Any]]:
    """Run a loopback internet in a process of its own; give what it tells at first, and in the end also its last."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            told = json.loads(child.stdout.readline())
            yield told
        finally:
            child.stdin.close()
            last = child.stdout.read()
            child.wait(30)
        told |= json.loads(last or "{}")


def write(plan: Plan, folder: Path, pdf_bytes: int = PDF_BYTES) -> Library:
    """Write the files of a plan, and a library that leads to them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, library = [], Library({}, {})
    for paper in plan.papers:
        data = pdf(paper, pdf_bytes)
        (folder / f"{paper.number}.pdf").write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        library.convert_s[sha256], library.ids[sha256] = paper.convert_s, paper.doi
        route = {"kind": "oa_url" if paper.download_s or not paper.job_s else "retrieve", "delay_s": paper.ready_s}
        lines.append(json.dumps({"paper": record(paper), "pdf": f"{paper.number}.pdf", "routes": [route]}))
    (folder / "papers.jsonl").write_text("\n".join(lines))
    return library


def record(paper: Paper) -> PaperMetadata:
    """Return what a discovery phase would know of a planned paper."""
    return {"doi": paper.doi, "title": title(paper), "relevance_score": paper.relevance}


def title(paper: Paper) -> str:
    """Return the title of a planned paper."""
    return f"Planned paper number {paper.number} on the pace of pipelines"


def pdf(paper: Paper, size: int) -> bytes:
    """Return a PDF with the pages of the plan that states its title and DOI."""
    first = [title(paper), f"doi:{paper.doi}", *[_LINE] * 12]
    pages = range(8, 8 + paper.pages)
    shape = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources <</Font <</F 3 0 R>>>> /Contents %d 0 R>>"
    objects = {
        1: b"<</Type /Catalog /Pages 2 0 R>>",
        2: b"<</Type /Pages /Kids [%b] /Count %d>>" % (b" ".join(b"%d 0 R" % n for n in pages), paper.pages),
        3: b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
        4: _text(first),
        5: _text([_LINE] * 14),
        6: stream(random.Random(paper.number).randbytes(size)),
    }
    return build(objects | {n: shape % (4 if n == 8 else 5) for n in pages})


def _text(lines: list[str]) -> bytes:
    shown = b" ".join(b"(%b) Tj 0 -20 Td" % line.encode() for line in lines)
    return stream(b"BT /F 9 Tf 50 750 Td %b ET" % shown)


def main(folder: Path) -> None:
    """Serve, then print the log."""
    net = Internet(lambda: corpus.library(folder))
    asyncio.run(serve(net, None))
    sent = {request.paper: request.seconds for request in net.requests if request.host == "repository"}
    sys.stdout.write(json.dumps({"download_s": sent}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
