"""The files of a review, written into a folder: each whole or not there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflows.research.academic_lit_review.export import MISSING, missing, write
from workflows.research.academic_lit_review.publishing.bibtex import bibtex
from workflows.research.academic_lit_review.publishing.csl import csl
from workflows.research.academic_lit_review.publishing.evidence_table import evidence_csv
from workflows.research.academic_lit_review.publishing.flow import flow
from workflows.research.academic_lit_review.publishing.html import page
from workflows.research.academic_lit_review.publishing.markdown import markdown
from workflows.research.academic_lit_review.publishing.ris import ris
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.values import Review

#: Excel takes UTF-8 only with it.
_BOM = "\ufeff"


async def publish(review: Review, records: Records, folder: Path, run: Mapping[str, Any] | None = None) -> list[Path]:
    """Write all files of a review into `folder` and return their paths, `review.html` first.

    `run` are the settings, versions, costs and timings of the run, plain JSON. Raises LitReviewError when the disk does
    not take a file, PrismaError when the counts do not add up: then nothing was written.
    """
    return await asyncio.to_thread(_written, review, records, folder, run or {})


def _written(review: Review, records: Records, folder: Path, run: Mapping[str, Any]) -> list[Path]:
    made = _made(review, records, run)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        write(folder / name, content)
    return [folder / name for name in made]


def _made(review: Review, records: Records, run: Mapping[str, Any]) -> dict[str, str]:
    """Return the content of every file by its name."""
    keys = {paper_id: review["keys"][paper_id] for paper_id in review["references"]}
    return {
        "review.html": page(review, records),
        "review.md": markdown(review, records),
        "references.bib": bibtex(keys, records.papers),
        "references.ris": ris(keys, records.papers),
        "references.json": csl(keys, records.papers),
        "evidence.csv": _BOM + evidence_csv(records),
        "prisma.svg": flow(records.counts),
        MISSING: _BOM + missing(records.outcomes.values()),
        "run.json": _run(review, records, run),
    }


def _run(review: Review, records: Records, run: Mapping[str, Any]) -> str:
    told = {
        **run,
        "question": records.question,
        "mode": review["mode"],
        "model": review["model"],
        "searched_on": records.searched_on,
        "searches": list(records.searches),
        "prisma": records.counts,
        "substitutions": list(records.substitutions),
        "dropped": review["dropped"],
        "notes": review["notes"],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
