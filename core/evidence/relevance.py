"""How much of a question a sentence speaks of, measured by the words of its own paper."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from core.evidence.tokens import fold_word
from core.evidence.wordlists import STOPWORDS

_WORD = re.compile(r"[^\W\d_]{2,40}|\d{4}")
#: Endings that leave the same word when they are cut, longest first.
_ENDINGS = tuple(
    re.findall(
        r"\w+",
        """ization isation ating ation atory ative ically itie ingly ness ance ence ical ized ised ize ise ing ie ied
        ity ment est ely ion ic al ed er ly or e y""",
    )
)
#: Letters that must be left of a word.
_LEAST = 4


def stems(text: str) -> list[str]:
    """Return the words of `text` that say something, in lower case and without endings."""
    folded = (fold_word(word) for word in _WORD.findall(text))
    return [_stem(word) for word in folded if word not in STOPWORDS]


def _stem(word: str) -> str:
    word = word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > _LEAST else word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST:
            return word[: -len(ending)]
    return word


class Relevance:
    """The sentences of one text, ready to be compared with a question and with each other."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.words = [frozenset(stems(text)) for text in texts]
        counts = Counter(word for words in self.words for word in words)
        self._rarity = {word: self._idf(count) for word, count in counts.items()}
        self._unseen = self._idf(0)

    def _idf(self, count: int) -> float:
        """Return the weight of a word that stands in `count` sentences (Robertson and Sparck Jones, as in BM25)."""
        return math.log(1 + (len(self.words) - count + 0.5) / (count + 0.5))

    def coverage(self, question: str, *, beside: str = "") -> list[float]:
        """Return for each sentence which share of the question's words it has, rare ones counting more: 0 to 1.

        Words of `beside` (the topic all questions share) count only when there are hardly others. One word of several
        is chance, and counts as nothing.
        """
        asked = set(stems(question))
        own = asked - set(stems(beside))
        asked = own if len(own) > 1 else asked
        whole = self._sum(asked)
        shared = [asked & words for words in self.words]
        return [self._sum(words) / whole if len(words) > 1 or len(asked) == 1 else 0.0 for words in shared]

    def centrality(self) -> list[float]:
        """Return for each sentence how much it has of the words its paper keeps using: 0 to 1."""
        frequent = Counter(word for words in self.words for word in words)
        core = {word for word, _ in frequent.most_common(25)}
        return [len(core & words) / max(8, len(words)) for words in self.words]

    def likeness(self, one: int, other: int) -> float:
        """Return the share of words two sentences have in common, rare ones counting more: 0 to 1."""
        both = self.words[one] | self.words[other]
        whole = self._sum(both)
        return self._sum(self.words[one] & self.words[other]) / whole if whole else 0.0

    def _sum(self, words: Iterable[str]) -> float:
        return sum(map(self._weight, words))

    def _weight(self, word: str) -> float:
        return self._rarity.get(word, self._unseen)
