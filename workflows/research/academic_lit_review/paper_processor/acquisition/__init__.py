"""Acquisition: where full texts come from, and which of them are let in.

core.py       joins producer, queue and consumer
producer.py   the scheduling of every paper's next step
sources.py    the open access ladder
attempts.py   one attempt at one place
intake.py     what came: admitted, followed or refused
routes.py     the way of one paper through its places
retrieval.py  the retrieve-academic lane
gate.py       admission: is this file the full text of this paper?
landing.py    what a landing page offers          listing.py   PMC's open data bucket
fulltext.py   JATS and HTML as Markdown           walls.py     bot checks and paywalls
"""

from workflows.research.academic_lit_review.paper_processor.acquisition.attempts import try_oa_download
from workflows.research.academic_lit_review.paper_processor.acquisition.core import (
    acquisition_producer,
    processing_consumer,
    run_paper_pipeline,
)
from workflows.research.academic_lit_review.paper_processor.cache import check_cache_for_paper

__all__ = [
    "acquisition_producer",
    "check_cache_for_paper",
    "processing_consumer",
    "run_paper_pipeline",
    "try_oa_download",
]
