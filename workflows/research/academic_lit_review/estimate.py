"""What a review will cost, told before anything is asked of anybody: rough figures, and on the high side."""

from __future__ import annotations

from dataclasses import dataclass

from core.scholarly import Catalogues
from core.scholarly.budget import LIST, SEARCH
from core.settings import Settings
from workflows.research.academic_lit_review.diffusion.ball import LEAST_SEEDS, MOST_SEEDS
from workflows.research.academic_lit_review.discovery.discover import LOOKED_UP
from workflows.research.academic_lit_review.keyphrases import MOST_QUERIES, queries
from workflows.research.academic_lit_review.presets import Preset
from workflows.research.academic_lit_review.question import Question

#: Requests for one paper: its record, the places of its copy and the copy; half as many papers again are substitutes.
_PER_PAPER, _SUBSTITUTES = 5, 1.5
#: Tokens of one abstract to be judged, and of a paper to be read (some 8 000 words, with overlap and what is answered).
_JUDGED, _READ = 350, 14_000
#: Tokens of the evidence that a section is written from, sections beside the questions, and tokens for each word.
_EVIDENCE, _SECTIONS, _WORD = 4_500, 10, 2.0
#: Pages of a paper, seconds of a page by rules and by a vision model, and tokens that a model takes in a second.
_PAGES, _RULES_S, _VISION_S, _TOKENS_S = 12, 0.1, 4.0, 2_000


@dataclass(frozen=True)
class Estimate:
    """Requests over HTTP, credits of OpenAlex, tokens of chat models, and minutes."""

    requests: int
    credits: int
    tokens: int
    minutes: float

    def __str__(self) -> str:
        tokens = f"{self.tokens:,} tokens of the model" if self.tokens else "no model"
        return (
            f"about {self.requests:,} requests, {self.credits:,} credits of OpenAlex, {tokens}, "
            f"{max(1, round(self.minutes))} minutes"
        )


def estimate(
    question: Question, preset: Preset, catalogues: Catalogues, settings: Settings, *, model: bool = False
) -> Estimate:
    """Return what a review of `question` will cost at most, as a rule, when nothing is in the cache."""
    searches = (MOST_QUERIES if model else len(queries(question))) + bool(preset.recency_quota)
    seeds = preset.max_stages * min(MOST_SEEDS, max(LEAST_SEEDS, preset.max_papers // 10))
    followed = seeds * (len(catalogues.referring) + 2 * len(catalogues.citing))
    lookups = (1 + preset.max_stages) * len(catalogues.usable) * max(1, LOOKED_UP * preset.max_papers // 50)
    asked = searches * len(catalogues.searching) + followed + lookups
    papers = round(preset.max_papers * _SUBSTITUTES)
    spent = searches * SEARCH + (3 * seeds + lookups) * LIST if "openalex" in catalogues.usable else 0
    tokens = _tokens(question, preset) if model else 0
    return Estimate(
        requests=asked + papers * _PER_PAPER,
        credits=min(spent, settings.openalex_credits),
        tokens=tokens,
        minutes=_seconds(asked / max(1, len(catalogues.usable)), papers, tokens, settings) / 60,
    )


def _tokens(question: Question, preset: Preset) -> int:
    judged = LOOKED_UP * preset.max_papers * (1 + preset.max_stages) * _JUDGED
    written = (_SECTIONS + len(question["research_questions"])) * _EVIDENCE + preset.target_words * _WORD
    return round(judged + preset.max_papers * _READ + written)


def _seconds(asked: float, papers: int, tokens: int, settings: Settings) -> float:
    """Return how long it takes when each catalogue is asked once a second, and hosts are as different as they are."""
    page_s = _VISION_S if settings.converter.startswith("marker") else _RULES_S
    fetched = papers * _PER_PAPER * max(1.0, settings.acquisition_delay_s) / settings.max_downloads
    return asked + fetched + papers * _PAGES * page_s / settings.max_processing + tokens / _TOKENS_S
