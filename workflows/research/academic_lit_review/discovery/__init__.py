"""Discovery: from a question to the papers that may answer it, ranked, each with a reason when it is left out.

discover.py    `discover`: search, merge, complete, screen, score
queries.py     the searches, by a model or of the question's own words
discovered.py  what comes out of it
"""

from workflows.research.academic_lit_review.discovery.discover import discover
from workflows.research.academic_lit_review.discovery.discovered import Discovered, Search

__all__ = ["Discovered", "Search", "discover"]
