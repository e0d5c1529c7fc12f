"""How much a paper has to do with a question, without a model: from 0 to 1 on a scale that is the same in every run.

The topic is taken apart into concepts, each with the other names it goes by: those in brackets beside it, in the topic
or in the papers ("Tulsi (Ocimum sanctum)"). A paper has a concept as far as it has the words of one of its names, by
the saturating word count of BM25F (Robertson & Zaragoza, 2009), a title counting three times. What the paper reaches
is divided by what a paper with every concept in its title would reach; that makes the scale absolute, which the sums
of BM25 are not. That is why this is no BM25 library but these lines.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.identifiers import fold
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.keyphrases import (
    FUNCTION_WORDS,
    GENERIC_WORDS,
    alternatives,
    phrases,
    stem,
    words,
)
from workflows.research.academic_lit_review.question import Question

#: From here on a paper is relevant, and from here on nearly; the rest is left out.
RELEVANT, NEAR = 0.6, 0.5
#: Of BM25F: how fast repeated words lose weight, how much long texts are held against their words, and what a word in
#: a title counts.
K1, B, TITLE = 1.2, 0.3, 3.0
#: Words of a usual title and abstract, the title's counted as often as they weigh.
USUAL_WORDS = 190
#: The rarest word weighs so much more than the commonest: in the papers found, the subject itself is no rare word.
LEAST_WEIGHT, MOST_WEIGHT = 2.5, 4.0
#: What a word counts that many subjects share.
GENERIC = 0.25
#: Half a name ("basil" of "holy basil") counts less than half: a share of the words to this power.
HALVES = 1.5
#: Two words are more specific than one, by this power of their number.
WORDY = 0.25
#: The strongest concept makes so much of the score, all together the rest.
STRONGEST = 0.1
#: What answering a question adds to a paper on the subject, of what is lacking to 1.
ASKED = 0.3
#: What answering none takes from a paper that is all on the subject; from those in part on it much less.
UNASKED = 0.15
#: How far citations and youth move a score at most, up or down: they order equals, and decide nothing.
PRIOR = 0.03
#: A paper of this age, in years, is no longer young; so many citations a year are many.
YOUNG_YEARS, MANY_A_YEAR = 10, 20.0
#: Before another name of a concept is believed, so many papers must give it, and of those that use it so large a share
#: must have the concept by its own name. Abbreviations are no names: whoever uses them in an abstract explains them.
WITNESSES, FAITHFUL, LEAST_LETTERS = 2, 0.2, 4
#: Botanists and zoologists who stand in brackets behind the names that they gave.
_AUTHORS = frozenset({"linn", "linnaeus", "mill", "thunb", "hook", "willd", "roxb", "burm"})
_GENERIC = frozenset(map(stem, GENERIC_WORDS))

Name = tuple[str, ...]
_ASIDE = re.compile(r"\(([^()]{2,60})\)")


@dataclass(frozen=True)
class Concept:
    """One thing that a question is about, by every name it goes by, in stems; `weight` is how specific it is."""

    names: tuple[Name, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class _Text:
    """The words of a paper: how often each occurs, and how many there are."""

    counts: Mapping[str, float]
    length: float

    @classmethod
    def of(cls, paper: PaperMetadata) -> _Text:
        counts: Counter[str] = Counter()
        for text, times in ((paper.get("title"), TITLE), (paper.get("abstract"), 1.0)):
            for word in words(text or ""):
                counts[stem(word)] += times  # type: ignore[assignment]
        return cls(counts, sum(counts.values()))

    def has(self, word: str) -> float:
        """Return from 0 to 1 how much the paper uses `word`; 1 is once in the title."""
        count = self.counts.get(word, 0.0)
        long = 1 - B + B * max(1.0, self.length / USUAL_WORDS)
        reached = count / (count + K1 * long)
        return min(1.0, reached / (TITLE / (TITLE + K1)))


class Ranking:
    """Scores papers for one question; `papers` are those found, from which the names of things are learned."""

    def __init__(self, question: Question, papers: Iterable[PaperMetadata], *, year: int) -> None:
        self._year = year
        found = _Found(list(papers))
        self.topic = found.concepts(question["topic"])
        self._asked = [found.concepts(text) for text in question["research_questions"]]

    def score(self, paper: PaperMetadata) -> float:
        """Return how relevant `paper` is, from 0 to 1."""
        text = _Text.of(paper)
        on_topic = _reached(self.topic, text)
        score = on_topic
        if self._asked:
            answers = max(_reached(asked, text) for asked in self._asked)
            score += ASKED * answers * on_topic * (1 - on_topic) - UNASKED * (1 - answers) * on_topic**4
        if score >= NEAR / 2:
            score += PRIOR * (2 * prior(paper, self._year) - 1)
        return round(min(1.0, max(0.0, score)), 4)


def prior(paper: PaperMetadata, year: int) -> float:
    """Return from 0 to 1 what citations a year and youth alone say for `paper`; half for what is not known."""
    published, cited = paper.get("year"), paper.get("cited_by_count")
    age = max(0, year - published) if published else YOUNG_YEARS / 2
    youth = max(0.0, 1 - age / YOUNG_YEARS)
    fame = 0.5 if cited is None else min(1.0, math.log1p(cited / (age + 1)) / math.log1p(MANY_A_YEAR))
    return 0.6 * fame + 0.4 * youth


class _Found:
    """The papers found: which words are rare among them, and which names they give to one thing."""

    def __init__(self, papers: Sequence[PaperMetadata]) -> None:
        self._texts = [_Text.of(paper) for paper in papers]
        self._spread = Counter(word for text in self._texts for word in text.counts)
        self._pairs = Counter(pair for paper in papers for pair in _pairs(paper))

    def concepts(self, text: str) -> list[Concept]:
        """Return what `text` is about; a name that is another one's other name is no concept of its own."""
        told = _pairs({"title": text})
        wanted = alternatives(_ASIDE.sub(" ", text)) or [[tuple(words(text))]]
        groups = [[name for phrase in group if (name := _stemmed(phrase))] for group in wanted]
        others = {name: self._others(name, told) for group in groups for name in group}
        borne = {other for names in others.values() for other in names}
        own = [[name for name in group if name not in borne] for group in groups]
        return [self._concept(group, others) for group in own if group]

    def _concept(self, group: Sequence[Name], others: Mapping[Name, Sequence[Name]]) -> Concept:
        names = dict.fromkeys(each for name in group for each in (name, *others[name]))
        return Concept(tuple(names), min(map(self._specific, group)))

    def _others(self, name: Name, told: set[tuple[Name, Name]]) -> list[Name]:
        given = [other for one, other in told if one == name]
        learned = [other for (one, other), count in self._pairs.items() if one == name and count >= WITNESSES]
        known = [*given, *(other for other in learned if self._faithful(other, name))]
        return [other for other in dict.fromkeys(known) if not any(set(other) < set(longer) for longer in known)]

    def _faithful(self, other: Name, name: Name) -> bool:
        if other in ((), name) or _AUTHORS & set(other) or max(map(len, other)) < LEAST_LETTERS:
            return False
        users = [text for text in self._texts if all(word in text.counts for word in other)]
        both = [text for text in users if all(word in text.counts for word in name)]
        return len(both) >= FAITHFUL * len(users)

    def _specific(self, name: Name) -> float:
        return float(len(name) ** WORDY) * sum(map(self._weight, name)) / len(name)

    def _weight(self, word: str) -> float:
        """Return the BM25 weight of a word, held within its bounds."""
        count, among = self._spread[word], len(self._texts)
        rarity = min(MOST_WEIGHT, max(LEAST_WEIGHT, math.log(1 + (among - count + 0.5) / (count + 0.5))))
        return rarity * (GENERIC if word in _GENERIC else 1)


