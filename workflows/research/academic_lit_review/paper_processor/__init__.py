"""The paper processor: records in, full texts out, exactly one outcome for each paper.

    papers ──► cache ──► acquire ─────────────► queue ─────────► convert ──► results
               one       open access lanes      64 paths,        killable    in graph state,
               query     retrieval lane         most relevant    workers     by paper_id
                         gate: is it the paper? first

Texts stay in the paper store; state carries identifiers, outcomes and short notes.
"""

from workflows.research.academic_lit_review.paper_processor.acquisition.core import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.graph import (
    create_paper_processing_subgraph,
    paper_processing_subgraph,
    run_paper_processing,
)
from workflows.research.academic_lit_review.paper_processor.state import PaperProcessingState

__all__ = [
    "PaperProcessingState",
    "create_paper_processing_subgraph",
    "paper_processing_subgraph",
    "run_paper_pipeline",
    "run_paper_processing",
]
