"""The paper processor against a scholarly internet on loopback: real HTTP, real SQLite, real PDFs, real processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from core.conversion.converter import Converted
from core.errors import SettingsError, known_reason
from core.http import HttpClient
from core.loopback import Internet, Plan, Route
from core.progress import ProgressEvent
from core.settings import MIB, Settings
from core.stores.papers import PaperStore
from tests.fakes import DeafStore, HeldConverter
from tests.library import PDFS, SAMPLE_PLAN, many, on, plan
from tests.watching import Watch
from workflows.research.academic_lit_review.export import export
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import Outcome, PipelineResult


async def run(net: Internet, home: Path, **options: object) -> PipelineResult:
    return await run_paper_pipeline(net.papers, settings=net.settings(home), **options)  # type: ignore[arg-type]


def only(outcomes: dict[str, Outcome]) -> Outcome:
    [outcome] = outcomes.values()
    return outcome


async def test_every_sample_paper_ends_exactly_once_and_one_honestly_fails(tmp_path: Path) -> None:
    async with Internet(SAMPLE_PLAN) as net:
        result = await run(net, tmp_path)

        acquired, results, acquisition_failed, processing_failed = result
        assert len(results) == len(net.papers) - 1
        assert len(acquisition_failed) == 1
        assert processing_failed == {}
        assert acquired.keys() == results.keys()
        assert set(result.outcomes) == {paper["doi"] for paper in net.papers}


async def test_a_text_is_in_the_store_under_its_hash_and_not_in_the_outcome(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),))) as net:
        outcome = only((await run(net, tmp_path)).results)

    async with PaperStore.open(tmp_path) as store:
        text = await store.read_text(outcome["text_sha256"])
    assert len(text) == outcome["chars"] > 3000
    assert max(len(str(value)) for value in outcome.values()) < 500
    assert outcome["license"]


@pytest.mark.parametrize("kind", ["arxiv", "pmc", "europepmc", "oa_url", "landing", "retrieve"])
async def test_every_rung_of_the_ladder_holds_alone(tmp_path: Path, kind: str) -> None:
    async with Internet(plan((Route(kind),))) as net:  # type: ignore[arg-type]
        outcome = only((await run(net, tmp_path)).outcomes)

    assert outcome["status"] == "converted", outcome
    assert outcome["source"] == {"retrieve": "retrieve-academic"}.get(kind, kind)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("html_as_pdf", "not_full_text"),
        ("wall_cloudflare", "bot_wall:cloudflare"),
        ("wall_anubis", "bot_wall:anubis"),
        ("paywall", "paywall"),
        ("truncated", "truncated"),
        ("truncated_quietly", "truncated"),
        ("wrong_paper", "wrong_paper"),
        ("gzip_bomb", "bad_encoding"),
        ("redirect_loop", "redirect_loop"),
        ("redirect_to_private", "blocked_address"),
        ("rate_limited_for_a_day", "http_429"),
        ("http_403", "http_403"),
        ("http_404", "http_404"),
        ("cookie_wall", "bot_wall:cookies"),
        ("accepted", "http_202"),
        ("partial", "http_206"),
        ("empty", "empty"),
    ],
)
async def test_bad_input_is_an_answer_with_a_reason(tmp_path: Path, fault: str, reason: str) -> None:
    async with Internet(plan((Route("oa_url", fault=fault),), (), service=False)) as net:
        settings = net.settings(tmp_path, max_inflated_bytes=16 * MIB)
        outcome = only((await run_paper_pipeline(net.papers[:1], settings=settings)).outcomes)

    assert outcome["status"] == "failed"
    verdicts = [attempt["verdict"] for attempt in outcome["tried"] if attempt["source"] == "oa_url"]
    assert reason in verdicts
    assert known_reason(outcome["reason"])
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


async def test_a_refused_file_is_kept_aside_and_the_next_source_is_asked(tmp_path: Path) -> None:
    async with Internet(
        plan((Route("oa_url", fault="wrong_paper"), Route("oa_url", host="rogue")), (Route("oa_url"),))
    ) as net:
        result = await run(net, tmp_path)

    async with PaperStore.open(tmp_path) as store:
        [refusal] = await store.refusals(PDFS[0].id)
        attempts = await store.attempts(PDFS[0].id)
    assert refusal.reason == "wrong_paper"
    assert [attempt.verdict for attempt in attempts] == ["wrong_paper", "ok"]
    assert result.results[PDFS[0].id]["status"] == "converted"


async def test_one_work_given_three_times_is_acquired_once(tmp_path: Path) -> None:
    """f13, f19: DOIs in another case, and records without one."""
    async with Internet(plan((Route("retrieve"),))) as net:
        [paper] = net.papers
        twins = [paper, {**paper, "doi": paper["doi"].upper()}, {"doi": f"https://doi.org/{paper['doi']}"}]
        result = await run_paper_pipeline(twins, settings=net.settings(tmp_path))  # type: ignore[arg-type]

        assert len(result.outcomes) == 1
        assert net.submits == {PDFS[0].id: 1}


async def test_papers_without_a_doi_stay_apart(tmp_path: Path) -> None:
    """f13: five papers became one with the wrong metadata."""
    async with Internet(plan(*[(Route("oa_url"),)] * 5)) as net:
        nameless = [{key: value for key, value in paper.items() if key != "doi"} for paper in net.papers]
        result = await run_paper_pipeline(nameless, settings=net.settings(tmp_path))  # type: ignore[arg-type]

    assert len(result.results) == 5
    assert {o["title"] for o in result.results.values()} == {paper["title"] for paper in nameless}


async def test_no_papers_is_no_work(tmp_path: Path) -> None:
    async with Internet(Plan(())) as net:
        assert (await run(net, tmp_path)).outcomes == {}


async def test_a_second_run_asks_nobody(tmp_path: Path) -> None:
    async with Internet(SAMPLE_PLAN) as net:
        first = await run(net, tmp_path)
        asked = len(net.requests)
        second = await run(net, tmp_path)

        assert len(net.requests) == asked
    assert {o["status"] for o in second.results.values()} == {"cached"}
    assert {i: o["text_sha256"] for i, o in second.results.items()} == {
        i: o["text_sha256"] for i, o in first.results.items()
    }
    assert second.acquisition_failed.keys() == first.acquisition_failed.keys()
    assert all(o["tried"] for o in second.acquisition_failed.values())


async def test_a_known_failure_is_asked_again_on_request(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url", fault="http_404", times=1),), service=False)) as net:
        first = await run(net, tmp_path)
        believed = await run(net, tmp_path)
        asked = len(net.requests)
        again = await run(net, tmp_path, retry_failed=True)

        assert len(net.requests) > asked
    assert [only(r.outcomes)["status"] for r in (first, believed, again)] == ["failed", "failed", "converted"]


async def test_a_failure_that_may_pass_is_not_believed(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url", fault="unavailable", times=3),), service=False)) as net:
        first = await run(net, tmp_path)
        second = await run(net, tmp_path)

    assert only(first.outcomes)["reason"] == "http_503"
    assert only(second.outcomes)["status"] == "converted"


async def test_a_cache_that_cannot_answer_is_a_miss_and_is_reported(tmp_path: Path) -> None:
    notes: list[ProgressEvent] = []
    async with Internet(plan((Route("oa_url"),))) as net, PaperStore.open(tmp_path) as store:
        result = await run(net, tmp_path, store=DeafStore(store), on_event=notes.append)

    assert only(result.outcomes)["status"] == "converted"
    assert [event["status"] for event in notes if event["stage"] == "cache"] == ["note"]


async def test_a_text_whose_pdf_was_lost_is_still_a_hit(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),))) as net:
        first = only((await run(net, tmp_path)).outcomes)
        Path(first["file_path"]).unlink()
        asked = len(net.requests)
        second = only((await run(net, tmp_path)).outcomes)

        assert len(net.requests) == asked
    assert second["status"] == "cached"


async def test_conversion_starts_while_downloads_are_still_running(tmp_path: Path) -> None:
    """Seed 001: the converter waited for the slowest download."""
    events: list[ProgressEvent] = []
    async with Internet(plan((Route("oa_url"),), (Route("oa_url", host="rogue"),))) as net:
        gate = net.hold("rogue")

        def watch(event: ProgressEvent) -> None:
            events.append(event)
            if event["status"] == "converted" and event["paper_id"] == PDFS[0].id:
                gate.release()

        async with asyncio.timeout(30):
            result = await run(net, tmp_path, on_event=watch)

    assert len(result.results) == 2
    done = [(e["status"], e["paper_id"]) for e in events]
    assert done.index(("converted", PDFS[0].id)) < done.index(("acquired", PDFS[1].id))


async def test_a_job_is_submitted_and_handled_while_a_download_hangs(tmp_path: Path) -> None:
    """f03, f15: jobs waited for the slowest open access attempt."""
    async with Internet(plan((Route("oa_url"),), (Route("retrieve"),))) as net:
        gate = net.hold("repository")

        def watch(event: ProgressEvent) -> None:
            if event["status"] == "converted" and event["paper_id"] == PDFS[1].id:
                gate.release()

        async with asyncio.timeout(30):
            result = await run(net, tmp_path, on_event=watch)

    assert len(result.results) == 2


async def test_a_hung_submit_and_a_hung_status_call_delay_only_themselves(tmp_path: Path) -> None:
    """f02, f05."""
    async with Internet(plan((Route("retrieve"),), (Route("retrieve"),), (Route("retrieve"),))) as net:
        gates = [net.hold(f"submit:{PDFS[0].id}"), net.hold(f"status:{PDFS[1].id}")]

        def watch(event: ProgressEvent) -> None:
            if event["status"] == "converted" and event["paper_id"] == PDFS[2].id:
                for gate in gates:
                    gate.release()

        async with asyncio.timeout(30):
            result = await run(net, tmp_path, on_event=watch)

    assert len(result.results) == 3


async def test_when_the_service_is_down_only_that_source_is_skipped(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),), (Route("retrieve"),))) as net:
        net.jobs.down = True
        first = await run(net, tmp_path)
        net.jobs.down = False
        second = await run(net, tmp_path)

    assert first.results.keys() == {PDFS[0].id}
    failed = first.acquisition_failed[PDFS[1].id]
    assert "service_unavailable" in [attempt["verdict"] for attempt in failed["tried"]]
    assert failed["detail"].endswith("the retrieval service does not answer")
    assert second.results[PDFS[1].id]["status"] == "converted"


async def test_while_the_service_stays_down_what_the_open_sources_said_is_believed(tmp_path: Path) -> None:
    """The default install has nobody behind the service's address: each run asked every open source again."""
    async with Internet(plan((Route("oa_url", fault="http_404"), Route("retrieve")))) as net:
        net.jobs.down = True
        first = only((await run(net, tmp_path)).outcomes)
        asked = len(net.asked(host="repository"))
        second = only((await run(net, tmp_path)).outcomes)

        assert len(net.asked(host="repository")) == asked
        assert (second["reason"], second["status"]) == (first["reason"], "failed")
        net.jobs.down = False
        third = only((await run(net, tmp_path)).outcomes)

        assert len(net.asked(host="repository")) == asked
    assert (third["status"], third["source"]) == ("converted", "retrieve-academic")


