"""The parts of acquisition that other code may call by themselves."""

from __future__ import annotations

from pathlib import Path

from core.loopback import Internet, Route
from tests.library import PDFS, plan
from workflows.research.academic_lit_review.paper_processor.acquisition import check_cache_for_paper, try_oa_download
from workflows.research.academic_lit_review.paper_processor.acquisition.core import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.services import open_services


async def test_one_paper_can_be_fetched_from_its_open_sources(tmp_path: Path) -> None:
    ways = (Route("oa_url", fault="http_404"), Route("landing"))
    async with Internet(plan(ways)) as net, open_services(settings=net.settings(tmp_path)) as services:
        material = await try_oa_download(net.papers[0], services)

    assert material is not None
    assert (material.file.source, material.identity) == ("landing", "doi")
    assert material.file.path.read_bytes().startswith(b"%PDF-")


async def test_the_job_service_is_no_open_source(tmp_path: Path) -> None:
    async with Internet(plan((Route("retrieve"),))) as net:
        async with open_services(settings=net.settings(tmp_path)) as services:
            assert await try_oa_download(net.papers[0], services) is None

        assert net.submits[PDFS[0].id] == 0


async def test_the_cache_can_be_asked_for_one_paper(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),))) as net:
        settings = net.settings(tmp_path)
        async with open_services(settings=settings) as services:
            assert await check_cache_for_paper(net.papers[0], services) is None
        result = await run_paper_pipeline(net.papers, settings=settings)
        async with open_services(settings=settings) as services:
            outcome = await check_cache_for_paper(net.papers[0], services)

    assert outcome is not None
    assert outcome["status"] == "cached"
    assert outcome["text_sha256"] == result.results[PDFS[0].id]["text_sha256"]
