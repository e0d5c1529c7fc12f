"""A Marker job service as converter, over real HTTP: jobs that are lost, late, wrong or nobody's any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from core.conversion.converter import Converted
from core.conversion.marker.pages import written
from core.conversion.marker_service import MarkerServiceConverter
from core.conversion.marker_service.client import RESULT_BYTES
from core.conversion.marker_service.paging import paged
from core.conversion.marker_service.watch import Patience
from core.conversion.workers import Memory, Workers
from core.errors import ConversionError, InferenceDown, SettingsError, WorkerDied
from core.loopback import Internet
from core.settings import Settings
from tests.leftovers import children, left, tasks
from tests.library import SAMPLE_PLAN
from tests.markerservice import Job, MarkerDesk, serving, state
from tests.pdfs import typeset
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline

ONE = ["= A title about rivers", "Rivers carry sediment from the mountains to the sea, and much of it stays there."]
PAGES = (
    "= On rivers\n\n" + "Rivers carry sediment from the mountains to the sea, and much of it stays there. " * 6,
    "== Methods\n\n" + "We measured the load of twelve rivers over ten years, each at three stations. " * 6,
    "== Results\n\n" + "The load fell by a third where dams had been built, and nowhere else at all. " * 6,
)

QUICK = Patience(line_s=60.0, idle_s=0.2)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[MarkerDesk]:
    async with serving(MarkerDesk(tmp_path)) as running:
        yield running


@pytest.fixture
async def celery(tmp_path: Path) -> AsyncGenerator[MarkerDesk]:
    """A service that calls every unknown job pending, and lists only what its one worker holds."""
    async with serving(MarkerDesk(tmp_path, workers=1, celery=True)) as running:
        yield running


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "paper"
    path.write_bytes(typeset(*PAGES))
    return path


def settings(url: str, **changes: Any) -> Settings:
    quick: dict[str, Any] = {"poll_interval_s": 0.02, "retry_base_s": 0.0, "inference_wait_s": 0.0, "max_tries": 1}
    return Settings(**(quick | {"marker_base_url": url} | changes))


@asynccontextmanager
async def converter_of(
    url: str, *, patience: Patience = QUICK, **changes: Any
) -> AsyncGenerator[MarkerServiceConverter]:
    async with MarkerServiceConverter(settings(url, **changes), patience=patience) as converter:
        yield converter


async def converted(desk: MarkerDesk, pdf: Path, *, deadline: float = 30.0, **changes: Any) -> Converted:
    async with converter_of(desk.url, **changes) as converter:
        return await converter.convert(pdf, deadline=deadline)


# the way it should be


async def test_a_pdf_becomes_markdown_with_its_pages(desk: MarkerDesk, pdf: Path) -> None:
    made = await converted(desk, pdf)

    pages = [made.markdown[span.start : span.end] for span in made.pages]
    assert [page.split()[1] for page in pages] == ["On", "Methods", "Results"]
    assert "".join(pages) == made.markdown
    assert (made.engine, made.rank, made.warnings) == ("marker-service", 20, ())
    assert made.metadata == {
        "table_of_contents": [{"title": "On rivers", "level": 1, "page": 1}],
        "methods": ["pdftext", "pdftext", "pdftext"],
    }


@pytest.mark.parametrize("name", ["a b", 'quo"te.pdf', "two\nlines", "Größe 论文.pdf", "-rf", "%2e%2e%2f", "a" * 200])
async def test_what_is_uploaded_is_the_file_and_only_the_file(desk: MarkerDesk, pdf: Path, name: str) -> None:
    await converted(desk, pdf.rename(pdf.parent / name))

    [upload] = desk.uploads
    assert upload.content == typeset(*PAGES)
    assert upload.fields == {"quality": "balanced", "markdown_only": "false"}
    assert upload.name.removesuffix(".pdf").isalnum()


@pytest.mark.parametrize(
    ("changes", "preset"),
    [
        ({"marker_mode": "fast"}, "fast"),
        ({"marker_mode": "balanced"}, "balanced"),
        ({"marker_options": {"force_ocr": True}}, "quality"),
        ({"marker_options": {"use_llm": True, "force_ocr": False}}, "quality"),
        ({"marker_options": {"use_llm": False}}, "balanced"),
    ],
)
async def test_mode_and_options_become_a_preset(
    desk: MarkerDesk, pdf: Path, changes: dict[str, Any], preset: str
) -> None:
    await converted(desk, pdf, **changes)

    assert desk.uploads[0].fields["quality"] == preset


async def test_several_papers_at_a_time_are_never_mixed_up(desk: MarkerDesk, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.pdf" for number in range(6)]
    for number, path in enumerate(paths):
        path.write_bytes(typeset(f"= Paper {number}\n\n" + f"This is what paper number {number} says. " * 9))
    gate = desk.traffic.hold("work:1")
    async with converter_of(desk.url) as converter, asyncio.TaskGroup() as group:
        made = [group.create_task(converter.convert(path, deadline=30)) for path in paths]
        await desk.traffic.until(lambda: len([job for job in desk.uploads if job.status == "completed"]) == 5)
        gate.release()

    assert [task.result().markdown.splitlines()[0] for task in made] == [f"## Paper {number}" for number in range(6)]
    assert len({upload.name for upload in desk.uploads}) == 6


async def test_the_sample_library_is_read_by_the_service(tmp_path: Path) -> None:
    async with serving(MarkerDesk(tmp_path)) as desk, Internet(SAMPLE_PLAN) as net:
        chosen = net.settings(tmp_path / "home", converter="marker-service", marker_base_url=desk.url)
        result = await run_paper_pipeline(net.papers, settings=chosen)

        engines = {outcome["engine"] for outcome in result.results.values()}
        assert len(result.results) == len(net.papers) - 1
        assert result.processing_failed == {}
        assert engines == {"marker-service", "jats", "html"}
    assert await left(tmp_path / "home") == {}


# before the first paper


async def test_a_service_that_is_not_there_is_a_matter_of_settings() -> None:
    with pytest.raises(SettingsError, match=r"does not answer .*LIT_REVIEW_MARKER_BASE_URL"):
        async with converter_of("http://127.0.0.1:9"):
            pass
    assert children() == []


@pytest.mark.parametrize("url", ["", "http://user:key@127.0.0.1:9"])
async def test_an_address_that_is_none_is_a_matter_of_settings(url: str) -> None:
    with pytest.raises(SettingsError, match="Marker job service") as caught:
        async with converter_of(url):
            pass
    assert "key" not in str(caught.value).partition("(")[0].replace("user:key@", "", 1) or not url


async def test_options_that_no_preset_has_are_a_matter_of_settings(desk: MarkerDesk) -> None:
    with pytest.raises(SettingsError, match="disable_ocr, page_range"):
        MarkerServiceConverter(settings(desk.url, marker_options={"page_range": "0", "disable_ocr": True}))


async def test_a_preset_that_the_service_does_not_have_is_a_matter_of_settings(desk: MarkerDesk) -> None:
    desk.presets = {"slow": {}}

    with pytest.raises(SettingsError, match="no preset 'balanced', only slow"):
        async with converter_of(desk.url):
            pass


@pytest.mark.parametrize("status", [415, 422, 404, 401])
async def test_a_service_that_takes_no_uploads_is_a_matter_of_settings(
    desk: MarkerDesk, pdf: Path, status: int
) -> None:
    """The forerunner's wants JSON with a path on a shared volume."""
    desk.refusals = [JSONResponse({"detail": "file_path: field required"}, status)]

    with pytest.raises(SettingsError, match="field required"):
        await converted(desk, pdf)


