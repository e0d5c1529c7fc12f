"""What discovery puts into the state of a review."""

from __future__ import annotations

from typing_extensions import TypedDict

from core.metadata import PaperMetadata


class Search(TypedDict):
    """One search of one catalogue: how many records it gave, out of how many it has (None: it does not tell)."""

    catalogue: str
    query: str
    found: int
    total: int | None


class Discovered(TypedDict):
    """The records found, each work once and by id, with its `relevance_score`; rejected ones keep their bare record.

    `relevant` and `near` are ranked, the best first; `excluded` tells by id why a record is left out (a key of
    `screening.EXCLUSIONS`). `identified` counts the records that came in by catalogue (`given`: by the user),
    `duplicates` those of them that were the same work again. `silent` are the catalogues that gave only errors.
    """

    papers: dict[str, PaperMetadata]
    relevant: list[str]
    near: list[str]
    excluded: dict[str, str]
    queries: list[str]
    searches: list[Search]
    identified: dict[str, int]
    duplicates: int
    silent: list[str]
    notes: list[str]
