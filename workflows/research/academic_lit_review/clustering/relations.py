"""How the findings of a theme stand to each other, and what its papers leave open.

A relation says what rules can see: words that two findings share, and the way each points. What that means is left to
the reader, who is told where to look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from core.evidence.relevance import stems
from workflows.research.academic_lit_review.clustering.directions import Aspect, Way, directions, opposed
from workflows.research.academic_lit_review.clustering.gaps import count, gaps
from workflows.research.academic_lit_review.clustering.likeness import Likeness, likeness_of
from workflows.research.academic_lit_review.clustering.theme import Theme
from workflows.research.academic_lit_review.keyphrases import telling
from workflows.research.academic_lit_review.values import Evidence, Extraction, Relation

#: Relations of one kind in a theme.
MOST = 6
#: From this cosine of their words on two findings are about the same thing.
ALIKE = 0.14

_WAYS: dict[Way, str] = {"up": "an increase", "down": "a decrease", "none": "no change", "works": "an effect"}


def related(themes: Iterable[Theme], extractions: Mapping[str, Extraction], *, topic: str = "") -> list[Theme]:
    """Return `themes` with the agreements, conflicts and gaps in what was extracted from their papers.

    Blocking for up to a few seconds: call it in a thread.
    """
    told = {paper_id: extractions[paper_id]["evidence"] for paper_id in sorted(extractions)}
    likeness = likeness_of([item for items in told.values() for item in items])
    asked = frozenset(stems(" ".join(telling(topic))))
    return [_related(theme, told, likeness, asked) for theme in themes]


def _related(theme: Theme, told: Mapping[str, Sequence[Evidence]], likeness: Likeness, asked: frozenset[str]) -> Theme:
    items = [item for paper_id in sorted(theme["paper_ids"]) for item in told.get(paper_id, ())]
    findings = _findings(items, asked)
    return {
        **theme,
        "agreements": _ordered(_agreements(findings, likeness)),
        "conflicts": _ordered(_conflicts(findings, likeness)),
        "gaps": gaps(items, likeness),
    }


@dataclass(frozen=True, slots=True)
class _Finding:
    """A finding and what it says goes which way, by stems."""

    item: Evidence
    aspects: Mapping[str, Aspect]


@dataclass(frozen=True, slots=True)
class _Link:
    """Findings of different papers, the central one first, and the ways they point on a stem."""

    findings: tuple[_Finding, ...]
    ways: tuple[Way, ...]

    @property
    def ids(self) -> list[str]:
        return [finding.item["id"] for finding in self.findings]


def _findings(items: Iterable[Evidence], asked: frozenset[str]) -> list[_Finding]:
    found = []
    for item in items:
        if item["kind"] == "finding":
            aspects = {each.stem: each for each in directions(item["quote"]) if each.stem not in asked}
            found.append(_Finding(item, aspects))
    return [finding for finding in found if finding.aspects]


def _agreements(findings: Sequence[_Finding], likeness: Likeness) -> Iterator[tuple[int, Relation]]:
    for link, words in _joined(_same_way(findings, likeness)):
        papers, way = len(link.findings), _WAYS[link.ways[0]]
        text = f"On {words}, findings of {count(papers)} papers point the same way: {way}."
        yield papers, Relation(text=text, evidence=link.ids)


def _conflicts(findings: Sequence[_Finding], likeness: Likeness) -> Iterator[tuple[int, Relation]]:
    for link, words in _joined(_opposite(findings, likeness)):
        one, other = (_WAYS[way] for way in link.ways)
        text = f"On {words}, two papers seem to disagree: one tells of {one}, the other of {other}. Read both."
        yield 2, Relation(text=text, evidence=link.ids)


def _same_way(findings: Sequence[_Finding], likeness: Likeness) -> Iterator[tuple[str, _Link]]:
    alike: dict[tuple[str, Way], list[_Finding]] = defaultdict(list)
    for finding in findings:
        for stem, aspect in finding.aspects.items():
            alike[stem, aspect.way].append(finding)
    for (stem, way), group in alike.items():
        links = [_around(seed, group, likeness) for seed in group]
        best = max(links, key=len)
        if len(best) > 1:
            yield stem, _Link(best, (way,))


def _around(seed: _Finding, group: Iterable[_Finding], likeness: Likeness) -> tuple[_Finding, ...]:
    """Return `seed` and the finding of each other paper that is most like it, if it is alike."""
    nearest: dict[str, tuple[float, _Finding]] = {}
    for other in group:
        alike, paper = likeness(seed.item["quote"], other.item["quote"]), other.item["paper_id"]
        if alike >= ALIKE and paper != seed.item["paper_id"] and alike > nearest.get(paper, (0.0, other))[0]:
            nearest[paper] = alike, other
    return (seed, *(finding for _, finding in sorted(nearest.values(), key=lambda pair: -pair[0])))


def _opposite(findings: Sequence[_Finding], likeness: Likeness) -> Iterator[tuple[str, _Link]]:
    best: dict[str, tuple[float, _Link]] = {}
    for one, other in combinations(findings, 2):
        alike = likeness(one.item["quote"], other.item["quote"])
        if one.item["paper_id"] == other.item["paper_id"] or alike < ALIKE:
            continue
        for stem in sorted(one.aspects.keys() & other.aspects.keys()):
            ways = one.aspects[stem].way, other.aspects[stem].way
            if opposed(*ways) and alike > best.get(stem, (0.0,))[0]:
                best[stem] = alike, _Link((one, other), ways)
    for stem, (_, link) in best.items():
        yield stem, link


def _joined(links: Iterable[tuple[str, _Link]]) -> Iterator[tuple[_Link, str]]:
    """Yield each link once, with all the words it is about, quoted as the first finding has them."""
    stems_of: dict[tuple[tuple[str, ...], tuple[Way, ...]], list[str]] = defaultdict(list)
    kept: dict[tuple[tuple[str, ...], tuple[Way, ...]], _Link] = {}
    for stem, link in links:
        key = tuple(sorted(link.ids)), link.ways
        stems_of[key].append(stem)
        kept.setdefault(key, link)
    for key, link in kept.items():
        about = [link.findings[0].aspects[stem] for stem in stems_of[key]]
        if not all(aspect.vague for aspect in about):
            yield link, _spoken(link.findings[0].item["quote"], about)


def _spoken(quote: str, about: Iterable[Aspect]) -> str:
    words = sorted((aspect.word for aspect in about), key=quote.find)
    phrases = words[:1]
    for word in words[1:]:
        longer = f"{phrases[-1]} {word}"
        phrases = [*phrases[:-1], longer] if longer in quote else [*phrases, word]
    return " and ".join(f"\u201c{phrase}\u201d" for phrase in phrases)


def _ordered(found: Iterable[tuple[int, Relation]]) -> list[Relation]:
    """Return the relations of most papers first, none of the same evidence twice."""
    kept: dict[frozenset[str], Relation] = {}
    for _, relation in sorted(found, key=lambda pair: (-pair[0], pair[1]["text"])):
        kept.setdefault(frozenset(relation["evidence"]), relation)
    return list(kept.values())[:MOST]
