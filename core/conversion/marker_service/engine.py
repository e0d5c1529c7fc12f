"""The converter: a PDF goes up, its job is watched, and what comes back is measured against the PDF itself."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

from core.conversion.converter import Converted, PageSpan
from core.conversion.marker.breaker import CircuitBreaker
from core.conversion.marker_service.answers import Health, Job, Result, words
from core.conversion.marker_service.client import MarkerService
from core.conversion.marker_service.measure import check_file, check_text
from core.conversion.marker_service.paging import paged
from core.conversion.marker_service.preset import definition, preset
from core.conversion.marker_service.watch import Limits, Patience, Watch
from core.conversion.workers import MIB, Memory, Workers
from core.errors import FetchError, InferenceDown, SettingsError
from core.http import HttpClient
from core.settings import Settings

RULES = 1  # raise it with every change of ours that changes the service's texts

LOOK_MEMORY = Memory(1024 * MIB)

_log = logging.getLogger(__name__)


class MarkerServiceConverter:
    """Turns PDFs into Markdown by a Marker job service at `Settings.marker_base_url`.

    One job more than the service has workers is under way, so that none of them idles between a job's end and our
    next look. `patience` is for jobs that no worker has taken up.
    """

    name = "marker-service"
    rank = 20
    reads_scans = True

    def __init__(self, settings: Settings, *, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()
        self._preset = preset(settings)
        self._maker = f"{_host(settings.marker_base_url)}+{self._preset}"
        self.slots = settings.max_processing
        self._stack = AsyncExitStack()

    @property
    def fingerprint(self) -> str:
        """Return what texts are cached under: our rules, the service's versions (else its host), and the preset."""
        return f"{self.name}/{RULES}+{self._maker}"

    async def __aenter__(self) -> Self:
        settings = self._settings
        if not settings.marker_base_url:
            raise SettingsError("the Marker job service has no address: set LIT_REVIEW_MARKER_BASE_URL")
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(HttpClient(settings))
            await self._greet(http)
            self._breaker = CircuitBreaker(self._probe, wait_s=settings.inference_wait_s)
            look = Workers("core.conversion.marker_service.letters:letters", slots=self.slots, memory=LOOK_MEMORY)
            self._look = await stack.enter_async_context(look)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _greet(self, http: HttpClient) -> None:
        """Learn whether the service is there, what makes its texts, and how many jobs it works on at a time."""
        url = self._settings.marker_base_url
        try:
            self._service = MarkerService(url, http)
            health = await self._service.health()
        except FetchError as error:
            advice = "start it, correct LIT_REVIEW_MARKER_BASE_URL, or choose another converter"
            raise SettingsError(f"the Marker job service at {url} does not answer ({error}): {advice}") from error
        if (health.status or "").lower() not in ("", "healthy", "ok"):
            _log.warning("the Marker job service at %s says it is %s", url, words(health.status))
        made = definition(self._preset, await self._service.presets())
        self._maker = f"{health.versions or _host(url)}+{made}"
        self.slots = _slots(health, self._settings)

    async def _probe(self) -> None:
        try:
            await self._service.health()
        except FetchError as error:
            raise InferenceDown("inference_unavailable", f"the Marker job service: {error}") from error

    def deadline(self, pages: int) -> float:
        """Return how many seconds the service may work on `pages` pages."""
        return self._settings.convert_base_s + self._settings.marker_page_s * pages

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return the text of `pdf`, or raise `ConversionError`; the job is cancelled when nobody waits for it any more.

        `deadline` is in seconds from the moment the service begins its work. Raises `WorkerDied` for a job that the
        service has lost, `InferenceDown` when it is silent, `SettingsError` when it takes no uploads at all.
        """
        letters: list[int] = await self._look.run(pdf, deadline=self._settings.inspect_timeout_s)
        name = f"{uuid4().hex}.pdf"  # no two papers under one name, wherever the service puts them
        limits = Limits(self._settings.poll_interval_s, deadline, self._patience)
        job = await self._breaker.call(partial(self._read, pdf, name, limits))
        return await asyncio.to_thread(self._converted, job, letters, name)

    async def _read(self, pdf: Path, name: str, limits: Limits) -> Job:
        async with AsyncExitStack() as stack:
            job_id = await self._service.submit(pdf, name=name, preset=self._preset)
            stack.push_async_callback(self._service.cancel, job_id)
            job = await Watch(self._service, job_id, limits).ended()
            stack.pop_all()
        return job

    def _converted(self, job: Job, letters: list[int], name: str) -> Converted:
        """Return a result as ours once it is plausible. It runs in a thread: texts are long."""
        result = job.read()
        check_file(result, name, len(letters))
        made = paged(result.markdown.strip(), result.chunks, result.tree, len(letters))
        outline = result.outline()
        said = check_text(made, outline, letters)
        spans = tuple(PageSpan(number, *span) for number, span in enumerate(pairwise([0, *made.ends]), 1))
        return Converted(
            made.markdown,
            spans or (PageSpan(1, 0, len(made.markdown)),),
            self.name,
            self.fingerprint,
            self.rank,
            warnings=(*made.warnings, *said, *self._departures(result)),
            metadata=outline.plain(),
        )

    def _departures(self, result: Result) -> list[str]:
        """Return in what the service did otherwise than it was asked to."""
        facts, options = result.metadata, self._settings.marker_options
        told = []
        if facts.quality_preset not in (None, self._preset):
            told.append(f"made with the preset {words(facts.quality_preset)} instead of {self._preset}")
        if options.get("use_llm") and facts.use_llm is False:
            told.append("made without a language model")
        if self._settings.marker_images:
            told.append("the service gives no images")
        return told


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _slots(health: Health, settings: Settings) -> int:
    return health.active_workers + 1 if health.active_workers else settings.max_processing
