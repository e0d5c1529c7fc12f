"""Where papers stand to each other: by the words of their texts, or by embeddings of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workflows.research.academic_lit_review.clustering.phrases import features
from workflows.research.academic_lit_review.clustering.theme import Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Dimensions in which papers are compared: as many as 50 papers can tell apart without following their every word.
DIMENSIONS = 20
#: Characters of a text that are looked at, and how often a title counts.
MOST_CHARS, TITLE = 10_000, 3
_NOTHING = 1e-9


@dataclass(frozen=True)
class Space:
    """`places` has a row of length 1 (or 0) for each of `papers`, `distances` (0 to 2) one between each two."""

    papers: tuple[Document, ...]
    places: NDArray[np.float64]
    distances: NDArray[np.float64]
    method: str


def by_words(papers: Sequence[Document]) -> Space | None:
    """Return `papers` by TF-IDF and latent semantic analysis, or None when they have too few words in common."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    vectors = TfidfVectorizer(analyzer=features, min_df=2, max_df=0.6, sublinear_tf=True)
    try:
        words = vectors.fit_transform([f"{paper.title}. " * TITLE + paper.text[:MOST_CHARS] for paper in papers])
    except ValueError:  # scikit-learn's word for an empty vocabulary
        return None
    if words.shape[1] <= DIMENSIONS:
        return None
    return _space(papers, (words @ words.T).toarray(), "TF-IDF and latent semantic analysis")


def by_vectors(papers: Sequence[Document], vectors: Mapping[str, Sequence[float]]) -> Space:
    """Return `papers` by `vectors`, one of one length for each paper id."""
    import numpy as np

    rows = _units(np.array([vectors[paper.paper_id] for paper in papers], dtype=float))
    return _space(papers, rows @ rows.T, "embeddings")


def nowhere(papers: Sequence[Document]) -> Space:
    """Return a space in which no paper is like another."""
    import numpy as np

    return Space(tuple(papers), np.zeros((len(papers), 1)), np.zeros((len(papers), len(papers))), "nothing")


def _space(papers: Sequence[Document], likeness: Any, method: str) -> Space:
    """Return the space in which papers have `likeness` (cosines), reduced to its main dimensions.

    By eigenvalues of the cosines: exact, and the same on every run, which randomised solvers are not.
    """
    import numpy as np

    values, axes = np.linalg.eigh((likeness + likeness.T) / 2)
    best = [at for at in np.argsort(-values, kind="stable")[:DIMENSIONS] if values[at] > _NOTHING]
    distances = np.clip(1 - likeness, 0, 2)
    np.fill_diagonal(distances, 0)
    return Space(tuple(papers), _units(axes[:, best] * np.sqrt(values[best])), distances, method)


def _units(rows: Any) -> Any:
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(lengths > _NOTHING, rows / np.maximum(lengths, _NOTHING), 0.0)
