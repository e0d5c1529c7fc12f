"""Snowballing: citations of the best papers are followed both ways, in stages, until little new comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date

from langchain_core.language_models import BaseChatModel

from core.metadata import PaperMetadata
from core.progress import Emit, emitter
from core.scholarly import Catalogues
from workflows.research.academic_lit_review.catalogued import DEADLINE_S
from workflows.research.academic_lit_review.diffusion.ball import Ball, How
from workflows.research.academic_lit_review.diffusion.diffused import Diffused
from workflows.research.academic_lit_review.diffusion.pool import Pool
from workflows.research.academic_lit_review.presets import Preset
from workflows.research.academic_lit_review.question import Question


async def snowball(
    question: Question,
    papers: Mapping[str, PaperMetadata],
    relevant: Sequence[str],
    near: Sequence[str],
    catalogues: Catalogues,
    preset: Preset,
    *,
    model: BaseChatModel | None = None,
    emit: Emit | None = None,
    year: int | None = None,
    include_retracted: bool = False,
    deadline_s: float = DEADLINE_S,
) -> Diffused:
    """Return what following the citations of `relevant` adds to `papers`; catalogues that fail are told in `notes`.

    Each catalogue may take `deadline_s` a stage. OpenAlex refuses by itself what the run's credits do not cover.
    """
    pool = await asyncio.to_thread(Pool, papers)
    how = How(question, catalogues, preset, model, year or date.today().year, include_retracted, deadline_s)
    ball = Ball(how, pool, list(relevant), list(near), emit or emitter())
    stopped = await ball.roll()
    return ball.told(papers, stopped)
