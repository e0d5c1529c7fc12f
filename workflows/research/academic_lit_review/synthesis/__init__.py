"""A review out of recorded evidence: composed of quotes without a model, written and checked with one.

records.py   all that a run recorded            quotation.py, wording.py   quotes and the words between them
shelf.py     which quotes are printed           opening.py, answers.py, thematic.py, closing.py   the parts
extractive.py   `compose`, without a model      writing.py, claims.py   `write`, with one, and the checks
"""

from workflows.research.academic_lit_review.synthesis.extractive import compose
from workflows.research.academic_lit_review.synthesis.records import Records, Search

__all__ = ["Records", "Search", "compose"]
