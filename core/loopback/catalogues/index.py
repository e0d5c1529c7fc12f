"""What every catalogue of the loopback internet knows: the papers of the plan and the works around them."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from core.identifiers import aliases, fold, groups, merge
from core.loopback import hosts
from core.loopback.call import World
from core.metadata import PaperMetadata, Version

#: Numbers of invented OpenAlex works begin here, above all real ones.
_FIRST_WORK = 9_900_000_001
_LATIN = re.compile(r"[^a-z0-9 ]")


@dataclass(frozen=True)
class Entry:
    """One work: its record, the number of its files in the plan (0: it has none), its OpenAlex and its other id."""

    paper: PaperMetadata
    number: int
    work: str

    @property
    def key(self) -> str:
        """Return the id that Semantic Scholar would give it."""
        return hashlib.sha1(self.work.encode(), usedforsecurity=False).hexdigest()

    def name(self, scheme: str) -> str:
        """Return the identifier of this scheme, `doi` or one of `core.identifiers.aliases`, or nothing."""
        return self._names.get(scheme, "")

    @cached_property
    def _names(self) -> dict[str, str]:
        named = aliases(self.paper)
        pairs = (("doi", "", name) if name.startswith("10.") else name.partition(":") for name in named)
        return {scheme: value for scheme, _, value in pairs}


class Index:
    """The works of a world by their names, words and citations; made when it is first asked."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def entries(self) -> list[Entry]:
        """Return every work."""
        plan = self._world.plan
        records = [served.metadata for served in plan.papers] + list(plan.known)
        numbers = {name: number for number, served in plan.numbered() for name in _names(served.metadata)}
        works = []
        for place, same in enumerate(groups(records)):
            paper: PaperMetadata = {}
            for record in same:
                paper = merge(paper, record)
            number = next((numbers[name] for name in _names(same[0]) if name in numbers), 0)
            works.append(Entry(paper, number, paper.get("openalex_id") or f"W{_FIRST_WORK + place}"))
        return works

    @cached_property
    def by_name(self) -> dict[str, Entry]:
        """Return every work by each of its identifiers, also its OpenAlex id; one that was merged by its old id."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            older = [cast(PaperMetadata, version) for version in entry.paper.get("versions") or []]
            for name in (*_names(entry.paper), f"openalex:{entry.work}", *(n for v in older for n in aliases(v))):
                found.setdefault(name, entry)
        return found

    @cached_property
    def citing(self) -> dict[str, list[Entry]]:
        """Return, by OpenAlex id, who cites a work."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            for cited in self.cited(entry):
                found[cited.work].append(entry)
        return found

    def cited(self, entry: Entry) -> list[Entry]:
        """Return the known works that `entry` cites."""
        names = entry.paper.get("referenced_works") or []
        return list({e.work: e for name in names if (e := self.by_name.get(name))}.values())

    def count(self, entry: Entry) -> int:
        """Return how often a work is cited: as its record says, at least as often as by others here."""
        return max(entry.paper.get("cited_by_count") or 0, len(self.citing.get(entry.work, ())))

    def addresses(self, entry: Entry) -> list[str]:
        """Return where open copies of the work are."""
        return hosts.locations(self._world, entry.number) if entry.number else []

    def search(self, text: str, entries: Iterable[Entry] | None = None) -> list[Entry]:
        """Return the works in which words of `text` occur, those with the rarer words, and in their titles, first."""
        words = set(_words(text))
        among = self.entries if entries is None else entries
        scored = [(self._score(entry, words), entry) for entry in among]
        found = [(score, entry) for score, entry in scored if score > 0]
        return [entry for _, entry in sorted(found, key=lambda pair: (-pair[0], pair[1].work))]

    def _score(self, entry: Entry, words: set[str]) -> float:
        titled, told = self._texts[entry.work]
        return sum(self._rarity[word] * (3 * (word in titled) + (word in told)) for word in words & (titled | told))

    @cached_property
    def _texts(self) -> dict[str, tuple[set[str], set[str]]]:
        return {
            entry.work: (set(_words(entry.paper.get("title") or "")), set(_words(entry.paper.get("abstract") or "")))
            for entry in self.entries
        }

    @cached_property
    def _rarity(self) -> dict[str, float]:
        counts = Counter(word for titled, told in self._texts.values() for word in titled | told)
        return {word: math.log(1 + len(self.entries) / count) for word, count in counts.items()}


def _names(paper: PaperMetadata) -> list[str]:
    return aliases(paper) or [f"title:{fold(paper.get('title') or '')}"]


def _words(text: str) -> list[str]:
    return [word for word in _LATIN.sub(" ", fold(text)).split() if len(word) > 3]


def within(entry: Entry, from_year: int, to_year: int) -> bool:
    """Tell whether a work appeared in these years; one without a year did not."""
    return from_year <= entry.paper.get("year", 0) <= to_year


def merged(entry: Entry, work: str) -> bool:
    """Tell whether `work` is the OpenAlex id under which `entry` was known before."""
    older: list[Version] = entry.paper.get("versions") or []
    return any(version.get("openalex_id") == work for version in older)
