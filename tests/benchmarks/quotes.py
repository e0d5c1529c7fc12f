"""How well true quotes are told from forged ones, on papers whose true text is known from another source.

Run `python -m tests.benchmarks.quotes` with LIT_REVIEW_CORPUS naming a corpus folder (`pdfs/`, `jats/`). True quotes
are sentences of the publisher's XML, looked for in the text our engine reads out of the PDF; forged ones are made of
those that are found. Rules were fitted on every other paper (`fit`); the figures that count are those of the others.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.conversion.converter import PageSpan
from core.conversion.layout import extract
from core.conversion.text_layer import RULES
from core.evidence import Index, find
from core.evidence.index import key_of
from core.evidence.sentences import sentences
from core.evidence.tokens import tokens
from tests.benchmarks.forgeries import FORGERIES, NOISES, Others
from tests.benchmarks.report import Section
from workflows.research.academic_lit_review.paper_processor.acquisition.jats import read_jats

_PROSE = ("front", "back", "references")


@dataclass(frozen=True)
class Paper:
    """A paper as it was converted, and the sentences its publisher says it has."""

    name: str
    index: Index
    sentences: Sequence[str]
    pdf: Path


@dataclass
class Tally:
    """Verdicts by what was done to a quote; `seconds` is what they took."""

    true: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    forged: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    pages: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    asked: int = 0

    def recall(self, kind: str) -> float:
        """Return the share of forgeries of a kind that are caught."""
        counts = self.forged[kind]
        return 1 - held(counts) / max(1, counts.total())

    def kept(self, kind: str) -> float:
        """Return the share of true quotes with this noise that are found."""
        return held(self.true[kind]) / max(1, self.true[kind].total())

    def precision(self) -> float:
        """Return the share of forgeries among the quotes that are refused, were there as many forged as true ones."""
        caught = sum(map(self.recall, self.forged)) / max(1, len(self.forged))
        refused = sum(1 - self.kept(kind) for kind in self.true) / max(1, len(self.true))
        return caught / (caught + refused)


def held(counts: Counter[str]) -> int:
    """Return how many quotes were taken for true."""
    return counts["exact"] + counts["fuzzy"]


def corpus() -> Path | None:
    """Return the corpus folder, if there is one with ground truth."""
    folder = Path(os.environ.get("LIT_REVIEW_CORPUS", "") or os.devnull)
    return folder if (folder / "jats").is_dir() else None


def papers(folder: Path, *, fit: bool, most: int = 100) -> list[Paper]:
    """Return every other paper with ground truth, those the rules were fitted on or the others, at most `most`."""
    names = [path.stem for path in sorted((folder / "jats").glob("*.xml")) if _pdf(folder, path.stem).exists()]
    return [_read(folder, name) for name in names[0 if fit else 1 :: 2][:most]]


def _pdf(folder: Path, name: str) -> Path:
    return folder / "pdfs" / f"{name}.pdf"


def _read(folder: Path, name: str) -> Paper:
    found = _converted(_pdf(folder, name))
    spans = [PageSpan(number, *span) for number, span in enumerate(pairwise([0, *found["pages"]]), 1)]
    article = read_jats((folder / "jats" / f"{name}.xml").read_bytes()).markdown
    said = [
        sentence.text
        for sentence in sentences(article)
        if sentence.kind == "paragraph" and sentence.role not in _PROSE and 6 <= len(sentence.text.split()) <= 80
    ]
    return Paper(name, Index(found["markdown"], spans), said, _pdf(folder, name))


def _converted(pdf: Path) -> dict[str, Any]:
    """Return what the text-layer engine reads, from a folder of temporary files when it has done so before."""
    kept = Path(tempfile.gettempdir()) / f"lit-review-texts-{os.getuid()}-{RULES}" / f"{pdf.stem}.json"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(extract(str(pdf))), encoding="utf-8")
        part.replace(kept)
    found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def measure(chosen: Sequence[Paper], *, each: int = 40, seed: int = 7) -> Tally:
    """Return the verdicts on at most `each` sentences of each paper, true and forged."""
    rng, tally = random.Random(seed), Tally()
    foreign = {paper.name: _foreign(chosen, paper) for paper in chosen}
    for paper in chosen:
        others = Others(paper.sentences, foreign[paper.name])
        for quote in rng.sample(paper.sentences, min(each, len(paper.sentences))):
            _true(quote, paper, others, rng, tally)
            if _ask(quote, paper, tally) in ("exact", "fuzzy"):
                _forged(quote, paper, others, rng, tally)
    return tally


def _foreign(chosen: Sequence[Paper], paper: Paper) -> list[str]:
    return [quote for other in chosen if other is not paper for quote in other.sentences]


def _true(quote: str, paper: Paper, others: Others, rng: random.Random, tally: Tally) -> None:
    for kind, change in NOISES.items():
        if noisy := change(quote, rng, others):
            tally.true[kind][_ask(noisy, paper, tally)] += 1


def _forged(quote: str, paper: Paper, others: Others, rng: random.Random, tally: Tally) -> None:
    for kind, change in FORGERIES.items():
        if forged := change(quote, rng, others):
            tally.forged[kind][_ask(forged, paper, tally)] += 1


def _ask(quote: str, paper: Paper, tally: Tally) -> str:
    started = time.perf_counter()
    verdict = find(quote, paper.index).verdict
    tally.seconds += time.perf_counter() - started
    tally.asked += 1
    return verdict


def check_pages(chosen: Sequence[Paper], tally: Tally) -> None:
    """Compare the page of every found sentence that stands on one page only with what PDFium reads on that page."""
    for paper in chosen:
        keys = list(_page_keys(paper.pdf))
        for quote in paper.sentences:
            key = "".join(key_of(tokens(quote)))
            on = [number for number, text in enumerate(keys, 1) if key in text]
            place = find(quote, paper.index)
            if len(on) == 1 and place.holds:
                tally.pages["right" if place.page == on[0] else "wrong"] += 1
                named = find(quote, paper.index, page=on[0] + 1).verdict
                tally.pages["caught" if named == "wrong_page" else "missed"] += 1


def _page_keys(pdf: Path) -> Iterator[str]:
    import pypdfium2  # type: ignore[import-untyped]

    with pypdfium2.PdfDocument(pdf) as document:
        for number in range(len(document)):
            page = document[number]
            text = page.get_textpage()
            yield "".join(key_of(tokens(text.get_text_bounded())))
            text.close()
            page.close()


def table(title: str, tally: Tally) -> Section:
    """Return the figures of a tally."""
    section = Section(title, ("what was done", "quotes", "exact", "fuzzy", "number", "absent", "right"))
    parts = ((NOISES, tally.true, tally.kept), (FORGERIES, tally.forged, tally.recall))
    for order, kinds, right in parts:
        for kind in order:
            counts = kinds[kind]
            verdicts = [str(counts[verdict]) for verdict in ("exact", "fuzzy", "number_differs", "absent")]
            section.rows.append((kind, str(counts.total()), *verdicts, f"{right(kind):.3f}"))
    section.notes.append(f"precision {tally.precision():.4f}, {tally.seconds / tally.asked * 1e6:.0f} us a quote")
    pages = ", ".join(f"{name} {count}" for name, count in tally.pages.items())
    section.notes.append(f"pages against PDFium's own: {pages}")
    return section


def main() -> int:
    """Print the figures."""
    folder = corpus()
    if folder is None:
        sys.stderr.write("set LIT_REVIEW_CORPUS to a corpus folder with pdfs/ and jats/\n")
        return 2
    for title, fit in (("papers the rules were fitted on", True), ("other papers", False)):
        chosen = papers(folder, fit=fit)
        tally = measure(chosen)
        check_pages(chosen, tally)
        sys.stdout.write(f"{table(f'{len(chosen)} {title}', tally)}\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
