"""What the stages work with, opened and closed together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from core.conversion.converter import Converter
from core.conversion.engines import Choice, choose, opened
from core.conversion.inspect import Inspector
from core.http import HttpClient
from core.progress import Emit, emitter
from core.settings import Settings
from core.stores.papers import PaperStore
from core.stores.retrieve_academic import RetrieveAcademicClient

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """The dependencies of one run; `retrieval` is None when no job service is configured.

    `why` tells for what reason the converter was taken.
    """

    settings: Settings
    store: PaperStore
    http: HttpClient
    converter: Converter
    inspector: Inspector
    retrieval: RetrieveAcademicClient | None
    emit: Emit
    clock: Callable[[], float] = time.time
    why: str = ""


@asynccontextmanager
async def open_services(
    *,
    settings: Settings | None = None,
    store: PaperStore | None = None,
    http: HttpClient | None = None,
    converter: Converter | None = None,
    on_event: Emit | None = None,
) -> AsyncIterator[Services]:
    """Open what was not given; what was given stays open afterwards."""
    chosen = await _configured(settings)
    async with AsyncExitStack() as stack:
        kept = await _ready(store, lambda: PaperStore.open(chosen.home), stack)
        web = await _ready(http, lambda: HttpClient(chosen), stack)
        engine = (
            Choice(converter, "given by the caller") if converter else await stack.enter_async_context(_engine(chosen))
        )
        inspector = await stack.enter_async_context(Inspector(chosen))
        url = chosen.retrieve_academic_url
        retrieval = RetrieveAcademicClient(url, await stack.enter_async_context(web.service(url))) if url else None
        yield Services(chosen, kept, web, engine.converter, inspector, retrieval, emitter(on_event), why=engine.why)


async def _configured(given: Settings | None) -> Settings:
    return await asyncio.to_thread(Settings) if given is None else given  # reading .env is not for the loop


@asynccontextmanager
async def _engine(settings: Settings) -> AsyncIterator[Choice]:
    async with opened(await asyncio.to_thread(choose, settings)) as choice:
        yield choice


async def _ready(given: T | None, make: Callable[[], AbstractAsyncContextManager[T]], stack: AsyncExitStack) -> T:
    return await stack.enter_async_context(make()) if given is None else given