async def test_a_file_refused_by_a_service_that_took_another_is_that_papers_failure(
    desk: MarkerDesk, pdf: Path
) -> None:
    async with converter_of(desk.url) as converter:
        await converter.convert(pdf, deadline=30)
        desk.refusals = [JSONResponse({"detail": "pages too wide"}, 422), JSONResponse({}, 413)]
        with pytest.raises(ConversionError, match=r"conversion_failed.*pages too wide"):
            await converter.convert(pdf, deadline=30)
        with pytest.raises(ConversionError, match="too_large"):
            await converter.convert(pdf, deadline=30)


async def test_a_degraded_service_is_used_and_says_so(
    desk: MarkerDesk, pdf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk.health["status"] = "degraded"
    with caplog.at_level(logging.WARNING):
        await converted(desk, pdf)

    assert "says it is degraded" in caplog.text


async def test_slots_are_the_services_workers_and_one_in_line(desk: MarkerDesk) -> None:
    async with converter_of(desk.url, max_processing=7) as told:
        assert told.slots == 3
    desk.health = {"status": "healthy", "active_workers": 0}  # so says one that counts its busy workers
    async with converter_of(desk.url, max_processing=7) as untold:
        assert untold.slots == 7


# what texts are cached under


async def test_another_version_or_preset_is_another_fingerprint(desk: MarkerDesk) -> None:
    seen = [await fingerprint(desk), await fingerprint(desk, marker_mode="fast")]
    desk.health["surya_version"] = "0.22.1"
    seen.append(await fingerprint(desk))
    desk.presets = {"balanced": {"force_ocr": True}}
    seen.append(await fingerprint(desk))
    desk.health = {"status": "healthy"}
    seen.append(await fingerprint(desk))

    assert len(set(seen)) == 5
    assert seen[0].startswith("marker-service/1+1.4+balanced/")
    assert desk.url.removeprefix("http://") in seen[-1]


async def test_a_service_told_anew_in_the_middle_of_a_run_changes_no_fingerprint(desk: MarkerDesk, pdf: Path) -> None:
    async with converter_of(desk.url) as converter:
        before = converter.fingerprint
        desk.health["version"] = "2.0"

        assert (await converter.convert(pdf, deadline=30)).fingerprint == before == converter.fingerprint


async def fingerprint(desk: MarkerDesk, **changes: Any) -> str:
    async with converter_of(desk.url, **changes) as converter:
        return converter.fingerprint


# jobs that are lost


async def test_a_job_the_service_does_not_know_is_lost(desk: MarkerDesk, pdf: Path) -> None:
    desk.replies[1] = lambda job: JSONResponse({"detail": "Job not found"}, 404)

    with pytest.raises(WorkerDied, match="does not know job job-1"):
        await converted(desk, pdf)


async def test_a_job_that_is_pending_for_ever_is_lost_once_nobody_holds_any(celery: MarkerDesk, pdf: Path) -> None:
    celery.traffic.hold("take")
    async with converter_of(celery.url) as converter, asyncio.TaskGroup() as group:
        lost = group.create_task(fails(converter, pdf))
        await celery.traffic.until(lambda: bool(celery.uploads))
        celery.restart()

    assert isinstance(lost.result(), WorkerDied)


async def test_a_job_that_waits_behind_others_is_not_lost(celery: MarkerDesk, tmp_path: Path, pdf: Path) -> None:
    """The list does not show it: only one job is with the one worker."""
    gate = celery.traffic.hold("work:1")
    second = tmp_path / "second"
    second.write_bytes(typeset("= Second\n\n" + "The second paper waits for the first one to end. " * 9))
    async with converter_of(celery.url) as converter, asyncio.TaskGroup() as group:
        group.create_task(converter.convert(pdf, deadline=30))
        await celery.traffic.until(lambda: any(job.status == "processing" for job in celery.uploads))
        waiting = group.create_task(converter.convert(second, deadline=30))
        await celery.traffic.until(lambda: celery.lists >= 5)
        gate.release()

    assert waiting.result().markdown.startswith("## Second")
    assert len(celery.uploads) == 2


async def test_a_job_that_was_worked_on_and_is_pending_again_is_lost(celery: MarkerDesk, pdf: Path) -> None:
    celery.traffic.hold("work:1")
    async with converter_of(celery.url) as converter, asyncio.TaskGroup() as group:
        lost = group.create_task(fails(converter, pdf))
        await celery.traffic.until(lambda: celery.statuses[1] >= 3)
        celery.restart()
        celery.jobs["other"] = Job("other", 0, "", b"", {}, "processing")

    assert isinstance(lost.result(), WorkerDied)


@pytest.mark.parametrize("semantics", ["plain", "celery"])
async def test_a_service_that_restarts_in_the_middle_of_a_job_costs_one_retry(
    tmp_path: Path, pdf: Path, semantics: str
) -> None:
    async with (
        serving(MarkerDesk(tmp_path, celery=semantics == "celery")) as desk,
        Internet(SAMPLE_PLAN) as net,
        asyncio.TaskGroup() as group,
    ):
        chosen = net.settings(tmp_path / "home", marker_base_url=desk.url, converter="marker-service")
        [paper] = [paper for paper in net.papers if paper["doi"] == SAMPLE_PLAN.papers[1].metadata["doi"]]
        desk.traffic.hold("work:1")
        reading = group.create_task(run_paper_pipeline([paper], settings=chosen))
        await desk.traffic.until(lambda: desk.statuses[1] >= 2)
        desk.restart()
        [outcome] = (await reading).outcomes.values()

    assert outcome["status"] == "converted", outcome
    assert len(desk.uploads) == 2


async def fails(converter: MarkerServiceConverter, pdf: Path, deadline: float = 30.0) -> ConversionError:
    with pytest.raises(ConversionError) as caught:
        await converter.convert(pdf, deadline=deadline)
    return caught.value


# jobs that end badly


async def test_a_job_that_never_finishes_ends_at_its_deadline_and_is_cancelled(desk: MarkerDesk, pdf: Path) -> None:
    desk.traffic.hold("work:1")
    async with converter_of(desk.url) as converter:
        error = await fails(converter, pdf, deadline=0.3)

    assert (error.reason, desk.cancelled, desk.jobs) == ("conversion_timeout", ["job-1"], {})


async def test_a_job_that_nobody_takes_up_says_so(desk: MarkerDesk, pdf: Path) -> None:
    """It is not the paper's fault, so it is tried once more, and nobody believes it for a week."""
    desk.traffic.hold("take")
    async with converter_of(desk.url, patience=Patience(line_s=0.2)) as converter:
        error = await fails(converter, pdf)

    assert isinstance(error, InferenceDown)
    assert "no worker of the service took job job-2 up" in error.detail
    assert desk.cancelled == ["job-1", "job-2"]


async def test_a_service_that_cannot_cancel_is_left_alone(desk: MarkerDesk, pdf: Path) -> None:
    desk.routes.remove("delete")
    desk.traffic.hold("work:1")
    async with converter_of(desk.url) as converter:
        error = await fails(converter, pdf, deadline=0.3)

    assert (error.reason, desk.cancelled) == ("conversion_timeout", ["job-1"])


@pytest.mark.parametrize("status", ["failed", "skipped", "FAILURE", "revoked"])
async def test_a_failed_job_fails_its_paper_with_the_services_words(desk: MarkerDesk, pdf: Path, status: str) -> None:
    said = "cannot\nfetch http://host/model?api_key=S3CRET of it"
    desk.replies[1] = lambda job: {"status": status, "error": said}
    async with converter_of(desk.url) as converter:
        error = await fails(converter, pdf)

    assert error.reason == "conversion_failed"
    assert error.detail == f"the service says {status}: cannot fetch http://host/model?api_key=*** of it"
    assert desk.cancelled == []


async def test_passing_trouble_costs_nothing(desk: MarkerDesk, pdf: Path) -> None:
    desk.replies[1] = sometimes(*[JSONResponse({}, status) for status in (500, 502, 503, 504, 429, 500)], b"<html>")

    assert (await converted(desk, pdf)).pages
    assert len(desk.uploads) == 1


async def test_lasting_trouble_with_a_job_ends_it_and_not_at_once(desk: MarkerDesk, pdf: Path) -> None:
    desk.replies.update(dict.fromkeys((1, 2), lambda job: JSONResponse({}, 500)))
    async with converter_of(desk.url) as converter:
        error = await fails(converter, pdf)

    assert isinstance(error, InferenceDown)
    assert desk.statuses == {1: 10, 2: 10}


async def test_papers_wait_for_a_service_that_is_away_for_a_moment(desk: MarkerDesk, pdf: Path) -> None:
    """Each of them would fail otherwise, one after the other."""
    health, desk.health = desk.health, desk.health
    async with converter_of(desk.url, inference_wait_s=30.0) as converter, asyncio.TaskGroup() as group:
        desk.refusals, desk.health = [JSONResponse({}, 503)], {}
        made = [group.create_task(converter.convert(pdf, deadline=30)) for _ in range(2)]
        await desk.traffic.until(lambda: desk.greetings == 2)
        desk.health = health

    assert [task.result().markdown[:11] for task in made] == ["## On river"] * 2


async def test_a_service_that_is_gone_for_good_fails_papers_without_waiting_for_each(tmp_path: Path, pdf: Path) -> None:
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(serving(MarkerDesk(tmp_path)))
        converter = await stack.enter_async_context(converter_of(desk.url))
        await converter.convert(pdf, deadline=30)
        desk.health, desk.refusals = {}, [JSONResponse({}, 503)] * 9
        errors = [await fails(converter, pdf) for _ in range(3)]

    assert [(type(error), error.reason) for error in errors] == [(InferenceDown, "inference_unavailable")] * 3


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b"null", b'{"job_id": "job-1"}', b'{"job_id": "../x", "status": 3}', b"[" * 100_000],
)
async def test_answers_that_are_none_are_trouble_of_the_service(desk: MarkerDesk, pdf: Path, answer: bytes) -> None:
    desk.replies[1] = sometimes(answer, answer)

    assert (await converted(desk, pdf)).pages