async def test_a_key_in_a_stated_address_reaches_neither_ledger_nor_outcome(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url", fault="http_404"),), service=False)) as net:
        [paper] = net.papers
        paper["oa_urls"] = [f"{paper['oa_urls'][0]}?api_key=CANARY-4711"]
        result = await run_paper_pipeline([paper], settings=net.settings(tmp_path))
        again = await run_paper_pipeline([paper], settings=net.settings(tmp_path))

    assert "CANARY" not in str(result.outcomes) + str(again.outcomes)
    assert only(again.outcomes)["detail"].endswith("(known from an earlier run)")
    async with PaperStore.open(tmp_path) as store:
        assert "CANARY" not in str(await store.attempts(PDFS[0].id))


async def test_an_outcome_tells_by_what_the_paper_was_known_and_what_was_tried(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url", fault="http_404"), Route("oa_url", host="rogue")))) as net:
        outcome = only((await run(net, tmp_path)).outcomes)

    assert outcome["identity"] == "doi"
    assert [attempt["verdict"] for attempt in outcome["tried"]] == ["http_404", "ok"]
    assert outcome["warnings"] == []


async def test_a_paper_that_cannot_be_verified_is_read_with_a_warning_and_named_by_its_heading(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),))) as net:
        bare = [{"oa_urls": paper["oa_urls"]} for paper in net.papers]
        outcome = only((await run_paper_pipeline(bare, settings=net.settings(tmp_path))).results)  # type: ignore[arg-type]

    assert outcome["identity"] == "unverified"
    assert outcome["warnings"] == ["identity unverified: the record has no title to compare"]
    assert outcome["title"] == PDFS[0].metadata["title"]


