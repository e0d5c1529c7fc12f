"""A Marker job service as an engine: PDFs go to it over HTTP, Markdown comes back.

engine.py   the converter                           preset.py    what it asks for
client.py   its calls                               answers.py   what the service answers
watch.py    one job, until it has ended             paging.py    where pages end in its Markdown
letters.py  what the PDF itself holds               measure.py   the text against that
"""

from core.conversion.marker_service.engine import MarkerServiceConverter

__all__ = ["MarkerServiceConverter"]
