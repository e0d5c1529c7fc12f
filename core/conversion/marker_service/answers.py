"""What a Marker job service answers, and what of it is believed."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from core.errors import ConversionError
from core.http import redact
from core.http.fields import Answer, JobId, MaybeCount, MaybeText, Text

State = Literal["waiting", "working", "completed", "failed"]

#: What services call their states, those of Celery included; any other name is a job somebody works on.
_STATES: dict[str, State] = {
    "pending": "waiting",
    "queued": "waiting",
    "received": "waiting",
    "retry": "waiting",
    "completed": "completed",
    "success": "completed",
    "failed": "failed",
    "failure": "failed",
    "skipped": "failed",
    "revoked": "failed",
    "cancelled": "failed",
}
_PICTURES = frozenset({"Picture", "Figure", "Diagram"})
_WORDS = 300  # characters
_URL = re.compile(r"https?://\S+")


def state(status: str | None) -> State:
    """Return what a status means."""
    return _STATES.get((status or "").strip().lower(), "working")


def words(text: str | None) -> str:
    """Return what a service says on one line, without the keys in its addresses."""
    return _URL.sub(lambda url: redact(url.group()), " ".join((text or "").split()))[:_WORDS]


def _mapping(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


class Health(Answer):
    """The answer of `GET /health`: how many workers there are, and the versions of whatever makes the texts."""

    status: MaybeText = None
    active_workers: MaybeCount = None
    version: MaybeText = None
    marker_version: MaybeText = None
    surya_version: MaybeText = None

    @property
    def versions(self) -> str:
        """Return the versions it tells, none as an empty text."""
        named = {"": self.version, "marker-pdf/": self.marker_version, "surya-ocr/": self.surya_version}
        return "+".join(f"{name}{words(version)}" for name, version in named.items() if version)


class Submitted(Answer):
    """The answer of `POST /convert`."""

    job_id: JobId


class Listed(Answer):
    """One entry of the list of jobs."""

    job_id: MaybeText = None
    status: MaybeText = None


class Listing(Answer):
    """The answer of `GET /jobs`; `total` counts also the jobs that it leaves out."""

    jobs: tuple[Listed, ...]
    total: MaybeCount = None

    @property
    def whole(self) -> bool:
        """Tell whether nothing was left out."""
        return self.total is None or self.total <= len(self.jobs)

    @property
    def busy(self) -> bool:
        """Tell whether it names a job that has not ended."""
        return any(state(job.status) in ("waiting", "working") for job in self.jobs)

    def names(self, job_id: str) -> bool:
        """Tell whether that job is among them."""
        return any(job.job_id == job_id for job in self.jobs)


class Facts(Answer):
    """What the service tells of a conversion."""

    input_file: MaybeText = None
    quality_preset: MaybeText = None
    pages: MaybeCount = None
    ocr_method: MaybeText = None
    use_llm: Any = None


class _Heading(Answer):
    title: Text
    heading_level: MaybeCount = None
    page_id: Annotated[int, Field(ge=0)]


class _Page(Answer):
    text_extraction_method: MaybeText = None
    block_counts: tuple[tuple[str, int], ...] = ()


class Outline(Answer):
    """Marker's own metadata; it counts pages from 0."""

    table_of_contents: tuple[_Heading, ...] = ()
    page_stats: tuple[_Page, ...] = ()

    @property
    def methods(self) -> list[str]:
        """Return how each page was read."""
        return [page.text_extraction_method or "none" for page in self.page_stats]

    @property
    def pictures(self) -> list[int]:
        """Return how many pictures each page has, whose own text Marker leaves out."""
        return [sum(many for kind, many in page.block_counts if kind in _PICTURES) for page in self.page_stats]

    def plain(self) -> dict[str, Any]:
        """Return table of contents and methods as plain data."""
        headings = [
            {"title": " ".join(each.title.split()), "level": each.heading_level or 1, "page": each.page_id + 1}
            for each in self.table_of_contents
        ]
        return {"table_of_contents": headings, "methods": self.methods}


class Result(Answer):
    """A finished conversion: the text, and Marker's blocks as a list or as a tree, in whatever shape they come."""

    markdown: str
    tree: Annotated[Any, Field(alias="json")] = None
    chunks: Any = None
    metadata: Annotated[Facts, BeforeValidator(_mapping)] = Facts()

    def outline(self) -> Outline:
        """Return Marker's metadata, empty where the tree does not hold it."""
        try:
            return Outline.model_validate(_mapping(_mapping(self.tree).get("metadata")))
        except ValidationError:
            return Outline()


class Job(Answer):
    """The answer of `GET /jobs/{id}`: with its result once it is completed, with the service's words if it failed."""

    job_id: JobId
    status: Text
    result: Any = Field(None, repr=False)
    error: MaybeText = None

    @property
    def state(self) -> State:
        """Return what its status means."""
        return state(self.status)

    def read(self) -> Result:
        """Return the result of a job that has ended, or raise `ConversionError("conversion_failed")`."""
        if self.state == "failed":
            raise ConversionError("conversion_failed", f"the service says {words(self.status)}: {words(self.error)}")
        try:
            return Result.model_validate(self.result)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
            raise ConversionError("conversion_failed", f"the service's result is none ({wrong})") from None