def _stemmed(phrase: Iterable[str]) -> Name:
    return tuple(map(stem, phrase))


def _specific(name: Name, weights: Mapping[str, float]) -> float:
    return math.sqrt(len(name)) * sum(weights.get(word, MOST_WEIGHT) for word in name) / len(name)


def _pairs(paper: PaperMetadata) -> set[tuple[Name, Name]]:
    """Return every name that stands before brackets with the one in them, both ways."""
    text = f"{paper.get('title') or ''}. {paper.get('abstract') or ''}"
    found: set[tuple[Name, Name]] = set()
    for aside in _ASIDE.finditer(text):
        before = _tail(text[max(0, aside.start() - 80) : aside.start()])
        inside = [_without_author(_stemmed(phrase)) for phrase in phrases(aside.group(1))]
        sides = [(before[-size:], other) for size in range(1, len(before) + 1) for other in inside if other]
        found |= {*sides, *((other, one) for one, other in sides)}
    return found


def _tail(text: str) -> Name:
    """Return the last three words before a bracket, as far as they can be a name."""
    tail: list[str] = []
    for word in reversed(fold(re.split(r"[.;:,()]", text)[-1]).split()[-3:]):
        if word in FUNCTION_WORDS:
            break
        tail.insert(0, stem(word))
    return tuple(tail)


def _without_author(name: Name) -> Name:
    """Return a name without the author of a species behind it: `Ocimum sanctum L.`, `Ocimum sanctum Linn.`"""
    return name[:2] if len(name) > 2 and (name[2] in _AUTHORS or len(name[2]) == 1) else name


def _reached(concepts: Sequence[Concept], text: _Text) -> float:
    """Return from 0 to 1 how much of `concepts` a paper has."""
    if not concepts:
        return 0.0
    had = [(concept.weight, max(_named(name, text) for name in concept.names)) for concept in concepts]
    heaviest, total = max(weight for weight, _ in had), sum(weight for weight, _ in had)
    strongest = max(weight / heaviest * share for weight, share in had)
    return STRONGEST * strongest + (1 - STRONGEST) * sum(weight * share for weight, share in had) / total


def _named(name: Name, text: _Text) -> float:
    """Return from 0 to 1 how much a paper uses the words of `name`."""
    used = [share for word in name if (share := text.has(word))]
    return sum(used) / len(used) * (len(used) / len(name)) ** HALVES if used else 0.0
