"""Whose citations are worth following: seminal, bridging and lately much cited papers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from core.metadata import PaperMetadata
from core.scholarly.known import schemes
from workflows.research.academic_lit_review.diffusion.citations import Pair, digraph

#: What the best seed by each measure gets; the ones after it get less by their place. Relevance decides the rest.
SEMINAL, BRIDGING, RECENT, RELEVANCE = 3.0, 2.0, 2.0, 2.0
#: A paper is recent for so many years.
RECENT_YEARS = 3
#: In larger graphs betweenness is estimated from so many papers: the whole takes minutes.
SAMPLED = 200


def best_seeds(
    papers: Mapping[str, PaperMetadata],
    relevant: Sequence[str],
    pairs: Iterable[Pair],
    *,
    used: Collection[str],
    count: int,
    year: int,
) -> list[str]:
    """Return the `count` best of `relevant` that are not `used`, the best first. Blocking: call it in a thread."""
    free = [name for name in relevant if name not in used and schemes(papers[name])]
    between, cited = _measured(list(pairs), relevant)
    measures: list[tuple[float, Callable[[str], float]]] = [
        (SEMINAL, lambda name: cited.get(name, 0)),
        (BRIDGING, lambda name: between.get(name, 0.0)),
        (RECENT, lambda name: _velocity(papers[name], year)),
    ]
    points = {name: RELEVANCE * papers[name].get("relevance_score", 0.0) for name in free}
    for weight, measure in measures:
        best = sorted((name for name in free if measure(name) > 0), key=lambda name: (-measure(name), name))[:count]
        for place, name in enumerate(best):
            points[name] += weight * (1 - place / count)
    return sorted(free, key=lambda name: (-points[name], name))[:count]


def _measured(pairs: list[Pair], relevant: Sequence[str]) -> tuple[dict[str, float], dict[str, int]]:
    """Return how much each paper lies between others, and how many of the others cite it."""
    import networkx as nx  # type: ignore[import-untyped]

    graph = digraph(pairs, relevant)
    sampled = SAMPLED if len(graph) > SAMPLED else None
    return nx.betweenness_centrality(graph.to_undirected(), k=sampled, seed=0), dict(graph.in_degree())


def _velocity(paper: PaperMetadata, year: int) -> float:
    """Return the citations a year of a recent paper, 0 for others."""
    age = year - paper["year"] if "year" in paper else RECENT_YEARS + 1
    return (paper.get("cited_by_count") or 0) / (max(0, age) + 1) if age <= RECENT_YEARS else 0.0
