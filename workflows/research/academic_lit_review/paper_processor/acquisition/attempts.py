"""One attempt: ask one place for a paper, then settle what came. Every attempt is in the ledger.

Asking is the network's work and takes a transfer slot; what comes is looked at (by `intake`) and stored without one.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from core.conversion.sniff import sniff
from core.errors import FetchError, NotAdmitted, PaperError, RetrievalError
from core.http import redact
from core.identifiers import paper_id
from core.metadata import PaperMetadata
from core.stores.database import explained
from core.stores.records import Attempt
from workflows.research.academic_lit_review.paper_processor.acquisition.intake import Got, Try, keep, restore
from workflows.research.academic_lit_review.paper_processor.acquisition.listing import newest
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import Route
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import STORED, Kind, Location, locations
from workflows.research.academic_lit_review.paper_processor.acquisition.walls import bot_wall
from workflows.research.academic_lit_review.paper_processor.services import Services
from workflows.research.academic_lit_review.paper_processor.state import Material


@dataclass(frozen=True)
class Asked:
    """What one place answered: a file not yet looked at, a refusal, or neither when it only leads on."""

    at: Try
    started: float
    got: Got | None = None
    refusal: PaperError | None = None


async def ask(route: Route, services: Services, desk: Path) -> Asked:
    """Ask the next place on `route`; what it sends lies on `desk`, under a name that no other file has."""
    location = route.todo.popleft()
    route.seen.add(location.url)
    started = time.monotonic()
    with explained(services.store.home):  # what comes is written to its disk
        at = Try(location, route, services, desk)
        try:
            return Asked(at, started, got=await _ASK[location.kind](at))
        except PaperError as error:
            return Asked(at, started, refusal=error)


async def settle(asked: Asked) -> Material | None:
    """Look at what came: return the paper, or None when the way goes on. The ledger has every attempt."""
    at, found = asked.at, None
    try:
        found = await _found(asked)
        attempt = _worked(at.location, found)
    except PaperError as error:
        attempt = _failed(at.location, error)
    if got := asked.got:
        attempt = replace(attempt, status=got.status, hops=got.hops, sniffed=sniff(got.head), size=got.size)
    attempt = replace(attempt, seconds=round(time.monotonic() - asked.started, 3), at=at.services.clock())
    at.route.tried.append(attempt)
    await at.services.store.add_attempt(at.route.paper_id, attempt)
    return found


async def _found(asked: Asked) -> Material | None:
    if asked.refusal is not None:
        raise asked.refusal
    if asked.at.location.kind == STORED and asked.at.route.stored:
        return await restore(asked.at.route.stored, asked.at.services)
    if asked.got is None:
        return None
    found = await keep(asked.at, asked.got)
    if found is None:  # else the store has taken it, and its name may be another's by now
        await asyncio.to_thread(asked.got.path.unlink, missing_ok=True)
    return found


@asynccontextmanager
async def desk(scratch: Path) -> AsyncIterator[Path]:
    """Give a folder for files that are not looked at yet; nothing is left of it."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=scratch))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _worked(location: Location, found: Material | None) -> Attempt:
    if found is None:
        return Attempt(location.source, redact(location.url), "ok", "leads to other addresses")
    return Attempt(location.source, redact(location.url), "ok", f"identity: {found.identity}", size=found.file.size)


def _failed(location: Location, error: PaperError) -> Attempt:
    attempt = Attempt(location.source, redact(location.url), error.reason, error.detail)
    if isinstance(error, FetchError):
        return replace(attempt, status=error.status, hops=error.hops, size=error.size)
    return attempt


async def _ask_url(at: Try) -> Got:
    try:
        got = await at.services.http.download(at.location.url, at.folder)
    except FetchError as error:
        raise _named(error) from error
    return Got(got.path, got.sha256, got.size, got.head, got.url, got.status, got.hops)


def _named(error: FetchError) -> FetchError:
    """Return the error under the name of the bot check that answered, if it was one; what is missing is missing."""
    asked = error.head and error.status not in (404, 410)
    wall = bot_wall(error.head.decode("utf-8", "replace"), error.url) if asked else None
    if wall is None:
        return error
    detail = f"a bot check answered with HTTP {error.status}"
    return FetchError(wall, detail, url=error.url, status=error.status, hops=error.hops, seconds=error.seconds)


async def _ask_job(at: Try) -> Got:
    """Fetch the file of a finished retrieval job; its location is `job:<id>`."""
    if at.services.retrieval is None:
        raise RetrievalError("service_unavailable", "no retrieval service is configured")
    job_id = at.location.url.removeprefix("job:")
    got = await at.services.retrieval.download_file(job_id, at.folder)
    return Got(got.path, got.sha256, got.size, got.head, got.url, got.status)


async def _ask_disk(at: Try) -> Got:
    return await asyncio.to_thread(_copy, Path(at.location.url), at.folder, at.services.settings.max_download_bytes)


async def _ask_listing(at: Try) -> None:
    pdf, xml = await newest(at.location.url, at.services.http)
    at.route.lead([pdf], first=True)
    at.route.lead([xml], first=False)


async def _ask_nobody(at: Try) -> None:
    """Leave a file where it is: the store has it already."""


_ASK: dict[Kind, Callable[[Try], Awaitable[Got | None]]] = {
    "file": _ask_url,
    "page": _ask_url,
    "jats": _ask_url,
    "html": _ask_url,
    "listing": _ask_listing,
    "local": _ask_disk,
    "job": _ask_job,
    "stored": _ask_nobody,
}


def _copy(path: Path, folder: Path, most_bytes: int) -> Got:
    """Copy the user's own file into the scratch folder, so that what is looked at cannot change meanwhile."""
    target = folder / uuid4().hex
    with _opened(path) as given, target.open("wb") as copy:
        if os.fstat(given.fileno()).st_size > most_bytes:
            raise NotAdmitted("too_large", f"{path}: more than {most_bytes} bytes")
        shutil.copyfileobj(given, copy)
    with target.open("rb") as file:
        digest, head = hashlib.file_digest(file, "sha256").hexdigest(), (file.seek(0), file.read(4096))[1]
    return Got(target, digest, target.stat().st_size, head, path.absolute().as_uri())


def _opened(path: Path) -> BinaryIO:
    """Open a file, never a pipe, which would wait for its writer."""
    try:
        if path.is_file():
            return path.open("rb")
    except OSError as error:
        raise NotAdmitted("not_found", f"{path}: {error.strerror}") from error
    raise NotAdmitted("not_found", f"{path}: there is no such file")


async def try_oa_download(paper: PaperMetadata, services: Services) -> Material | None:
    """Climb the open access ladder for one paper, without the job service; None when no rung holds."""
    route = Route(paper_id(paper), paper, deque(locations(paper, services.settings)))
    async with desk(services.store.scratch) as folder:
        while route.todo:
            material = await settle(await ask(route, services, folder))
            if material is not None:
                return material
    return None
