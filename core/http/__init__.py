"""The one HTTP client everything uses: public addresses only, capped, polite, and free of leaked keys.

    client.py      HttpClient: fetch, upload, download, service
    tries.py       when a request is tried again, and what a refusal means for its host
    exchange.py    one request through all its redirects
    policy.py      every limit, timeout and retry rule
    request.py     what we send, and who we say we are
    address.py     which URLs and addresses may be asked at all
    connect.py     names are resolved, every address is judged, and the judged address is the one connected to
    hosts.py       pace, concurrency and parking of each host
    body.py        reading a body under caps, inflating it in small steps
    receive.py     an accepted answer becomes a page in memory or a file on disk
    part.py        a file on its way to disk
    upload.py      a file on its way to a service
    answer.py      Page and Download
    fields.py      what the answers of job services are made of
    retry_after.py when a host says it may be asked again
    redact.py      what must never reach a log, an error or another host
    translate.py   foreign errors become FetchError

This package is the only importer of httpx in the project.
"""

from core.http.answer import Download, Page
from core.http.client import HttpClient
from core.http.redact import redact

__all__ = ["Download", "HttpClient", "Page", "redact"]