class Illustrated(HeldConverter):
    """A converter whose texts have an image."""

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        made = await super().convert(pdf, deadline=deadline)
        return replace(made, markdown=f"![](a.png)\n\n{made.markdown}", images={"a.png": b"png"}, why="asked for")


async def test_images_are_kept_beside_their_text_and_exported_with_it(tmp_path: Path) -> None:
    converter = Illustrated()
    converter.open()
    async with Internet(plan((Route("oa_url"),))) as net, PaperStore.open(tmp_path / "home") as store:
        outcome = only((await run(net, tmp_path, store=store, converter=converter)).results)
        await export([outcome], store, tmp_path)

    assert (Path(outcome["images_path"]) / "a.png").read_bytes() == b"png"
    assert (outcome["engine"], outcome["why"]) == ("held", "asked for")
    [text] = tmp_path.glob("*.md")
    link = f"{text.stem}/a.png"
    assert f"![]({link})" in text.read_text()
    assert (tmp_path / link).read_bytes() == b"png"


async def test_a_client_given_by_the_caller_is_left_as_it_was(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),))) as net, HttpClient(net.settings(tmp_path)) as http:
        for _ in range(3):
            await run(net, tmp_path, http=http)
        page = await http.fetch(net.papers[0]["oa_urls"][0])

    assert page.status == 200


