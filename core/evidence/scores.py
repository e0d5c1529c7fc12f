"""How good an example of a finding, a method, a limitation or of work left to do each sentence of a paper is: 0 to 1.

A score adds up what a sentence speaks of, in which part of the paper it stands and how it is worded. The weights were
set by reading what they chose out of every other paper of the corpus.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.evidence import cues
from core.evidence.outline import Role
from core.evidence.relevance import Relevance
from core.evidence.sentences import Sentence

#: The share of a question's words a sentence must have to be called its answer.
ANSWERS = 0.22
#: Below these no sentence is taken for a finding or a method, or for a limitation or future work.
_WORTH, _WORTH_LATE = 0.3, 0.45
#: What it is worth to speak of what the whole paper speaks of, beside speaking of what was asked.
_CENTRAL = 0.5
#: What one wording of a kind counts, and several.
_ONE_CUE, _MORE_CUES = 0.7, 1.0
_DIGIT = re.compile(r"\d")

Scores = dict[int, float]


class Scorer:
    """The sentences of one paper, what was asked, and how well each sentence fits."""

    def __init__(self, chosen: Sequence[Sentence], topic: str, questions: Sequence[str]) -> None:
        self._sentences = chosen
        self.relevance = Relevance([sentence.text for sentence in chosen])
        self.answers = [self.relevance.coverage(question, beside=topic) for question in questions]
        central = [_CENTRAL * share for share in self.relevance.centrality()]
        asked = [*self.answers, self.relevance.coverage(topic), central]
        self._fit = [max(shares) for shares in zip(*asked, strict=True)]

    def question(self, at: int) -> int | None:
        """Return which question sentence `at` answers, counted from 0."""
        shares = [share[at] for share in self.answers]
        best = max(range(len(shares)), key=lambda number: shares[number], default=None)
        return best if best is not None and shares[best] >= ANSWERS else None

    def findings(self, others: frozenset[int]) -> Scores:
        """Return the scores of sentences that tell a result; those in `others` tell something else."""
        scores = {}
        for at, sentence in enumerate(self._sentences):
            cue = _strength(cues.FINDING, sentence.text)
            if sentence.role == "methods" or cues.ASIDE.search(sentence.text) or not (cue or self._fit[at] >= ANSWERS):
                continue
            scores[at] = (
                0.35 * self._fit[at]
                + 0.3 * _place(sentence, cues.FINDING_PLACES)
                + 0.25 * cue
                + 0.1 * bool(_DIGIT.search(sentence.text))
                + 0.1 * bool(cues.OWN.search(sentence.text))
                - 0.35 * (cues.cites(sentence.text) and sentence.role == "introduction")
                - 0.15 * (cues.cites(sentence.text) and sentence.role == "discussion")
                - 0.3 * (at in others)
                - _blemish(sentence.text)
            )
        return _worthy(scores, _WORTH)

    def methods(self) -> Scores:
        """Return the scores of sentences that tell how the study was done."""
        scores = {}
        for at, sentence in enumerate(self._sentences):
            cue, design = _strength(cues.METHOD, sentence.text), _strength(cues.DESIGN, sentence.text)
            if cue or design:
                scores[at] = (
                    0.2 * self._fit[at]
                    + 0.4 * _place(sentence, cues.METHOD_PLACES)
                    + 0.2 * cue
                    + 0.25 * design
                    - 0.2 * cues.cites(sentence.text)
                    - _blemish(sentence.text)
                )
        return _worthy(scores, _WORTH)

    def limitations(self) -> Scores:
        """Return the scores of sentences that tell what the study cannot say; there may be none."""
        return self._late(cues.LIMITATION, "limitations")

    def future(self) -> Scores:
        """Return the scores of sentences that tell what is left to do; there may be none."""
        return self._late(cues.FUTURE, "future")

    def _late(self, wording: re.Pattern[str], own: Role) -> Scores:
        scores = {}
        for at, sentence in enumerate(self._sentences):
            cue = _strength(wording, sentence.text)
            if cue or sentence.role == own:
                scores[at] = (
                    0.45 * cue
                    + 0.35 * (1.0 if sentence.role == own else _place(sentence, cues.LATE_PLACES))
                    + 0.1 * self._fit[at]
                    + 0.1 * bool(cues.OWN.search(sentence.text))
                    - 0.1 * cues.cites(sentence.text)
                    - _blemish(sentence.text)
                )
        return _worthy(scores, _WORTH_LATE)


def _worthy(scores: Scores, least: float) -> Scores:
    return {at: min(1.0, score) for at, score in scores.items() if score >= least}


def _strength(wording: re.Pattern[str], text: str) -> float:
    found = len(wording.findall(text))
    return (0.0, _ONE_CUE)[found] if found < 2 else _MORE_CUES


def _place(sentence: Sentence, places: Mapping[Role, float]) -> float:
    return places.get(sentence.role, 0.0)


def _blemish(text: str) -> float:
    """Return how much a sentence suffers from standing alone: it points backwards, or speaks of the paper itself."""
    return 0.12 * bool(cues.DANGLING.match(text)) + 0.3 * bool(cues.ASIDE.search(text))
