"""Records as catalogues, bibliographies and users really write them, and stores with a past."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.settings import Settings
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline, run_paper_processing


def offline(home: Path, **overrides: object) -> Settings:
    """Return settings with which nobody is asked unless a record says so."""
    return Settings(home=home, retrieve_academic_url="", _env_file=None, **overrides)  # type: ignore[arg-type]


async def test_an_address_that_is_none_fails_its_paper_and_no_other(tmp_path: Path) -> None:
    addresses = ["http://[bad/x.pdf", "//[", "http://a b/ü.pdf", "file:///etc/passwd", "n/a", "/home/me/paper.pdf"]
    papers = [{"title": f"Paper {address}", "oa_urls": [address]} for address in addresses]

    result = await run_paper_pipeline(papers, settings=offline(tmp_path, acquisition_delay_s=0))  # type: ignore[arg-type]

    assert [outcome["reason"] for outcome in result.acquisition_failed.values()] == ["bad_url"] * len(addresses)


async def test_what_a_catalogue_does_not_know_is_null_and_fails_nobody(tmp_path: Path) -> None:
    null = dict.fromkeys(("doi", "authors", "oa_urls", "relevance_score", "year", "pmcid", "arxiv_id", "abstract"))
    papers: list[Any] = [
        {**null, "title": "One"},
        {**null, "title": None, "pmid": 12345678},
        {**null, "authors": [None, {}]},
    ]
    state = await run_paper_processing(papers, settings=offline(tmp_path))
    result = await run_paper_pipeline(papers, settings=offline(tmp_path))

    assert state["acquisition_failed"].keys() == result.acquisition_failed.keys()
    assert {outcome["reason"] for outcome in result.acquisition_failed.values()} == {"no_location"}
    assert len(result.outcomes) == 3


@pytest.mark.parametrize(
    "field", [{"authors": ["Smith"]}, {"relevance_score": "high"}, {"oa_urls": "http://a.example"}]
)
async def test_a_field_that_cannot_be_used_is_named_before_anything_is_asked(tmp_path: Path, field: Any) -> None:
    with pytest.raises(InputError, match=next(iter(field))):
        await run_paper_pipeline([{"title": "One"}, field], settings=offline(tmp_path))


async def test_papers_with_nothing_but_an_address_stay_apart(tmp_path: Path) -> None:
    """Two of them had the same hash of no title, and became one."""
    papers = [{"oa_urls": [f"n/a/{number}"]} for number in range(3)]

    result = await run_paper_pipeline(papers, settings=offline(tmp_path, acquisition_delay_s=0))  # type: ignore[arg-type]

    assert len(result.outcomes) == 3


@pytest.mark.parametrize(
    "path", ["/nowhere/x.pdf", "/tmp", "/dev/null", "a\0b", "caf\udce9.pdf", "//[", "file:///x.pdf"]
)
async def test_a_path_that_leads_to_no_pdf_is_an_answer(tmp_path: Path, path: str) -> None:
    result = await run_paper_pipeline([{"pdf_path": path}], settings=offline(tmp_path))

    [outcome] = result.acquisition_failed.values()
    assert outcome["reason"] in ("not_found", "empty")
    assert [attempt["source"] for attempt in outcome["tried"]] == ["local"]