async def test_a_service_that_comes_back_during_the_run_is_used(tmp_path: Path) -> None:
    async with Internet(plan((Route("oa_url"),), (Route("retrieve"),))) as net:
        net.jobs.down = True
        gate = net.hold("repository")

        async def revive() -> None:
            await net.until(lambda: any(r.path == "/health" and r.status == 503 for r in net.requests))
            net.jobs.down = False
            await net.until(lambda: net.submits[PDFS[1].id] == 1)
            gate.release()

        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(revive())
            task = group.create_task(run(net, tmp_path))

    assert len(task.result().results) == 2


async def test_papers_acquired_but_unfinished_never_exceed_the_bound(tmp_path: Path) -> None:
    """f01, W11: the queue bounded nothing. The bound: queue + workers + transfers that wait for room."""
    converter = HeldConverter(slots=2)
    acquired: Counter[str] = Counter()
    async with Internet(many(30, Route("oa_url"))) as net, asyncio.TaskGroup() as group:
        settings = net.settings(tmp_path, queue_size=3, max_processing=2, max_downloads=4, host_concurrency=8)
        bound = 3 + 2 + 4

        def watch(event: ProgressEvent) -> None:
            acquired[event["status"]] += 1
            assert acquired["acquired"] - acquired["converted"] <= bound
            if acquired["acquired"] == bound:
                converter.open()

        running = run_paper_pipeline(net.papers, settings=settings, converter=converter, on_event=watch)
        task = group.create_task(running)

    assert len(task.result().results) == 30
    assert acquired["acquired"] == 30


@pytest.mark.parametrize(("given", "running"), [({}, 5), ({"max_processing": 3}, 3)])
async def test_an_engine_uses_all_its_slots_unless_somebody_has_set_a_limit(
    tmp_path: Path, given: dict[str, int], running: int
) -> None:
    """A GPU machine with eight devices has not got eight cores to spare."""
    converter, watch = HeldConverter(slots=5), Watch()
    async with Internet(many(8, Route("oa_url"))) as net, asyncio.TaskGroup() as group:
        settings = net.settings(tmp_path, host_concurrency=8, **given)
        task = group.create_task(run_paper_pipeline(net.papers, settings=settings, converter=converter, on_event=watch))
        await watch.seen("acquired", 8)
        await watch.seen("converting", running)
        assert len(converter.order) == running
        converter.open()

    assert len(task.result().results) == 8


async def test_the_most_relevant_papers_are_read_first(tmp_path: Path) -> None:
    converter = HeldConverter(slots=1)
    async with Internet(many(8, Route("oa_url"))) as net, asyncio.TaskGroup() as group:
        settings = net.settings(tmp_path, max_processing=1, host_concurrency=8)
        papers = [{**paper, "relevance_score": number / 10} for number, paper in enumerate(net.papers)]
        acquired: list[str] = []

        def watch(event: ProgressEvent) -> None:
            if event["status"] == "acquired":
                acquired.append(event["paper_id"])
            if len(acquired) == 8:
                converter.open()

        task = group.create_task(run_paper_pipeline(papers, settings=settings, converter=converter, on_event=watch))  # type: ignore[arg-type]

    assert len(task.result().results) == 8
    assert converter.order[1:] == [
        task.result().acquired[f"10.5555/many.{n}"] for n in range(7, -1, -1) if f"10.5555/many.{n}" != acquired[0]
    ]


