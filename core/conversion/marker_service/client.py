"""The calls of a Marker job service: the job contract over HTTP, with uploads in place of a shared volume."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.conversion.marker_service.answers import Health, Job, Listing, Submitted, words
from core.errors import ConversionError, FetchError, InferenceDown, SettingsError, WorkerDied
from core.http import HttpClient
from core.http.policy import PASSING
from core.settings import MIB

#: A service that is busy answers late: the forerunner's asks its workers before it says that it is healthy.
HEALTH_TIMEOUT_S = 30.0
STATUS_TIMEOUT_S = 30.0
TRANSFER_TIMEOUT_S = 600.0  # of a file or a result; one that stalls ends sooner, by the idle timeout
CANCEL_TIMEOUT_S = 1.0  # whoever cancels us waits for it

#: The largest result: text, blocks and boxes of a book of a thousand pages take 60 MB.
RESULT_BYTES = 96 * MIB
LISTED = 1000

#: What lies in the answer itself and stays so, however often it is asked for.
_UNREADABLE = frozenset({"too_large", "bad_encoding"})
_NO_UPLOADS = "it takes no uploaded files (its contract may be the older one, which reads a shared folder)"
#: What the refusal of an upload says of the service, as long as it has taken none.
_UNFIT = {
    401: "it wants credentials",
    403: "it refuses us",
    404: "it has no /convert",
    405: "it has no /convert",
    415: _NO_UPLOADS,
    422: _NO_UPLOADS,
}


class MarkerService:
    """The service at `base_url`; uploads and other calls have connections of their own: none waits for another."""

    def __init__(self, base_url: str, http: HttpClient) -> None:
        self.base_url = base_url
        self._uploads = http.service(base_url, timeout_s=TRANSFER_TIMEOUT_S)
        self._calls = http.service(base_url, timeout_s=STATUS_TIMEOUT_S, concurrency=64)
        self._accepted = False

    async def health(self) -> Health:
        """Return how the service is, or raise `FetchError`."""
        page = await self._calls.fetch(f"{self.base_url}/health", timeout_s=HEALTH_TIMEOUT_S)
        return page.read(Health)

    async def presets(self) -> dict[str, Any]:
        """Return the service's presets with what they are set to, nothing if it does not tell."""
        with suppress(FetchError):
            told = (await self._calls.fetch(f"{self.base_url}/presets")).json()
            return told if isinstance(told, dict) else {}
        return {}

    async def submit(self, pdf: Path, *, name: str, preset: str) -> str:
        """Upload a PDF under `name` and return the id of its job.

        Raises `InferenceDown` when the service is not there or is ill, `ConversionError` when it does not want this
        file, `SettingsError` when it does not want any.
        """
        fields = {"quality": preset, "markdown_only": "false"}
        try:
            page = await self._uploads.upload(f"{self.base_url}/convert", pdf, name=name, fields=fields)
            job_id = page.read(Submitted).job_id
        except FetchError as error:
            raise self._refusal(error) from error
        self._accepted = True
        return job_id

    def _refusal(self, error: FetchError) -> ConversionError | SettingsError:
        said = words(error.head.decode("utf-8", "replace"))
        if error.status in _UNFIT and not self._accepted:
            return SettingsError(
                f"the Marker job service at {self.base_url} is of no use: {_UNFIT[error.status]}: {said}"
            )
        if passing(error):
            return InferenceDown("inference_unavailable", f"the upload failed: {error}")
        reason = "too_large" if error.status == 413 or error.reason == "too_large" else "conversion_failed"
        return ConversionError(reason, f"the service does not take the file: {error.reason}: {said}")

    async def job(self, job_id: str) -> Job:
        """Ask once; `WorkerDied` when the service does not know the job, `FetchError` when it cannot be asked now."""
        try:
            page = await self._calls.fetch(
                self._address(job_id), timeout_s=TRANSFER_TIMEOUT_S, max_bytes=RESULT_BYTES, retry=False
            )
            job = await asyncio.to_thread(page.read, Job)
        except FetchError as error:
            if error.status == 404:
                raise lost(job_id) from error
            if error.reason in _UNREADABLE:
                raise ConversionError("conversion_failed", f"the service's result cannot be read: {error}") from error
            raise
        if job.job_id != job_id:
            raise ConversionError("conversion_failed", f"asked for job {job_id}, the service answers with {job.job_id}")
        return job

    async def listing(self) -> Listing | None:
        """Return the jobs the service has, None if it does not tell."""
        try:
            page = await self._calls.fetch(f"{self.base_url}/jobs", params={"limit": LISTED}, retry=False)
            return await asyncio.to_thread(page.read, Listing)
        except FetchError:
            return None

    async def cancel(self, job_id: str) -> None:
        """Ask to stop a job, without waiting long; a service that cannot will finish it for nobody."""
        with suppress(FetchError, TimeoutError):
            async with asyncio.timeout(CANCEL_TIMEOUT_S):
                await self._calls.fetch(self._address(job_id), method="DELETE", retry=False)

    def _address(self, job_id: str) -> str:
        return f"{self.base_url}/jobs/{quote(job_id, safe='')}"


def passing(error: FetchError) -> bool:
    """Tell whether a call failed by the state the service is in, or by what stands before it."""
    return error.reason in PASSING | {"bad_answer", "host_parked", "dns"} or (error.status or 0) >= 500


def lost(job_id: str) -> WorkerDied:
    """Return the error of a job that the service does not know, or no longer does."""
    return WorkerDied("worker_died", f"the Marker job service does not know job {job_id}")
