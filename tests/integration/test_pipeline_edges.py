"""Records as catalogues, bibliographies and users really write them, and stores with a past."""

from __future__ import annotations

from pathlib import Path

from core.settings import Settings
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline


def offline(home: Path, **overrides: object) -> Settings:
    """Return settings with which nobody is asked unless a record says so."""
    return Settings(home=home, retrieve_academic_url="", _env_file=None, **overrides)  # type: ignore[call-arg, arg-type]


async def test_an_address_that_is_none_fails_its_paper_and_no_other(tmp_path: Path) -> None:
    addresses = ["http://[bad/x.pdf", "//[", "http://a b/ü.pdf", "file:///etc/passwd", "n/a", "/home/me/paper.pdf"]
    papers = [{"title": f"Paper {address}", "oa_urls": [address]} for address in addresses]

    result = await run_paper_pipeline(papers, settings=offline(tmp_path, acquisition_delay_s=0))  # type: ignore[arg-type]

    assert [outcome["reason"] for outcome in result.acquisition_failed.values()] == ["bad_url"] * len(addresses)