async def test_a_poison_pdf_is_tried_twice_and_fails_alone(tmp_path: Path) -> None:
    async with Internet(plan(*[(Route("oa_url"),)] * 3)) as net:
        converter = HeldConverter(slots=2, poison=PDFS[1].metadata["title"])
        converter.open()
        result = await run(net, tmp_path, converter=converter)

    assert result.processing_failed[PDFS[1].id]["reason"] == "worker_died"
    assert len(result.results) == 2
    assert Counter(converter.order)[result.acquired[PDFS[1].id]] == 2


async def test_a_bug_in_the_converter_stops_the_run_loudly_and_keeps_what_is_there(tmp_path: Path) -> None:
    """f10, f11: an exception was discarded, or the producer waited for ever."""
    async with Internet(plan(*[(Route("oa_url"),)] * 6)) as net:
        converter = HeldConverter(slots=1, bug=RuntimeError("a bug"))
        converter.open()
        with pytest.raises(RuntimeError, match="a bug"):
            async with asyncio.timeout(30):
                await run(net, tmp_path, converter=converter)
        result = await run(net, tmp_path)

    assert len(result.results) == 6


@pytest.mark.parametrize(
    "paper", [{"doi": "10.5555/../../../evil"}, {"doi": "10.5555//etc/cron.d/x"}, {"title": "\x00" * 400}]
)
async def test_no_name_leaves_the_store(tmp_path: Path, paper: dict[str, str]) -> None:
    """f18: file names made from DOIs."""
    async with Internet(Plan((on(PDFS[0], Route("oa_url")),))) as net:
        home = tmp_path / "deep" / "home"
        given = {**net.papers[0], **paper} if "doi" not in paper else {**net.papers[0], "doi": paper["doi"]}
        await run_paper_pipeline([given], settings=net.settings(home))  # type: ignore[list-item]

    assert [path for path in tmp_path.rglob("*") if not path.is_relative_to(home) and path.is_file()] == []


async def test_papers_answered_with_the_same_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Found with real papers: a download is named for its hash, and one paper removed the file of another."""
    ways = [(Route("oa_url", fault="wrong_paper"), Route("oa_url", host="rogue"))] * 8
    async with Internet(plan(*ways)) as net:
        result = await run_paper_pipeline(net.papers, settings=net.settings(tmp_path, host_concurrency=8))

    assert len(result.results) == 8


async def test_pdfs_of_the_user_are_read_at_once_named_and_left_where_they_are(tmp_path: Path) -> None:
    """Found by reading a folder: forty files of one disk were paced like forty requests to one host."""
    folder = Path(str(PDFS[0].pdf)).parent
    papers = [{"pdf_path": str(path)} for path in sorted(folder.glob("*.pdf"))] + [{"pdf_path": str(folder / "no.pdf")}]
    settings = Settings(home=tmp_path, retrieve_academic_url="", acquisition_delay_s=3600)

    async with asyncio.timeout(60):
        first = await run_paper_pipeline(papers, settings=settings)  # type: ignore[arg-type]
        second = await run_paper_pipeline(papers, settings=settings)  # type: ignore[arg-type]

    assert len(first.results) == len(papers) - 1
    assert {o["title"] for o in first.results.values()} == {str(served.metadata["title"]) for served in PDFS}
    assert {o["title"] for o in second.results.values()} == {o["title"] for o in first.results.values()}
    assert only(first.acquisition_failed)["reason"] == "not_found"
    assert only(first.acquisition_failed)["title"] == "no.pdf"
    assert all(Path(paper["pdf_path"]).exists() for paper in papers[:-1])


async def test_nothing_is_left_in_the_scratch_folder(tmp_path: Path) -> None:
    async with Internet(SAMPLE_PLAN) as net:
        await run(net, tmp_path)

    assert [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()] == []


async def test_a_run_without_transfers_is_refused_before_it_starts() -> None:
    with pytest.raises(SettingsError, match="max_concurrent is 0"):
        await run_paper_pipeline([{"doi": "10.5555/a"}], max_concurrent=0)