@pytest.mark.parametrize(
    "result",
    [None, [], {}, "text", {"markdown": None}, {"markdown": 3}, {"markdown": ["a"]}, {"text": "a"}],
)
async def test_a_result_that_is_none_fails_its_paper_at_once(desk: MarkerDesk, pdf: Path, result: object) -> None:
    desk.replies[1] = lambda job: {"status": "completed", "result": result}
    async with converter_of(desk.url) as converter:
        error = await fails(converter, pdf)

    assert error.reason == "conversion_failed"
    assert "the service's result is none" in error.detail
    assert desk.statuses[1] == 1


async def test_what_only_informs_may_be_wrong(desk: MarkerDesk, pdf: Path) -> None:
    def reply(job: Job) -> dict[str, Any]:
        told = state(job)
        if told["status"] == "completed":
            told["result"] |= {"json": [[[]]], "chunks": {"blocks": [{"page": -1}]}, "metadata": ["pages"]}
        return told

    desk.replies[1] = reply
    made = await converted(desk, pdf)

    assert [(span.number, span.end) for span in made.pages] == [(1, len(made.markdown))]
    assert made.warnings == ("the service does not tell where pages begin: the text counts as one page",)


async def test_an_answer_beyond_the_limit_is_not_read_to_its_end(desk: MarkerDesk, pdf: Path) -> None:
    desk.replies[1] = lambda job: Response(b"", headers={"content-length": str(RESULT_BYTES + 1)})
    async with converter_of(desk.url) as converter:
        error = await fails(converter, pdf)

    assert error.reason == "conversion_failed"
    assert "too_large" in error.detail


