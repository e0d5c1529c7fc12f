"""A review as files: to read, to cite from, to compute with.

files.py       `publish`, all of them           html.py, markdown.py, quotes.py, pages.py   the review
flow.py        the PRISMA diagram               plots.py            theme map and timeline
bibtex.py, ris.py, csl.py, reference.py   the references           evidence_table.py    the evidence as CSV
"""

from workflows.research.academic_lit_review.publishing.files import publish

__all__ = ["publish"]
