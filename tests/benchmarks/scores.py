"""How good and how fast the engines are on papers whose true text is known."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import core.loopback
from core.conversion.engines import choose
from core.errors import ConversionError
from core.settings import Settings
from tests.benchmarks.report import Section, ratio

MEASURES = ("para95", "head_recall", "head_prec", "table_rows")
SAMPLE = min((Path(core.loopback.__file__).parent / "library").glob("*.pdf"))


@dataclass(frozen=True)
class Result:
    """The scores of one engine, the CPU seconds it took (starting apart), and what it went through."""

    scores: dict[str, float]
    cpu_s: float
    start_cpu_s: float
    papers: int
    pages: int
    failed: tuple[str, ...]


def corpus() -> Path | None:
    """Return the corpus folder, if there is one with ground truth and a scoring script."""
    folder = Path(os.environ.get("LIT_REVIEW_CORPUS", "") or os.devnull)
    return folder if (folder / "jats").is_dir() and _script(folder).is_file() else None


def known(folder: Path) -> list[Path]:
    """Return the PDFs whose true text is known."""
    return [pdf for pdf in sorted((folder / "pdfs").glob("*.pdf")) if (folder / "jats" / f"{pdf.stem}.xml").exists()]


def measure(folder: Path, markdown: Path, *, engine: str = "text-layer", settings: Settings | None = None) -> Result:
    """Convert every paper with ground truth into the folder `markdown`, one at a time, and score the result."""
    chosen = (settings or Settings()).model_copy(update={"converter": engine, "max_processing": 1})
    start_cpu_s, _, _ = _convert(chosen, [SAMPLE], markdown)
    pdfs = known(folder)
    cpu_s, pages, failed = _convert(chosen, pdfs, markdown)
    command = [sys.executable, str(_script(folder)), str(markdown), "--corpus", str(folder)]
    scores = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    return Result({key: scores[key] for key in MEASURES}, cpu_s - start_cpu_s, start_cpu_s, len(pdfs), pages, failed)


def section(engines: Sequence[str]) -> Section:
    """Return the score table of `engines`; one that is not usable here is named with the reason."""
    found = Section("scores", ("engine", *MEASURES, "pages/CPU s", "start CPU s", "failed"))
    folder = corpus()
    if folder is None:
        found.notes.append("set LIT_REVIEW_CORPUS to a corpus folder with jats/ and ../tools/score_conversion.py")
        return found
    for engine in engines:
        with tempfile.TemporaryDirectory() as scratch:
            result = measure(folder, Path(scratch), engine=engine)
        found.rows.append((engine, *(ratio(result.scores[name]) for name in MEASURES), *_speed(result)))
        found.notes = [f"{result.papers} papers, {result.pages} pages"]
    return found


def _speed(result: Result) -> tuple[str, str, str]:
    return f"{result.pages / result.cpu_s:.1f}", f"{result.start_cpu_s:.1f}", str(len(result.failed))


def _convert(settings: Settings, pdfs: Sequence[Path], into: Path) -> tuple[float, int, tuple[str, ...]]:
    """Return the CPU seconds of the engine's processes, how many pages they read and which papers they did not."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    pages, failed = asyncio.run(_converted(settings, pdfs, into))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, pages, tuple(failed)


async def _converted(settings: Settings, pdfs: Sequence[Path], into: Path) -> tuple[int, list[str]]:
    pages, failed = 0, []
    async with choose(settings).converter as engine:
        for pdf in pdfs:
            try:
                made = await engine.convert(pdf, deadline=600)
            except ConversionError as error:
                failed.append(f"{pdf.stem}: {error}")
                continue
            pages += len(made.pages)
            await asyncio.to_thread((into / f"{pdf.stem}.md").write_text, made.markdown, encoding="utf-8")
    return pages, failed


def _script(folder: Path) -> Path:
    return folder.parent / "tools" / "score_conversion.py"
