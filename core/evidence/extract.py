"""What a paper says to a question, without a model: its own sentences, chosen by where they stand and how they speak.

No word is added: every quote is a piece of the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.conversion.converter import PageSpan
from core.evidence import cues
from core.evidence.measures import Measure, measures
from core.evidence.outline import Role
from core.evidence.scores import ANSWERS, Scorer
from core.evidence.sentences import Sentence, sentences
from core.evidence.tokens import fold_word

#: How many sentences of each kind are taken at most, and numbers, and numbers of one sentence.
FINDINGS, METHODS, LIMITATIONS, FUTURE_WORK, NUMBERS = 6, 3, 3, 3, 8
_OF_ONE = 2
#: How much a sentence loses for saying what was taken before (Carbonell and Goldstein's MMR), and from which likeness
#: on it is not taken at all.
_REPEATS, _SAME = 0.5, 0.6


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A sentence of a paper: `quote` is `text[start:end]`, on `page` (None: not known).

    `score` tells how good an example of its kind it is, 0 to 1; `question` which one it answers, counted from 0.
    """

    quote: str
    start: int
    end: int
    page: int | None
    section: str
    score: float
    question: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the sentence it stands in."""

    measure: Measure
    excerpt: Excerpt


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one text says, the best sentence of each kind first."""

    findings: tuple[Excerpt, ...] = ()
    methods: tuple[Excerpt, ...] = ()
    limitations: tuple[Excerpt, ...] = ()
    future_work: tuple[Excerpt, ...] = ()
    numbers: tuple[Figure, ...] = ()


def extract(
    text: str,
    pages: Sequence[PageSpan] = (),
    *,
    topic: str = "",
    questions: Sequence[str] = (),
    opening: Role = "front",
) -> Extraction:
    """Return the sentences of `text` that tell its findings, methods, limitations, future work and numbers.

    `opening` is the part of a paper the text begins with: "abstract" for one that is nothing else.
    """
    chosen = [sentence for sentence in sentences(text, pages, opening=opening) if cues.quotable(sentence)]
    if not chosen:
        return Extraction()
    scorer = Scorer(chosen, topic, questions)
    choice = _Choice(chosen, scorer)
    limitations, future = scorer.limitations(), scorer.future()
    findings = scorer.findings(frozenset({*limitations, *future}))
    return Extraction(
        findings=choice.excerpts(findings, FINDINGS, spread=True),
        methods=choice.excerpts(scorer.methods(), METHODS),
        limitations=choice.excerpts(limitations, LIMITATIONS),
        future_work=choice.excerpts(future, FUTURE_WORK),
        numbers=choice.figures(findings),
    )


class _Choice:
    """Takes the best sentences of a paper that do not say the same."""

    def __init__(self, chosen: Sequence[Sentence], scorer: Scorer) -> None:
        self._sentences, self._scorer = chosen, scorer

    def excerpts(self, scores: Mapping[int, float], most: int, *, spread: bool = False) -> tuple[Excerpt, ...]:
        """Return at most `most` of the scored sentences, the best first; `spread`: one for each question before all."""
        taken: list[int] = []
        for shares in self._scorer.answers if spread else ():
            answers = {at: score + shares[at] for at, score in scores.items() if shares[at] >= ANSWERS}
            self._take(taken, answers, min(most, len(taken) + 1))
        self._take(taken, scores, most)
        return tuple(self._excerpt(at, scores[at]) for at in sorted(taken, key=lambda at: -scores[at]))

    def _take(self, taken: list[int], scores: Mapping[int, float], most: int) -> None:
        """Add to `taken`, until there are `most`, what is best after what it repeats is counted."""
        likeness = self._scorer.relevance.likeness
        repeated = {at: max((likeness(at, other) for other in taken), default=0.0) for at in scores}
        while len(taken) < most:
            left = [at for at in scores if at not in taken and repeated[at] < _SAME]
            if not left:
                return
            best = max(left, key=lambda at: scores[at] - _REPEATS * repeated[at])
            taken.append(best)
            repeated |= {at: max(repeated[at], likeness(at, best)) for at in left}

    def figures(self, scores: Mapping[int, float]) -> tuple[Figure, ...]:
        """Return numbers out of the best sentences, each once."""
        found: dict[tuple[str, str], Figure] = {}
        for at in sorted(scores, key=lambda at: -scores[at]):
            for measure in list(measures(self._sentences[at].text))[:_OF_ONE]:
                key = measure.value.replace(" ", ""), fold_word(measure.unit)
                found.setdefault(key, Figure(measure, self._excerpt(at, scores[at])))
            if len(found) >= NUMBERS:
                break
        return tuple(found.values())[:NUMBERS]

    def _excerpt(self, at: int, score: float) -> Excerpt:
        sentence = self._sentences[at]
        return Excerpt(
            quote=sentence.text,
            start=sentence.start,
            end=sentence.end,
            page=sentence.page,
            section=sentence.section,
            score=round(score, 3),
            question=self._scorer.question(at),
        )
