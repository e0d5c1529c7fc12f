"""What a paper says to a question, without a model: its own sentences, chosen by where they stand and how they speak.

No word is added: every quote is a piece of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.conversion.converter import PageSpan
from core.evidence import cues
from core.evidence.measures import Measure, measures
from core.evidence.outline import Role
from core.evidence.relevance import Relevance
from core.evidence.sentences import Sentence, sentences
from core.evidence.tokens import fold_word

#: How many sentences of each kind are taken at most, and numbers.
MOST = {"findings": 6, "methods": 3, "limitations": 3, "future_work": 3, "numbers": 8}
#: The share of a question's words a sentence must have to be called its answer.
_ANSWERS = 0.22
#: What it is worth to speak of what the whole paper speaks of, beside speaking of what was asked.
_CENTRAL = 0.5
#: Below this score no sentence is taken for a finding or a method.
_WORTH = 0.3
#: How much a sentence loses for saying what was taken before (the lambda of Carbonell and Goldstein's MMR is 1 - this).
_REPEATS = 0.5
_SAME = 0.6
_DIGIT = re.compile(r"\d")


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
    desk = _Desk(chosen, topic, questions)
    limits, future = desk.limitations(), desk.future()
    findings = desk.findings({*limits, *future})
    return Extraction(
        findings=desk.excerpts(findings, MOST["findings"], spread=True),
        methods=desk.excerpts(desk.methods(), MOST["methods"]),
        limitations=desk.excerpts(limits, MOST["limitations"]),
        future_work=desk.excerpts(future, MOST["future_work"]),
        numbers=desk.figures(findings),
    )


class _Desk:
    """The sentences of one paper, what was asked, and how well each sentence fits."""

    def __init__(self, chosen: list[Sentence], topic: str, questions: Sequence[str]) -> None:
        self._sentences = chosen
        self._relevance = Relevance([sentence.text for sentence in chosen])
        self._answers = [self._relevance.coverage(question, beside=topic) for question in questions]
        central = [_CENTRAL * share for share in self._relevance.centrality()]
        asked = [*self._answers, self._relevance.coverage(topic), central]
        self._fit = [max(shares) for shares in zip(*asked, strict=True)]

    def findings(self, others: set[int]) -> dict[int, float]:
        """Return the scores of sentences that tell a result; those in `others` tell something else."""
        scores = {}
        for at, sentence in enumerate(self._sentences):
            cue = _strength(cues.FINDING, sentence.text)
            score = 0.35 * self._fit[at] + 0.3 * _place(sentence, cues.FINDING_PLACES) + 0.25 * cue
            score += 0.1 * bool(_DIGIT.search(sentence.text)) + 0.1 * bool(cues.OWN.search(sentence.text))
            score -= 0.15 * (cues.cites(sentence.text) and sentence.role in ("introduction", "discussion"))
            score -= 0.3 * (at in others)
            aside = sentence.role == "methods" or cues.ASIDE.search(sentence.text)
            if not aside and (cue or self._fit[at] >= _ANSWERS):
                scores[at] = score - _blemish(sentence.text)
        return {at: score for at, score in scores.items() if score >= _WORTH}

    def methods(self) -> dict[int, float]:
        """Return the scores of sentences that tell how the study was done."""
        scores = {}
        for at, sentence in enumerate(self._sentences):
            cue = _strength(cues.METHOD, sentence.text)
            design = _strength(cues.DESIGN, sentence.text)
            if cue or design:
                score = 0.2 * self._fit[at] + 0.4 * _place(sentence, cues.METHOD_PLACES) + 0.2 * cue + 0.25 * design
                scores[at] = score - 0.2 * cues.cites(sentence.text) - _blemish(sentence.text)
        return {at: score for at, score in scores.items() if score >= _WORTH}

    def limitations(self) -> dict[int, float]:
        """Return the scores of sentences that tell what the study cannot say; there may be none."""
        return self._cued(cues.LIMITATION, "limitations")

    def future(self) -> dict[int, float]:
        """Return the scores of sentences that tell what is left to do; there may be none."""
        return self._cued(cues.FUTURE, "future")

    def _cued(self, cue: re.Pattern[str], own: Role) -> dict[int, float]:
        scores = {}
        for at, sentence in enumerate(self._sentences):
            strength = _strength(cue, sentence.text)
            place = (
                1.0 if sentence.role == own else _place(sentence, cues.LATE_PLACES) * (sentence.role != "introduction")
            )
            if strength or sentence.role == own:
                score = (
                    0.45 * strength + 0.35 * place + 0.1 * self._fit[at] + 0.1 * bool(cues.OWN.search(sentence.text))
                )
                scores[at] = score - 0.1 * cues.cites(sentence.text) - _blemish(sentence.text)
        return {at: score for at, score in scores.items() if score >= 0.45}

    def excerpts(self, scores: Mapping[int, float], most: int, *, spread: bool = False) -> tuple[Excerpt, ...]:
        """Return the best sentences that do not repeat each other; `spread`: one for each question first."""
        taken: list[int] = []
        if spread:
            for shares in self._answers:
                self._take(
                    taken, {at: scores[at] + shares[at] for at in scores if shares[at] >= _ANSWERS}, len(taken) + 1
                )
        self._take(taken, scores, most)
        return tuple(self._excerpt(at, scores[at]) for at in sorted(taken[:most], key=lambda at: -scores[at]))

    def _take(self, taken: list[int], scores: Mapping[int, float], most: int) -> None:
        """Add to `taken` the best of `scores`, each time the one that is best after what it repeats is counted."""
        repeated = {at: max((self._relevance.likeness(at, other) for other in taken), default=0.0) for at in scores}
        while len(taken) < most:
            left = [at for at in scores if at not in taken and repeated[at] < _SAME]
            if not left:
                return
            best = max(left, key=lambda at: scores[at] - _REPEATS * repeated[at])
            taken.append(best)
            for at in left:
                repeated[at] = max(repeated[at], self._relevance.likeness(at, best))

    def figures(self, scores: Mapping[int, float]) -> tuple[Figure, ...]:
        """Return numbers out of the best sentences, at most two of each."""
        found: dict[tuple[str, str], Figure] = {}
        for at in sorted(scores, key=lambda at: -scores[at]):
            for measure in list(measures(self._sentences[at].text))[:2]:
                key = measure.value.replace(" ", ""), fold_word(measure.unit)
                found.setdefault(key, Figure(measure, self._excerpt(at, scores[at])))
            if len(found) >= MOST["numbers"]:
                break
        return tuple(found.values())[: MOST["numbers"]]

    def _excerpt(self, at: int, score: float) -> Excerpt:
        sentence = self._sentences[at]
        shares = [share[at] for share in self._answers]
        best = max(range(len(shares)), key=lambda number: shares[number], default=None)
        question = best if best is not None and shares[best] >= _ANSWERS else None
        return Excerpt(
            sentence.text,
            sentence.start,
            sentence.end,
            sentence.page,
            sentence.section,
            round(min(1.0, score), 3),
            question,
        )


def _strength(cue: re.Pattern[str], text: str) -> float:
    """Return 0, 0.7 for one wording of a kind, 1 for more."""
    found = len(cue.findall(text))
    return (0.0, 0.7)[found] if found < 2 else 1.0


def _place(sentence: Sentence, places: Mapping[Role, float]) -> float:
    return places.get(sentence.role, 0.0)


def _blemish(text: str) -> float:
    """Return how much a sentence suffers from standing alone: it points backwards, or speaks of a figure."""
    return 0.12 * bool(cues.DANGLING.match(text)) + 0.3 * bool(cues.ASIDE.search(text))