async def test_an_answer_about_another_job_is_not_believed(desk: MarkerDesk, pdf: Path) -> None:
    desk.replies[1] = lambda job: JSONResponse({"job_id": "job-7", "status": "completed", "result": {"markdown": "x"}})
    async with converter_of(desk.url) as converter:
        error = await fails(converter, pdf)

    assert str(error) == "conversion_failed: asked for job job-1, the service answers with job-7"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"input_file": f"/data/{'0' * 32}.pdf"}, "conversion_failed"),
        ({"pages": 2}, "implausible_text"),
        ({"pages": 3}, "implausible_text"),
    ],
)
async def test_the_text_of_another_file_or_a_part_of_the_text_is_not_believed(
    desk: MarkerDesk, pdf: Path, metadata: dict[str, Any], reason: str
) -> None:
    desk.replies[1] = lambda job: {"status": "completed", "result": {"markdown": "text", "metadata": metadata}}
    async with converter_of(desk.url) as converter:
        error = await fails(converter, pdf)

    assert error.reason == reason


async def test_what_the_service_did_otherwise_is_said(desk: MarkerDesk, pdf: Path) -> None:
    def reply(job: Job) -> dict[str, Any]:
        told = state(job)
        if told["status"] == "completed":
            told["result"]["metadata"] |= {"quality_preset": "balanced", "use_llm": False}
        return told

    desk.replies[1] = reply
    made = await converted(desk, pdf, marker_options={"use_llm": True}, marker_images=True)

    assert made.warnings == (
        "made with the preset balanced instead of quality",
        "made without a language model",
        "the service gives no images",
    )


