"""PMC's open data bucket: which versions of a paper there are, and under which licence."""

from __future__ import annotations

import re

from pydantic import BaseModel, ValidationError

from core.errors import NotAdmitted
from core.http import HttpClient
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import Location

_VERSION = re.compile(r"<(?:Prefix|Key)>(PMC\d+)\.(\d+)/")


class Record(BaseModel):
    """The bucket's record of one version, `metadata/PMC<id>.<version>.json`; only what we use of it."""

    is_pmc_openaccess: bool = False
    license_code: str | None = None


async def newest(url: str, http: HttpClient) -> list[Location]:
    """Return where PDF and JATS of the highest version are; raise `NotAdmitted` when it is not open access."""
    listing = await http.fetch(url)
    versions = {int(version): f"{pmcid}.{version}" for pmcid, version in _VERSION.findall(listing.text)}
    if not versions:
        raise NotAdmitted("not_open_access", "PMC's open data bucket does not hold it")
    name = versions[max(versions)]
    base = url.split("?")[0].rstrip("/")
    record = await _record(f"{base}/metadata/{name}.json", http)
    if not record.is_pmc_openaccess:
        raise NotAdmitted("not_open_access", "PMC states that it is not open access")
    license_, evidence = record.license_code or "", "PMC open data record"
    return [
        Location("pmc", f"{base}/{name}/{name}.pdf", "file", license_, evidence),
        Location("pmc_xml", f"{base}/{name}/{name}.xml", "jats", license_, evidence),
    ]


async def _record(url: str, http: HttpClient) -> Record:
    page = await http.fetch(url)
    try:
        return Record.model_validate_json(page.body)
    except ValidationError as error:
        raise NotAdmitted("not_open_access", "PMC's record of it cannot be read") from error
