"""Who cites whom: kept as plain pairs, looked at as a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from core.metadata import PaperMetadata

if TYPE_CHECKING:
    import networkx as nx  # type: ignore[import-untyped]

Pair = tuple[str, str]


def digraph(pairs: Iterable[Iterable[str]], papers: Iterable[str] | None = None) -> nx.DiGraph:
    """Return the graph of `pairs`, an arrow from the citing to the cited paper; of `papers` only, if these are told."""
    import networkx as nx

    graph = nx.DiGraph()
    among = None if papers is None else set(papers)
    graph.add_nodes_from(sorted(among or ()))
    for citing, cited in pairs:
        if among is None or {citing, cited} <= among:
            graph.add_edge(citing, cited)
    return graph


def stated(papers: Mapping[str, PaperMetadata], index: Mapping[str, str]) -> set[Pair]:
    """Return the pairs that the records themselves state; `index` leads from identifiers to ids."""
    return {
        (name, index[cited])
        for name, paper in papers.items()
        for cited in paper.get("referenced_works") or []
        if cited in index and index[cited] != name
    }


def ties(pairs: Iterable[Pair], relevant: Iterable[str]) -> dict[str, int]:
    """Return for each paper how many relevant ones cite it or are cited by it."""
    known = set(relevant)
    near = {(one, other) for pair in pairs for one, other in (pair, pair[::-1]) if other in known}
    return dict(Counter(one for one, _ in near))
