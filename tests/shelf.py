"""Catalogues made of a few records in memory, behind the interface of the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from core.metadata import PaperMetadata
from core.scholarly import CatalogueError, Catalogues, Found, Query
from core.scholarly.found import Operation
from core.scholarly.trust import names


class Shelf:
    """A catalogue of `papers`; `fails` says with which reason it answers everything, `mute` never answers at all."""

    def __init__(
        self,
        name: str,
        papers: Sequence[PaperMetadata] = (),
        *,
        fails: str = "",
        mute: bool = False,
        search: bool = True,
    ) -> None:
        self.name = name
        self.papers: list[PaperMetadata] = [{**paper, "sources": [name]} for paper in papers]
        self.asked: list[Query] = []
        self.followed: list[str] = []
        self._fails, self._mute, self._search = fails, mute, search

    async def search(self, query: Query) -> Found:
        self.asked.append(query)
        begin, end = query.from_year or 0, query.to_year or 9999
        found = [paper for paper in self.papers if begin <= paper.get("year", begin) <= end]
        return await self._answer("search", found[: query.limit] if self._search else [])

    async def by_id(self, papers: Sequence[PaperMetadata]) -> Found:
        wanted = {name for paper in papers for name in names(paper)}
        return await self._answer("by_id", [paper for paper in self.papers if wanted & set(names(paper))])

    async def references(self, paper: PaperMetadata, *, limit: int = 200) -> Found:
        self.followed.append(paper.get("title", ""))
        known = next((each for each in self.papers if set(names(each)) & set(names(paper))), PaperMetadata())
        cited = set(known.get("referenced_works", []))
        return await self._answer("references", [each for each in self.papers if cited & set(names(each))][:limit])

    async def citations(
        self, paper: PaperMetadata, *, limit: int = 100, from_year: int | None = None, to_year: int | None = None
    ) -> Found:
        begin, end = from_year or 0, to_year or 9999
        citing = [each for each in self.papers if set(names(paper)) & set(each.get("referenced_works", []))]
        within = [each for each in citing if begin <= each.get("year", begin) <= end]
        return await self._answer("citations", within[:limit])

    async def _answer(self, operation: Operation, papers: Sequence[PaperMetadata]) -> Found:
        if self._mute:
            await asyncio.Event().wait()
        if self._fails:
            return Found(errors=(CatalogueError(self.name, operation, self._fails),))
        return Found(papers=tuple(papers), total=len(papers))


def shelves(*some: Shelf, unusable: Mapping[str, str] | None = None) -> Catalogues:
    return Catalogues({each.name: each for each in some}, unusable or {})
