"""Look at what came: a paper is admitted and stored, a page is read for where it leads, the rest is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from core.conversion.inspect import Inspection
from core.conversion.sniff import sniff
from core.errors import NotAdmitted
from core.stores.records import StoredFile
from workflows.research.academic_lit_review.paper_processor.acquisition.fulltext import Article, read_html
from workflows.research.academic_lit_review.paper_processor.acquisition.gate import admit, identify, without_text
from workflows.research.academic_lit_review.paper_processor.acquisition.jats import read_jats
from workflows.research.academic_lit_review.paper_processor.acquisition.landing import (
    LandingPage,
    decoded,
    read_page,
)
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import Route
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import LOCAL, Location
from workflows.research.academic_lit_review.paper_processor.services import Services
from workflows.research.academic_lit_review.paper_processor.state import Material

#: Pages followed from one place before giving up on it, and the most we read of a page, in bytes.
MAX_DEPTH = 2
MAX_PAGE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Got:
    """A file on the desk, not yet looked at."""

    path: Path
    sha256: str
    size: int
    head: bytes
    url: str
    status: int | None = None
    hops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Try:
    """What one attempt works with."""

    location: Location
    route: Route
    services: Services
    folder: Path


async def keep(at: Try, got: Got) -> Material | None:
    """Look at what came; admit it, follow it or refuse it."""
    try:
        kind = sniff(got.head)
        return await _SORT.get(kind, _not_pdf)(at, got)
    except NotAdmitted as error:
        origin = {"source": at.location.source, "url": got.url, "reason": error.reason, "detail": error.detail}
        await at.services.store.refuse_file(at.route.paper_id, got.path, sha256=got.sha256, **origin)
        raise


async def _empty(at: Try, got: Got) -> Material | None:
    raise NotAdmitted("empty", "the file has no content")


async def _not_pdf(at: Try, got: Got) -> Material | None:
    raise NotAdmitted("not_pdf", f"it begins with {got.head[:16]!r}")


async def _pdf(at: Try, got: Got) -> Material | None:
    seen = await at.services.inspector.inspect(got.path)
    given = at.location.kind == "local"
    if given:
        await _learn(at, doi=seen.doi)  # not its title: that is read off the page, metadata too often have another
    admission = admit(seen, at.route.paper, given=given, scans=at.services.converter.reads_scans)
    file = await _store(at, got, "application/pdf")
    return Material(file, admission.identity, _pages(seen), unseen=admission.unseen)


def _pages(seen: Inspection) -> int:
    return max(1, seen.pages)


async def _page(at: Try, got: Got) -> Material | None:
    """Use an HTML answer: as the full text itself when it was asked for, else for the addresses on it."""
    body = decoded(await asyncio.to_thread(_read, got.path))
    if at.location.kind == "html":
        return await _article(at, got, "text/html", await asyncio.to_thread(read_html, body, got.url))
    page = await asyncio.to_thread(read_page, body, got.url)
    if at.location.source == "landing":
        await _learn(at, title=page.title, doi=page.doi)
    if not _lead_on(at, got, page):
        raise NotAdmitted("not_full_text", "a page that leads to no PDF")
    return None


def _lead_on(at: Try, got: Got, page: LandingPage) -> int:
    here = at.location
    license_ = page.license or here.license
    evidence = "stated on the landing page" if page.license else here.evidence
    links = page.pdf_urls if here.depth < MAX_DEPTH else ()
    files = [Location(here.source, url, "file", license_, evidence, here.version, here.depth + 1) for url in links]
    text = (
        [Location(f"{here.source}_html", got.url, "html", license_, evidence, here.version)] if page.full_text else []
    )
    at.route.seen.discard(got.url if text else "")
    return at.route.lead(files, first=True) + at.route.lead(text, first=False)


async def _xml(at: Try, got: Got) -> Material:
    xml = await asyncio.to_thread(_read, got.path)
    return await _article(at, got, "application/xml", await asyncio.to_thread(read_jats, xml))


async def _article(at: Try, got: Got, media_type: str, article: Article) -> Material:
    """Admit a text that needs no converter."""
    identity = identify(article.markdown, at.route.paper, stated=f"{article.doi} {article.title}")
    return Material(await _store(at, got, media_type, article.license), identity, markdown=article.markdown)


_SORT: dict[str, Callable[[Try, Got], Awaitable[Material | None]]] = {
    "pdf": _pdf,
    "empty": _empty,
    "html": _page,
    "xml": _xml,
    "jats": _xml,
}


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_PAGE_BYTES:
        raise NotAdmitted("too_large", f"a page of more than {MAX_PAGE_BYTES} bytes")
    return path.read_bytes()


async def _learn(at: Try, *, title: str = "", doi: str = "") -> None:
    """Complete a sparse record by what a source of its own says; what is known already is never overwritten."""
    paper = at.route.paper
    if title and not paper.get("title"):
        paper["title"] = " ".join(title.split())
    if doi and not paper.get("doi"):
        paper["doi"] = doi
    await at.services.store.put_papers({at.route.paper_id: paper})


def _unseen(seen: Inspection, file: StoredFile, services: Services) -> bool:
    """Tell whether a stored file is a scan that was let in on trust; which one was not is not known any more."""
    return bool(without_text(seen)) and services.converter.reads_scans and file.source != LOCAL


async def _store(at: Try, got: Got, media_type: str, license_: str = "") -> StoredFile:
    here = at.location
    return await at.services.store.add_file(
        at.route.paper_id,
        got.path,
        sha256=got.sha256,
        media_type=media_type,
        source=here.source,
        url=got.url,
        license=here.license or license_,
        license_evidence=here.evidence if here.license or not license_ else "stated in the file",
        version=here.version,
    )


async def restore(file: StoredFile, services: Services) -> Material:
    """Return a stored file as material again: its Markdown is derived anew, a PDF goes to the converter."""
    if file.media_type == "application/pdf":
        seen = await services.inspector.inspect(file.path)
        return Material(file, "stored", _pages(seen), unseen=_unseen(seen, file, services))
    body = await asyncio.to_thread(file.path.read_bytes)
    if file.media_type == "text/html":
        article = await asyncio.to_thread(read_html, decoded(body), file.url)
    else:
        article = await asyncio.to_thread(read_jats, body)
    return Material(file, "stored", markdown=article.markdown)
