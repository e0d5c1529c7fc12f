"""What a question is about, without a model: its telling words, its phrases, and searches made of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain, groupby
from typing import Any

import snowballstemmer  # type: ignore[import-untyped]

from core.identifiers import fold
from workflows.research.academic_lit_review.question import Question

#: Searches made of a question, and the words of one: catalogues that want every word to occur find nothing with more.
MOST_QUERIES, MOST_WORDS = 5, 7
#: Words of the topic that stand in every search.
HEAD_WORDS = 4
#: Words of a phrase; longer ones are sentences without a function word in them.
LONGEST = 4

_FUNCTION_WORDS = (
    "a about above across after against all also although am among an and any are as at be because been before being "
    "below between both but by can cannot could did do does doing down during each either etc every few for from "
    "further had has have having he her here hers him his how however i if in into is it its itself just many may me "
    "might more most much must my neither no nor not of off on once one only onto or other our out over own per "
    "rather same she should since so some such than that the their them then there these they this those through thus "
    "to too toward towards under until up upon us use used using versus very via vs was we well were what when where "
    "whether which while who whom whose why will with within without would yes yet you your"
)
#: Words of every question and every paper: they say how one asks, not what about.
_ASKING_WORDS = (
    "act affect affects analysis approach article associated association available based best better cause causes "
    "compare compared comparison current currently data describe described does effect effective effectiveness "
    "effects evidence exist existing explain explore finding findings find impact important improve help helps "
    "increase influence investigate issue issues key kind kinds known lead leads literature main method methods new "
    "overview paper papers prevent prevents protect protects question recent reduce reduces report reported research "
    "result results review reviews role show shown state studied studies study summarise summarize systematic topic "
    "topics type types understand usage use uses way ways work works"
)
#: Words that many subjects share: half a subject at most.
_GENERIC_WORDS = (
    "activity adult adults animal animals application applications benefit benefits biological chemical children "
    "clinical course design development disease diseases efficacy group health high human humans level long low "
    "medical medicinal medicine model models modern pathological patient patients performance pharmacological "
    "pharmacology physical population potential process property properties rate resources rats safe safety science "
    "scientific short social system systems technical technique techniques technology test testing therapeutic "
    "therapies therapy traditional treat treating treatment treatments trial trials"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
ASKING_WORDS = frozenset(_ASKING_WORDS.split())
GENERIC_WORDS = frozenset(_GENERIC_WORDS.split())
_HOLDING = FUNCTION_WORDS | ASKING_WORDS

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|:.*")
_JOINT = re.compile(r"(,\s*(?:and|or)\b|,|\band\b|\bor\b|/)", re.I)
_BREAKS = re.compile(r"[^\w\s'\u2019-]+")


def words(text: str) -> list[str]:
    """Return the words of `text` in their order, folded, without those that only hold a sentence together."""
    return [word for word in fold(text).split() if word not in FUNCTION_WORDS and (len(word) > 1 or word.isdigit())]


@lru_cache(maxsize=65_536)
def stem(word: str, language: str = "english") -> str:
    """Return `word` without its endings, by the Snowball stemmer of `language`; English is assumed of unknown ones."""
    return str(_stemmer(language).stemWord(word))


@cache
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(language if language in snowballstemmer.algorithms() else "english")


def telling(text: str) -> list[str]:
    """Return the words of `text` that say what it is about, each once and in their order."""
    return list(dict.fromkeys(word for word in words(text) if word not in ASKING_WORDS))


def keyphrases(texts: Iterable[str]) -> list[str]:
    """Return the phrases of `texts`, the most telling first.

    A phrase is what stands between function words, asking words and punctuation. As in RAKE (Rose et al., 2010) each
    of its words counts by the company it keeps, its degree over its frequency; phrases of earlier texts win ties.
    """
    found = list(chain.from_iterable(map(phrases, texts)))
    frequency = Counter(word for phrase in found for word in phrase)
    degree: Counter[str] = Counter()
    for phrase in found:
        degree.update({word: len(phrase) for word in phrase})
    score = {" ".join(phrase): sum(degree[word] / frequency[word] for word in phrase) for phrase in found}
    return sorted(score, key=lambda phrase: -score[phrase])


def phrases(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the phrases of `text` in their order, those that are too long in parts."""
    for part in _BREAKS.split(text):
        for holds, group in groupby(fold(part).split(), key=lambda word: word in _HOLDING):
            phrase = tuple(group)
            if not holds:
                yield from (phrase[at : at + LONGEST] for at in range(0, len(phrase), LONGEST))


def alternatives(text: str) -> list[list[tuple[str, ...]]]:
    """Return the phrases of `text`, those together of which any will do: joined by "or", or listed by commas.

    Two phrases with "and" between them are both wanted.
    """
    pieces = _JOINT.split(text)
    runs: list[list[tuple[str, ...]]] = []
    any_will_do: list[bool] = []
    for joint, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        for place, phrase in enumerate(phrases(piece)):
            if joint and place == 0 and runs:
                runs[-1].append(phrase)
                any_will_do[-1] |= "or" in joint.lower() or "/" in joint
            else:
                runs.append([phrase])
                any_will_do.append(False)
    whole = [free or len(run) > 2 for run, free in zip(runs, any_will_do, strict=True)]
    return [
        group for run, one in zip(runs, whole, strict=True) for group in ([run] if one else [[each] for each in run])
    ]


def queries(question: Question) -> list[str]:
    """Return three to five searches for `question`, the topic's own first; fewer when there is not that much in it."""
    topic, asked = question["topic"], question["research_questions"]
    subject = telling(topic) or words(topic) or fold(topic).split()
    head = (telling(_ASIDE.sub(" ", topic)) or subject)[:HEAD_WORDS]
    found = [list(phrase) for phrase in phrases(topic)]
    made = [subject, *(_about(head, each) for each in asked), [*head, "review"], *found, [*head, "trial"]]
    distinct = {frozenset(each[:MOST_WORDS]): " ".join(each[:MOST_WORDS]) for each in reversed(made)}
    order = list(dict.fromkeys(frozenset(each[:MOST_WORDS]) for each in made))
    return [distinct[each] for each in order if each][: max(3, min(MOST_QUERIES, 1 + len(asked)))]


def _about(head: list[str], asked: str) -> list[str]:
    """Return a search for what `asked` adds to the subject."""
    ranked = [word for phrase in keyphrases([asked]) for word in phrase.split()]
    return list(dict.fromkeys([*head, *ranked]))
