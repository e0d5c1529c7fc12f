"""How good and how fast the text-layer engine is on papers whose true text is known.

Run `python -m tests.benchmarks.conversion [MARKDOWN_DIR]` with LIT_REVIEW_CORPUS naming a corpus folder (`pdfs/`,
`jats/`, and `../tools/score_conversion.py`, which explains the four scores).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from core.conversion.layout import extract


@dataclass(frozen=True)
class Result:
    """The scores of one run, the CPU seconds it took and what it went through."""

    scores: dict[str, float]
    cpu_s: float
    papers: int
    pages: int


def corpus() -> Path | None:
    """Return the corpus folder, if there is one with ground truth and a scoring script."""
    folder = Path(os.environ.get("LIT_REVIEW_CORPUS", "") or os.devnull)
    return folder if (folder / "jats").is_dir() and _script(folder).is_file() else None


def measure(folder: Path, markdown: Path) -> Result:
    """Convert every paper with ground truth into `markdown` and score the result."""
    pdfs = [pdf for pdf in sorted((folder / "pdfs").glob("*.pdf")) if (folder / "jats" / f"{pdf.stem}.xml").exists()]
    pages, started = 0, time.process_time()
    for pdf in pdfs:
        found = extract(str(pdf))
        pages += len(found["pages"])
        (markdown / f"{pdf.stem}.md").write_text(found["markdown"], encoding="utf-8")
    cpu_s = time.process_time() - started
    command = [sys.executable, str(_script(folder)), str(markdown), "--corpus", str(folder)]
    scores = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    return Result({key: scores[key] for key in scores if key != "papers"}, cpu_s, len(pdfs), pages)


def _script(folder: Path) -> Path:
    return folder.parent / "tools" / "score_conversion.py"


def main() -> int:
    """Print the figures."""
    folder = corpus()
    if folder is None:
        sys.stderr.write("set LIT_REVIEW_CORPUS to a corpus folder with jats/ and ../tools/score_conversion.py\n")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        result = measure(folder, Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch))
    sys.stdout.write(f"{result.papers} papers, {result.pages} pages, {result.cpu_s:.1f} CPU s\n")
    sys.stdout.write("  ".join(f"{name} {score:.3f}" for name, score in result.scores.items()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
