"""Real papers fall into themes that a reader would call right; floors are a little below what was measured (0.93, 0.84)."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.clustering import Clustering, find_themes
from workflows.research.academic_lit_review.question import asked

CORPUS = os.environ.get("LIT_REVIEW_CORPUS")

pytestmark = pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS is not set: there are no real papers here")


def records(*topics: str) -> dict[str, dict[str, Any]]:
    """Return the records of the corpus on some topics (all, if none is named), by id."""
    lines = (Path(str(CORPUS)) / "manifest.jsonl").read_text().splitlines()
    found = {record["id"]: record for record in map(json.loads, lines)}
    return {name: each for name, each in found.items() if not topics or each["topic"].startswith(topics)}


async def themes(found: dict[str, dict[str, Any]], topic: str) -> Clustering:
    papers = {name: PaperMetadata(title=each["title"], abstract=each["abstract"]) for name, each in found.items()}
    return (await find_themes(papers, {}, asked(topic)))[0]


def purity(clustering: Clustering, found: dict[str, dict[str, Any]]) -> float:
    """Return the share of papers whose theme is mostly of their topic; those in none count against it."""
    right = [
        max(Counter(found[each]["topic"] for each in theme["paper_ids"]).values()) for theme in clustering["themes"]
    ]
    return sum(right) / len(found)


async def test_three_subjects_are_told_apart() -> None:
    found = records("ocimum", "open source", "julia")
    clustering = await themes(found, "What papers say")

    assert purity(clustering, found) >= 0.9
    assert 3 <= len(clustering["themes"]) <= 8


async def test_all_subjects_are_told_apart() -> None:
    found = records()
    clustering = await themes(found, "What papers say")

    assert purity(clustering, found) >= 0.8


async def test_medicine_and_software_never_share_a_theme() -> None:
    found = records("ocimum", "julia")
    clustering = await themes(found, "What papers say")

    assert purity(clustering, found) == 1.0


async def test_the_themes_of_a_question_are_not_called_by_it() -> None:
    clustering = await themes(records("ocimum"), "Medicinal properties of Ocimum sanctum (holy basil, tulsi)")
    labels = [theme["label"].lower() for theme in clustering["themes"]]

    assert 3 <= len(labels) <= 8
    assert len(set(labels)) == len(labels)
    assert not [label for label in labels if "ocimum" in label or "tulsi" in label]
    assert len(clustering["other"]) <= 5
