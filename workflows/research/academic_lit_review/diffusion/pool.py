"""The papers known so far: a record of one of them is recognised, the others are new; nobody's id ever changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.identifiers import fold, paper_id
from core.metadata import PaperMetadata
from core.scholarly import unite
from core.scholarly.trust import names


@dataclass(frozen=True)
class Added:
    """The new papers by id, and those known before that have turned out to be one: the second is the first."""

    new: Mapping[str, PaperMetadata]
    same: Mapping[str, str]


class Pool:
    """Papers by id, and the way from every identifier and title to them. Blocking: use it in a thread."""

    def __init__(self, papers: Mapping[str, PaperMetadata]) -> None:
        self.papers = dict(papers)
        self.index: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        for key, paper in papers.items():
            self._enter(key, paper)

    def find(self, paper: PaperMetadata) -> str:
        """Return the id of `paper`, nothing when it is not known."""
        known = next((self.index[name] for name in _all_names(paper) if name in self.index), "")
        return known or self._titles.get(fold(paper.get("title") or ""), "")

    def add(self, records: Iterable[PaperMetadata]) -> Added:
        """Add what is new among `records`."""
        new: dict[str, PaperMetadata] = {}
        same: dict[str, str] = {}
        for key, paper in unite([*self.papers.values(), *records]).items():
            # a record may bring together what was two papers before
            known = list(dict.fromkeys(self.index[name] for name in _all_names(paper) if name in self.index))
            if not known:
                new[key] = paper
            for name in _all_names(paper):
                self.index.setdefault(name, known[0] if known else key)
            same |= dict.fromkeys(known[1:], known[0]) if known else {}
        for key, paper in new.items():
            self.papers[key] = paper
            self._enter(key, paper)
        return Added(new, same)

    def _enter(self, key: str, paper: PaperMetadata) -> None:
        for name in (key, *_all_names(paper)):
            self.index.setdefault(name, key)
        if title := fold(paper.get("title") or ""):
            self._titles.setdefault(title, key)


def _all_names(paper: PaperMetadata) -> list[str]:
    return [*names(paper), paper_id(paper)]