@pytest.mark.parametrize("content", [b"", b"<html>no</html>", b"%PDF-1.7 nothing"])
async def test_what_is_no_pdf_is_not_even_uploaded(desk: MarkerDesk, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.pdf"
    path.write_bytes(content)
    async with converter_of(desk.url) as converter:
        error = await fails(converter, path)

    assert error.reason in ("empty", "not_pdf", "damaged")
    assert desk.uploads == []


# nobody waits any more


async def test_a_cancelled_conversion_cancels_its_job_and_leaves_nothing(desk: MarkerDesk, pdf: Path) -> None:
    desk.traffic.hold("work:1")
    async with converter_of(desk.url) as converter:
        converting = asyncio.create_task(converter.convert(pdf, deadline=30))
        await desk.traffic.until(lambda: desk.statuses[1] >= 1)
        converting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await converting

        assert (desk.cancelled, desk.jobs, tasks()) == (["job-1"], {}, [])


async def test_a_cancellation_does_not_wait_for_a_service_that_hangs(desk: MarkerDesk, pdf: Path) -> None:
    desk.traffic.hold("work:1")
    desk.hangs = True
    async with converter_of(desk.url) as converter:
        converting = asyncio.create_task(converter.convert(pdf, deadline=30))
        await desk.traffic.until(lambda: desk.statuses[1] >= 1)
        converting.cancel()
        async with asyncio.timeout(2.0):
            with pytest.raises(asyncio.CancelledError):
                await converting


def sometimes(*answers: Response | bytes) -> Any:
    """Return a reply that gives these answers first."""
    left = list(answers)

    def reply(job: Job) -> dict[str, Any] | Response:
        answer = left.pop(0) if left else state(job)
        return Response(answer) if isinstance(answer, bytes) else answer

    return reply


@pytest.mark.skipif(find_spec("marker") is None, reason="the extra [marker] is not installed")
async def test_the_pages_of_real_marker_are_found_by_each_of_its_formats(tmp_path: Path) -> None:
    sample = next(served.pdf for served in SAMPLE_PLAN.papers if served.pdf)
    async with Workers("tests.realmarker:convert", slots=1, memory=Memory(8 << 30, resident=True)) as workers:
        real = await workers.run(str(sample), deadline=100)
    markdown, count = real["markdown"].strip(), real["pages"]
    truth = paged(real["paginated"].strip(), None, None, count)
    listed, grown = paged(markdown, real["chunks"], None, count), paged(markdown, None, real["tree"], count)

    letters = written(truth.markdown, list(truth.ends))
    assert count > 1
    assert min(letters) > 100
    assert written(listed.markdown, list(listed.ends)) == letters
    assert written(grown.markdown, list(grown.ends)) == letters
