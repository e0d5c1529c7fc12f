"""The catalogues of the scholarly literature: asked politely, read with care, each failing alone and saying so.

catalogues.py   `open_catalogues`: which can be asked, what each can do, and why some cannot be asked
found.py        what is asked, and what comes back: papers, and as values the reasons for what is lacking
completion.py   `complete`: bare identifiers become records, before their papers are looked for
merge.py        `unite`: records of one work from several catalogues become one paper
trust.py        whom to believe when they contradict each other, field by field
line.py         the line to one catalogue: cached, counted, left alone after refusals
budget.py       the credits of OpenAlex
cache.py        where answers are kept for a while
reading.py      the edge: answers become checked values
prose.py, places.py, license.py, notices.py, known.py    texts, addresses, licences, notices and identifiers made plain

Each catalogue is a file that asks and a file that reads: openalex.py and openalex_works.py, crossref, europepmc, arxiv,
semanticscholar; unpaywall.py does both.
"""

from core.scholarly.cache import MemoryCache, StoreCache
from core.scholarly.catalogues import Catalogues, open_catalogues
from core.scholarly.completion import Completed, complete
from core.scholarly.found import CatalogueError, Found, Query
from core.scholarly.merge import unite

__all__ = [
    "CatalogueError", "Catalogues", "Completed", "Found", "MemoryCache", "Query", "StoreCache", "complete",
    "open_catalogues", "unite",
]  # fmt: skip
