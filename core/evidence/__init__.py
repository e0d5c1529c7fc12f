"""What a text says, and where.

tokens.py     a text as it is compared: words, numbers and signs in one spelling each
index.py      a text made ready to be searched
locate.py     where a quote stands, and whether the text says there what the quote says
align.py, differences.py, omissions.py, losses.py     what may differ, and what may not
outline.py, sentences.py     the blocks and sentences of a paper, and what part of it they stand in
extract.py    what a paper says to a question, without a model
chunks.py     a paper in parts for a model;  support.py: what the model may say of a passage
"""

from core.evidence.index import Index
from core.evidence.locate import Located, find, locate

__all__ = ["Index", "Located", "find", "locate"]
