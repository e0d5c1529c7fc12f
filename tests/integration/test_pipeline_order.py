"""Who is asked, and when: what a scheduler gets wrong without any paper being lost."""

from __future__ import annotations

from pathlib import Path

from core.loopback import Internet, Route
from tests.library import plan
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline


async def test_a_finished_job_is_fetched_before_the_landing_page_is_asked(tmp_path: Path) -> None:
    async with Internet(plan((Route("retrieve"),))) as net:
        result = await run_paper_pipeline(net.papers, settings=net.settings(tmp_path))

        assert [outcome["source"] for outcome in result.results.values()] == ["retrieve-academic"]
        assert net.asked(host="doi") == []
