"""Diffusion: from the papers found by searching to those that cite them and that they cite, stage by stage.

snowball.py   `snowball`                                  seeds.py     whose citations are followed next
ball.py       the stages, and when they end               pool.py      the papers known so far, and the new ones
citations.py  who cites whom, as pairs and as a graph     diffused.py  what comes out of it
"""

from workflows.research.academic_lit_review.diffusion.citations import digraph
from workflows.research.academic_lit_review.diffusion.diffused import Diffused, Stage
from workflows.research.academic_lit_review.diffusion.snowball import snowball

__all__ = ["Diffused", "Stage", "digraph", "snowball"]
