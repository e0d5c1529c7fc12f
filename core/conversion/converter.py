"""The `Converter` protocol: what turns a PDF into Markdown, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable


@dataclass(frozen=True)
class PageSpan:
    """The range `[start, end)` of characters of the Markdown that came from page `number` (counted from 1)."""

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class Converted:
    """A paper as Markdown. `pages` covers the text in order and without gaps.

    `engine`, `fingerprint` and `rank` are those of the engine that made it, which a choosing converter hands on with
    its reason (`why`). `metadata` is plain JSON, whatever the engine knows besides; `images` go by the names under
    which the Markdown refers to them.
    """

    markdown: str
    pages: tuple[PageSpan, ...]
    engine: str
    fingerprint: str
    rank: int
    warnings: tuple[str, ...] = ()
    why: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, bytes] = field(default_factory=dict)


class Converter(Protocol):
    """An engine, entered once per run: `async with engine: await engine.convert(...)`.

    `fingerprint` is name, version and options: texts are cached under it. `rank` orders engines by quality (text layer
    10, Marker 20, the publisher's own text 30): a text made by an equal or better engine is not made again. `slots` is
    how many conversions may run at a time; there is no queue inside. `reads_scans`: it can read pages that are images.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - the class says what these are
    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def rank(self) -> int: ...  # noqa: D102
    @property
    def slots(self) -> int: ...  # noqa: D102
    @property
    def reads_scans(self) -> bool: ...  # noqa: D102

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None: ...

    def deadline(self, pages: int) -> float:
        """Return how many seconds a conversion of `pages` pages may take."""
        ...

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return the text of `pdf`, or raise `ConversionError` (`WorkerDied` when another try may help).

        `deadline` is in seconds from the moment the work starts, model loading not counted. Cancelling stops the work.
        """
        ...


@runtime_checkable
class Choosing(Protocol):
    """What a converter of several engines has besides: the slots of each, so that none waits behind another."""

    @property
    def lanes(self) -> Mapping[str, int]:
        """Return the slots of each engine by its name."""
        ...

    async def lane(self, pdf: Path) -> str:
        """Return the name of the engine that will read `pdf`; never fails."""
        ...
