"""What is learned from each paper, every claim with a quote that was found in its text.

text ──► parts ──► model ──► quotes ──► located ──► evidence
  │                  │ not read            └──────► rejected
  └──► sentences chosen by rules ──────────────────► evidence
"""

from workflows.research.academic_lit_review.paper_processor.extraction.papers import (
    abstract_of,
    extract_paper,
    extract_papers,
)
from workflows.research.academic_lit_review.paper_processor.extraction.prompt import Brief
from workflows.research.academic_lit_review.paper_processor.extraction.reading import Paper, Reader

__all__ = ["Brief", "Paper", "Reader", "abstract_of", "extract_paper", "extract_papers"]
