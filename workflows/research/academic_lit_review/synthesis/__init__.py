"""A review out of recorded evidence: composed of quotes without a model, written and checked with one.

records.py   all that a run recorded            quotation.py, wording.py   quotes and the words between them
shelf.py     which quotes are printed           opening.py, answers.py, thematic.py, closing.py   the parts
extractive.py   `compose`, without a model      writing.py, drafting.py   `write`, with one
forms.py, prompts.py   what a model is asked    claims.py   whether what it wrote may be printed
"""

from workflows.research.academic_lit_review.synthesis.extractive import compose
from workflows.research.academic_lit_review.synthesis.records import Records, Search
from workflows.research.academic_lit_review.synthesis.writing import write

__all__ = ["Records", "Search", "compose", "write"]
