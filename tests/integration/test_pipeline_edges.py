"""Records as catalogues, bibliographies and users really write them, and stores with a past."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, StoreError
from core.loopback import Internet, Route
from core.progress import ProgressEvent
from core.settings import Settings
from core.stores.papers import PaperStore
from tests.library import PDFS, plan
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline, run_paper_processing


class ReadOnlyJobs:
    """A paper store that cannot write that a job has ended."""

    def __init__(self, store: PaperStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def close_job(self, *asked: object) -> None:
        """Fail as a store does whose disk is gone."""
        raise StoreError("disk is gone")


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


async def test_without_the_service_a_paper_asks_everybody_else_at_once(tmp_path: Path) -> None:
    """Papers known by their DOI alone were parked until all others had ended, for a service that was never there."""
    async with Internet(plan((Route("oa_url"),), (Route("landing"),))) as net:
        net.jobs.down = True
        gate = net.hold("repository")

        def watch(event: ProgressEvent) -> None:
            if event["status"] == "acquired" and event["paper_id"] == PDFS[1].id:
                gate.release()

        async with asyncio.timeout(30):
            held = net.settings(tmp_path, idle_timeout_s=20, service_recheck_s=60)
            result = await run_paper_pipeline(net.papers, settings=held, on_event=watch)

    assert len(result.results) == 2


async def test_the_job_of_another_service_is_not_asked_for_here(tmp_path: Path) -> None:
    async with Internet(plan((Route("retrieve"),))) as net:
        async with PaperStore.open(tmp_path) as store:
            await store.open_job(PDFS[0].id, service="http://elsewhere.example", idempotency_key="k")
            await store.job_submitted(PDFS[0].id, "http://elsewhere.example", "job-77")
        result = await run_paper_pipeline(net.papers, settings=net.settings(tmp_path))

        assert [request for request in net.requests if request.path.startswith("/jobs/job-77")] == []
    assert len(result.results) == 1


@pytest.mark.parametrize(("fault", "read"), [("", 1), ("wrong_paper", 0), ("NOT_FOUND", 0)])
async def test_no_job_stays_open_when_its_paper_has_ended(tmp_path: Path, fault: str, read: int) -> None:
    async with Internet(plan((Route("retrieve", fault=fault),), ())) as net:
        result = await run_paper_pipeline(net.papers[:1], settings=net.settings(tmp_path))

    async with PaperStore.open(tmp_path) as store:
        assert (await store.stats()).open_jobs == 0
    assert len(result.results) == read


async def test_a_store_that_breaks_under_the_retrieval_lane_leaves_no_task_behind(tmp_path: Path) -> None:
    async with Internet(plan((Route("retrieve", fault="NOT_FOUND"),), (Route("retrieve", fault="never"),))) as net:
        async with PaperStore.open(tmp_path) as store:
            broken: Any = ReadOnlyJobs(store)
            with pytest.raises(StoreError, match="disk is gone"):
                await run_paper_pipeline(net.papers, settings=net.settings(tmp_path), store=broken)
            left = asyncio.all_tasks() - {asyncio.current_task()}

        assert [task for task in left if "Polling" in repr(task) or "_produce" in repr(task)] == []


async def test_a_paper_known_to_be_missing_is_asked_for_at_a_place_that_is_new(tmp_path: Path) -> None:
    """A user who had found the PDF elsewhere and gave it was told for a week that it could not be had."""
    async with Internet(plan((), service=False)) as net:
        settings, missing = net.settings(tmp_path / "home"), net.papers[0]
        first = await run_paper_pipeline([missing], settings=settings)
        asked = len(net.requests)
        again = await run_paper_pipeline([missing], settings=settings)
        assert len(net.requests) == asked
        given: Any = {**missing, "pdf_path": str(PDFS[0].pdf)}
        found = await run_paper_pipeline([given], settings=settings)

    assert len(first.acquisition_failed) == len(again.acquisition_failed) == len(found.results) == 1


async def test_a_paper_known_to_be_missing_is_asked_for_at_a_service_that_is_new(tmp_path: Path) -> None:
    async with Internet(plan((Route("retrieve"),))) as net:
        alone = await run_paper_pipeline(net.papers, settings=net.settings(tmp_path, retrieve_academic_url=""))
        helped = await run_paper_pipeline(net.papers, settings=net.settings(tmp_path))

    assert len(alone.acquisition_failed) == len(helped.results) == 1


async def test_papers_that_cannot_be_had_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """The end of a way was paced like a request to a host: two seconds for every failure."""
    papers = [{"title": f"A paper nobody has {number}"} for number in range(30)]

    async with asyncio.timeout(20):
        result = await run_paper_pipeline(papers, settings=offline(tmp_path, acquisition_delay_s=3600))  # type: ignore[arg-type]

    assert {outcome["reason"] for outcome in result.acquisition_failed.values()} == {"no_location"}
    assert len(result.acquisition_failed) == 30


async def test_the_ledger_has_what_every_answer_was(tmp_path: Path) -> None:
    ways = (Route("oa_url", fault="wrong_paper"), Route("landing"))
    async with Internet(plan(ways, (), service=False)) as net:
        await run_paper_pipeline(net.papers[:1], settings=net.settings(tmp_path))

    async with PaperStore.open(tmp_path) as store:
        attempts = await store.attempts(PDFS[0].id)
    assert [(each.verdict, each.status, each.sniffed) for each in attempts] == [
        ("wrong_paper", 200, "pdf"),
        ("ok", 200, "html"),
        ("ok", 200, "pdf"),
    ]
    assert attempts[1].hops
    assert all(each.size > 0 for each in attempts)
