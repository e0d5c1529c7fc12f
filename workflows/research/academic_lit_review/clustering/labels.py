"""What a group of papers is called: the phrases that its papers share and the others lack."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from core.identifiers import fold
from workflows.research.academic_lit_review.clustering.phrases import Key, Phrases, pieces, singular
from workflows.research.academic_lit_review.clustering.theme import Document
from workflows.research.academic_lit_review.keyphrases import stem, telling

TERMS = 6
#: Phrases in a label.
LABEL_TERMS = 2
#: A phrase is half of a longer one when so many of the papers that use it use the longer one.
HALF = 0.7
#: A word of the topic is left out of labels when this share of the papers speak of it in this share of the themes.
SPOKEN, SHARED = 1 / 3, 1 / 2
#: What one, two and three words say beside each other; and what being in every title adds.
_WORDY = (1.0, 2.5, 2.2)
_TITLE = 2.0
NAMELESS = "Further papers"


def terms(documents: Sequence[Document], groups: Sequence[int], *, topic: str = "") -> dict[int, list[str]]:
    """Return the most telling phrases of each group, the best first and no word in two of them.

    A phrase scores by the share of the group's papers that use it, against how many others do; longer phrases and
    those in titles say more. Groups are numbers; -1 stands for none.
    """
    texts = [f"{document.title}. {document.text}" for document in documents]
    phrases = Phrases(texts, _common(topic, texts, groups))
    titles = [phrases.titled(document.title) for document in documents]
    uses = Counter(key for keys in phrases.of for key in keys)
    found: dict[int, list[str]] = {}
    for members in _members(groups).values():
        inside = Counter(key for at in members for key in phrases.of[at])
        titled = Counter(key for at in members for key in titles[at])
        weights = {
            key: _weight(count, titled[key], uses[key] - count, len(members), len(documents)) * _WORDY[len(key) - 1]
            for key, count in inside.items()
            if count >= min(2, len(members))
        }
        found[groups[members[0]]] = _distinct(phrases, _whole(weights, inside))
    return found


def label(found: Sequence[str]) -> str:
    """Return a heading made of the best terms."""
    words = " and ".join(found[:LABEL_TERMS])
    return words[:1].upper() + words[1:] or NAMELESS


def _members(groups: Sequence[int]) -> dict[int, list[int]]:
    return {group: [at for at, own in enumerate(groups) if own == group] for group in sorted(set(groups) - {-1})}


def _common(topic: str, texts: Sequence[str], groups: Sequence[int]) -> set[str]:
    """Return the words of the texts that belong to the topic of the whole review, not to one of its themes."""
    asked = {stem(word) for word in telling(topic)}
    words = [{key for word in pieces(text) if stem(fold(key := singular(word))) in asked} for text in texts]
    members = list(_members(groups).values())
    shared: Counter[str] = Counter()
    for group in members:
        speak = Counter(stem(fold(key)) for at in group for key in words[at])
        shared.update(word for word, count in speak.items() if count >= SPOKEN * len(group))
    common = {word for word, count in shared.items() if count >= max(2, SHARED * len(members))}
    return {key for keys in words for key in keys if stem(fold(key)) in common}


def _weight(inside: int, titled: int, outside: int, size: int, papers: int) -> float:
    return inside / size * math.log((1 + papers) / (1 + outside)) * (1 + _TITLE * titled / size)


def _whole(weights: Mapping[Key, float], inside: Mapping[Key, int]) -> dict[Key, float]:
    """Return `weights` without phrases that are mostly a part of longer ones."""
    halves = {
        part
        for key in weights
        for part in (key[:-1], key[1:], key[:1], key[-1:])
        if part != key and part in weights and inside[key] >= HALF * inside[part]
    }
    return {key: weight for key, weight in weights.items() if key not in halves and weight > 0}


def _distinct(phrases: Phrases, weights: Mapping[Key, float]) -> list[str]:
    kept: list[str] = []
    said: set[str] = set()
    for key in sorted(weights, key=lambda key: (-weights[key], key)):
        words = {stem(word) for word in key}
        if not words & said:
            kept.append(phrases.written(key))
            said |= words
        if len(kept) == TERMS:
            break
    return kept
