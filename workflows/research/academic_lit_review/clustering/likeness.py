"""How alike two quotes are in their words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.evidence.relevance import stems
from workflows.research.academic_lit_review.values import Evidence

Likeness = Callable[[str, str], float]


def likeness_of(items: Iterable[Evidence]) -> Likeness:
    """Return what tells how alike two quotes are: the cosine of their words, rare ones counting more."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    quotes = sorted({item["quote"] for item in items})
    if not any(stems(quote) for quote in quotes):
        return lambda one, other: 0.0
    rows = TfidfVectorizer(analyzer=stems, sublinear_tf=True).fit_transform(quotes)
    at = {quote: number for number, quote in enumerate(quotes)}
    cosines = (rows @ rows.T).tocsr()
    return lambda one, other: float(cosines[at[one], at[other]])
