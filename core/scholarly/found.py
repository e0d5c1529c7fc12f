"""What is asked of a catalogue, and what comes back: papers, and as values the reasons for what is lacking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from core.errors import REASONS, FetchError
from core.metadata import PaperMetadata

Operation = Literal["search", "by_id", "references", "citations"]


@dataclass(frozen=True)
class Query:
    """A search: free text, at most `limit` papers, published from `from_year` to `to_year`, in `language` (ISO 639-1).

    Quotes, brackets, AND, OR and NOT are passed on to catalogues that understand them.
    """

    text: str
    limit: int = 50
    from_year: int | None = None
    to_year: int | None = None
    language: str = ""


@dataclass(frozen=True)
class CatalogueError:
    """Why a catalogue did not answer, or not in full: a value, for the others go on.

    `reason` is out of `core.errors.REASONS`; asking again may help after `retry_after_s` seconds, if that is known.
    """

    catalogue: str
    operation: Operation
    reason: str
    detail: str = ""
    retry_after_s: float | None = None

    @classmethod
    def of(cls, catalogue: str, operation: Operation, error: FetchError) -> CatalogueError:
        """Return what `error` means for the caller of `operation`."""
        return cls(catalogue, operation, error.reason, error.detail, error.retry_after_s)

    def __str__(self) -> str:
        said = REASONS.get(self.reason, self.reason.replace("_", " "))
        again = "" if self.retry_after_s is None else f"; ask again in {self.retry_after_s:.0f} s"
        return f"{self.catalogue}, {self.operation}: {said}{f' ({self.detail})' if self.detail else ''}{again}"


@dataclass(frozen=True)
class Listing:
    """One answer of a catalogue; `next` leads to the one after it, `unreadable` says what is wrong with some records.

    `total` counts what the catalogue has in all; `missing` are identifiers that it does not know; `failed` is why some
    of several requests had no answer.
    """

    papers: tuple[PaperMetadata, ...] = ()
    total: int | None = None
    next: str = ""
    unreadable: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    failed: tuple[FetchError, ...] = ()


@dataclass(frozen=True)
class Found:
    """Everything a catalogue gave for one question. No papers and no errors: it really has none."""

    papers: tuple[PaperMetadata, ...] = ()
    total: int | None = None
    missing: tuple[str, ...] = ()
    errors: tuple[CatalogueError, ...] = ()


def joined(parts: Iterable[Found]) -> Found:
    """Return the answers of several questions as one; totals of different questions do not add up, so none is told."""
    known = list(parts)
    return Found(
        papers=tuple(paper for part in known for paper in part.papers),
        total=known[0].total if len(known) == 1 else None,
        missing=tuple(name for part in known for name in part.missing),
        errors=tuple(error for part in known for error in part.errors),
    )
