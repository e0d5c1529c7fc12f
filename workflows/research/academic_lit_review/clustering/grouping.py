"""Papers into groups: Ward's agglomerative clustering, their number by the silhouette, strangers left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from workflows.research.academic_lit_review.clustering.naming import named
from workflows.research.academic_lit_review.clustering.space import Space, by_vectors, by_words
from workflows.research.academic_lit_review.clustering.theme import Clustering, Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST, MOST = 3, 8
#: Fewer papers make no theme; with fewer on average than the usual, there are too many themes.
SMALLEST, USUAL = 2, 4
#: So many papers are one theme: a division of five would say more about the method than about them.
INDIVISIBLE = 5
#: A paper less like its theme than this (cosine, in the dimensions of its space) belongs to none.
STRANGER = 0.15
_WARD = "Ward's agglomerative clustering; their number by the silhouette"


def cluster(
    documents: Iterable[Document], *, topic: str = "", vectors: Mapping[str, Sequence[float]] | None = None
) -> Clustering:
    """Return the themes of `documents`; the same papers in any order give the same themes.

    `vectors` are embeddings by paper id; without them papers are compared by their words. `topic` is what the whole
    review is about, and stands in no label. Blocking for up to a few seconds with hundreds of papers: call it in a
    thread.
    """
    papers = sorted(documents, key=lambda document: document.paper_id)
    space = place(papers, vectors)
    return single(papers, topic) if space is None else divided(space, topic)


def place(papers: Sequence[Document], vectors: Mapping[str, Sequence[float]] | None = None) -> Space | None:
    """Return the space in which `papers` are told apart, or None when they are too few or have nothing in common."""
    if len(papers) <= INDIVISIBLE:
        return None
    space = by_vectors(papers, vectors) if vectors else by_words(papers)
    return space if space is not None and space.places.shape[1] else None


def single(papers: Sequence[Document], topic: str = "") -> Clustering:
    """Return one theme of all `papers`, or none of none."""
    if not papers:
        return Clustering(themes=[], other=[], method="no papers")
    few = len(papers) <= INDIVISIBLE
    why = "too few papers to divide" if few else "the papers have too few words in common to divide them"
    return named(papers, [0] * len(papers), [paper.relevance for paper in papers], method=why, topic=topic)


def divided(space: Space, topic: str = "") -> Clustering:
    """Return the themes that the papers of `space` fall into."""
    groups = divide(space)
    return named(space.papers, groups, likenesses(space, groups), method=f"{space.method}, {_WARD}", topic=topic)


def divide(space: Space) -> list[int]:
    """Return the group of each paper, -1 for none; their number is the one whose groups are most apart."""
    from sklearn.cluster import AgglomerativeClustering  # type: ignore[import-untyped]

    counts = range(LEAST, min(MOST, max(LEAST, len(space.papers) // USUAL)) + 1)
    divisions = [AgglomerativeClustering(count).fit_predict(space.places).tolist() for count in counts]
    return max((_settled(space, groups) for groups in divisions), key=lambda groups: _worth(space, groups))


def _settled(space: Space, groups: Sequence[int]) -> list[int]:
    """Return `groups` without papers that are strangers in theirs, and without groups that are too small."""
    kept = without_small(groups)
    strange = {at for at, likeness in enumerate(likenesses(space, kept)) if likeness < STRANGER}
    return without_small(adopted(space, kept, strange))


def without_small(groups: Sequence[int]) -> list[int]:
    """Return `groups` with -1 for those of too few papers."""
    sizes = Counter(groups)
    return [group if sizes[group] >= SMALLEST else -1 for group in groups]


def adopted(space: Space, groups: Sequence[int], homeless: Collection[int]) -> list[int]:
    """Return `groups` with each of the `homeless` in the group it is most like, in none if it is a stranger there."""
    middles = centres(space, groups)
    found = list(groups)
    for at in homeless:
        likeness = {group: float(space.places[at] @ centre) for group, centre in middles.items()}
        best = max(likeness, key=likeness.__getitem__, default=-1)
        found[at] = best if likeness.get(best, 0.0) >= STRANGER else -1
    return found


def likenesses(space: Space, groups: Sequence[int]) -> list[float]:
    """Return the cosine of each paper with the centre of its group, 0 for those in none."""
    middles = centres(space, groups)
    rows = zip(space.places, groups, strict=True)
    return [float(row @ middles[group]) if group in middles else 0.0 for row, group in rows]


def centres(space: Space, groups: Sequence[int]) -> dict[int, NDArray[np.float64]]:
    """Return the middle of each group, of length 1."""
    import numpy as np

    numbers = np.array(groups)
    sums = {group: space.places[numbers == group].sum(axis=0) for group in sorted(set(groups) - {-1})}
    return {group: total / max(float(np.linalg.norm(total)), 1e-9) for group, total in sums.items()}


def _worth(space: Space, groups: Sequence[int]) -> tuple[bool, float]:
    """Return whether there are themes enough, and how far apart they are; papers in none count against them."""
    from sklearn.metrics import silhouette_score  # type: ignore[import-untyped]

    inside = [at for at, group in enumerate(groups) if group >= 0]
    count = len(set(groups) - {-1})
    if not 2 <= count < len(inside):
        return False, -1.0
    distances = space.distances[inside][:, inside]
    score = float(silhouette_score(distances, [groups[at] for at in inside], metric="precomputed"))
    return count >= LEAST, (1 + score) * len(inside) / len(groups)
