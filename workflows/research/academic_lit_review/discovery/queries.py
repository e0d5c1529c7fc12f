"""The searches for a question: three to five by a model, else made of its own words."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel

from core.identifiers import fold
from core.scholarly.prose import clean
from workflows.research.academic_lit_review.keyphrases import MOST_QUERIES, queries
from workflows.research.academic_lit_review.question import Question
from workflows.research.academic_lit_review.structured import Silence, structured

#: The longest search, in characters and words: catalogues find nothing for more.
MAX_CHARS, MAX_WORDS = 120, 12

_TASK = f"""You write searches for bibliographic catalogues (OpenAlex, Europe PMC, Crossref, arXiv).
Write 3 to {MOST_QUERIES} searches that together find the literature for the review described in the data: the subject
by its different names, and each question. A search is 2 to 6 plain words in the language of the literature; no
sentences, no operators, no quotes, no years."""


class _Searches(BaseModel):
    """Searches for a literature review."""

    searches: list[str]


async def formulated(question: Question, model: BaseChatModel | None = None) -> tuple[list[str], list[str]]:
    """Return the searches for `question`, and notes on a model that gave none."""
    plain = queries(question)
    if model is None:
        return plain, []
    told = "\n".join([f"Topic: {question['topic']}", *(f"Question: {each}" for each in question["research_questions"])])
    answer = await structured(model, _Searches, _TASK, told)
    if isinstance(answer, Silence):
        return plain, [f"searches were made of the question's own words, for {answer.why}"]
    good = _usable(answer.searches)
    if not good:
        return plain, ["searches were made of the question's own words, for the model gave none that can be used"]
    # the question's own words come first: a model that leaves the subject must not take the search along
    return list(dict.fromkeys([plain[0], *good]))[:MOST_QUERIES], []


def _usable(given: list[str]) -> list[str]:
    """Return the searches that are some words and no more."""
    cleaned = [clean(text.replace('"', " ")) for text in given]
    return list(dict.fromkeys(text for text in cleaned if _short(text) and fold(text)))


def _short(text: str) -> bool:
    return len(text) <= MAX_CHARS and len(text.split()) <= MAX_WORDS and "://" not in text
