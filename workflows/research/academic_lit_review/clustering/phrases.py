"""Phrases that can stand for a group of papers: like nouns, within one stretch of words, each in one writing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from workflows.research.academic_lit_review.clustering.vocabulary import COMMON, DOINGS, FUNCTION, NOUNS, SILENT

#: Words of a phrase.
LONGEST = 3
#: Of the times a word is used, so many must end its stretch of words: others are adjectives, or belong to the next.
_ENDING = 0.25
#: The same for a word that stands alone.
_ALONE = 0.4

_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
#: A phrase written in small letters once in so many times is no name.
_NAMES = 4

_FIRST_IDEOGRAPH = "\u3040"
_PIECE = re.compile(rf"([{_IDEOGRAPHS}]+)|([^\W\d_{_IDEOGRAPHS}](?:[\w'\u2019-]*\w)?)|([^\s])")
#: Endings of English words that are adjectives, adverbs and verbs more often than nouns.
_NOT_NOUN = re.compile(
    r"[\w-]{3,}(?:ical|ial|ual|nal|ral|tal|sal|bal|mal|ic|ive|ous|ful|less|able|ible|ary|ory|ly|ed|ize|ise|izes|ises|ified)"
)

Key = tuple[str, ...]


class Phrases:
    """The phrases of texts that are looked at together, by keys in which singular and plural are one."""

    def __init__(self, texts: Sequence[str], silent: Collection[str] = ()) -> None:
        self._silent = SILENT.union(silent)
        stretches = [list(_stretches(text)) for text in texts]
        self._used = Counter(singular(word) for each in stretches for words in each for word in words)
        self._ends = Counter(singular(words[-1]) for each in stretches for words in each)
        self._written: dict[Key, Counter[str]] = {}
        self.of = [self._keep(each) for each in stretches]

    def titled(self, title: str) -> frozenset[Key]:
        """Return the phrases of a title of one of the texts."""
        return frozenset(key for key, _ in self._sayable(_stretches(title)))

    def written(self, key: Key) -> str:
        """Return a phrase as it is most often written; what only begins a sentence or stands in a title is no name."""
        forms = self._written[key]
        small = [form for form in forms if form.islower()]
        plain = sum(forms[form] for form in small) * _NAMES >= forms.total()
        return min(small if small and plain else forms, key=lambda form: (-forms[form], form))

    def _keep(self, stretches: Iterable[Sequence[str]]) -> frozenset[Key]:
        found = list(self._sayable(stretches))
        for key, form in found:
            self._written.setdefault(key, Counter())[form] += 1
        return frozenset(key for key, _ in found)

    def _sayable(self, stretches: Iterable[Sequence[str]]) -> Iterator[tuple[Key, str]]:
        for words in stretches:
            keys = [singular(word) for word in words]
            for start, end in _ranges(len(words)):
                key = tuple(keys[start:end])
                if self._fits(key):
                    yield key, " ".join(words[start:end])

    def _fits(self, key: Key) -> bool:
        if key[0] in self._silent or key[-1] in self._silent or len(set(key)) < len(key):
            return False
        ends = self._ends[key[-1]] / self._used[key[-1]]
        if len(key) == 1:
            return noun_like(key[0]) and ends >= _ALONE and (not key[0].endswith("ing") or key[0] in DOINGS)
        return noun_like(key[-1]) and ends >= _ENDING


def _ranges(length: int) -> Iterator[tuple[int, int]]:
    for start in range(length):
        for end in range(start + 1, min(start + LONGEST, length) + 1):
            yield start, end


def noun_like(word: str) -> bool:
    """Tell whether an English `word` may be a noun, judged by its ending; words of other languages mostly may."""
    return word in NOUNS or not _NOT_NOUN.fullmatch(word)


def singular(word: str) -> str:
    """Return `word` in lower case without the ending that makes it plural."""
    word = word.lower().replace("\u2019", "'").removesuffix("'s")
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word.removesuffix("s")


def pieces(text: str) -> Iterator[str]:
    """Yield the words of `text` and, as an empty string, everything that parts them.

    Languages that write no spaces are cut into overlapping pairs of characters, as search engines do.
    """
    for ideographs, word, _ in _PIECE.findall(text):
        if ideographs:
            for at in range(max(1, len(ideographs) - 1)):
                yield from (ideographs[at : at + 2], "")
        else:
            yield word


def features(text: str) -> list[str]:
    """Return what papers are compared by: the words of `text` that say something, and pairs of neighbours."""
    found: list[str] = []
    for words in _stretches(text):
        keys = [singular(word) for word in words]
        found += [key for key in keys if key not in COMMON]
        found += [f"{one} {other}" for one, other in pairwise(keys) if not {one, other} & COMMON]
    return found


def _stretches(text: str) -> Iterator[list[str]]:
    """Yield the words between function words, punctuation and figures."""
    words: list[str] = []
    for word in [*pieces(text), ""]:
        if (
            word
            and word.lower() not in FUNCTION
            and (len(word) > 2 or (len(word) == 2 and word.isupper()) or word[0] > _FIRST_IDEOGRAPH)
        ):
            words.append(word)
        elif words:
            yield words
            words = []
