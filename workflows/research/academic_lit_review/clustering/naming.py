"""Groups of papers as themes: ordered, named, each with the papers that matter most in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workflows.research.academic_lit_review.clustering.labels import LABEL_TERMS, label, terms
from workflows.research.academic_lit_review.clustering.theme import Clustering, Document, Theme

KEY_PAPERS = 3


def named(
    papers: Sequence[Document],
    groups: Sequence[int],
    likeness: Sequence[float],
    *,
    method: str,
    topic: str = "",
    labels: Mapping[int, str] | None = None,
) -> Clustering:
    """Return the themes that `groups` make of `papers` (-1: none), the largest first.

    `likeness` tells how typical each paper is of its group; `labels` go before those made of the papers' words, and
    `topic` is what the whole review is about.
    """
    spoken = terms(papers, groups, topic=topic)
    typical = sorted(range(len(papers)), key=lambda at: -likeness[at])
    members = {group: [papers[at] for at in typical if groups[at] == group] for group in spoken}
    largest = sorted(members, key=lambda group: (-len(members[group]), members[group][0].paper_id))
    headings = {**_headings({group: spoken[group] for group in largest}), **(labels or {})}
    themes = [_theme(number, members[group], spoken[group], headings[group]) for number, group in enumerate(largest, 1)]
    return Clustering(themes=themes, other=[papers[at].paper_id for at in typical if groups[at] < 0], method=method)


def _headings(spoken: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Return a heading for each group, made of phrases that no heading before has, as far as there are others."""
    said: set[str] = set()
    headings: dict[int, str] = {}
    for group, found in spoken.items():
        fresh = [term for term in found if term.lower() not in said] or found
        headings[group] = label(fresh)
        said.update(term.lower() for term in fresh[:LABEL_TERMS])
    return headings


def _theme(number: int, members: Sequence[Document], spoken: list[str], heading: str) -> Theme:
    typical = members[: max(KEY_PAPERS, len(members) // 2)]
    important = sorted(typical, key=lambda paper: -paper.relevance)[:KEY_PAPERS]
    return Theme(
        id=f"theme-{number}",
        label=heading,
        terms=spoken,
        paper_ids=[paper.paper_id for paper in members],
        key_papers=[paper.paper_id for paper in important],
        agreements=[],
        conflicts=[],
        gaps=[],
    )
