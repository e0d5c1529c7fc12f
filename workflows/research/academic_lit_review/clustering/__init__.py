"""Themes: which papers of a review belong together, what to call that, and how their findings stand to each other.

papers ──► space ──► groups ──► names ──► relations ──► themes
              model's proposal ──┘

theme.py      the values                           grouping.py    groups by statistics
space.py      papers by their words or embeddings  proposal.py    groups by a chat model, merging.py: the two as one
naming.py     groups as themes                     relations.py   agreements and conflicts, by directions.py: up or down
labels.py     what a theme is called, of phrases.py                gaps.py: what papers leave open
"""

from workflows.research.academic_lit_review.clustering.finding import find_themes
from workflows.research.academic_lit_review.clustering.grouping import cluster
from workflows.research.academic_lit_review.clustering.theme import Clustering, Document, Theme

__all__ = ["Clustering", "Document", "Theme", "cluster", "find_themes"]
