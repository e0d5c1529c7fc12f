"""What travels between the stages, and what comes out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from core.metadata import PaperMetadata
from core.stores.records import StoredFile

V = TypeVar("V")


class QueueItem(NamedTuple):
    """One acquired paper on its way to the converter.

    `source` is the path of a stored PDF, or, with `is_markdown`, the text itself.
    """

    paper_id: str
    source: str
    paper: PaperMetadata
    is_markdown: bool


@dataclass(frozen=True)
class Material:
    """An admitted full text: the stored file and, when it needs no converter, its Markdown.

    An `unseen` one is a scan that nothing has said to be the paper: its text will tell.
    """

    file: StoredFile
    identity: str
    pages: int = 1
    markdown: str | None = None
    unseen: bool = False


class Tried(TypedDict):
    """One attempt to obtain a paper, as it stands in the ledger."""

    source: str
    url: str
    verdict: str
    detail: str


class Outcome(TypedDict, total=False):
    """How one paper ended: exactly one of these for each.

    `status` decides which other keys are there: read papers (`cached`, `converted`) have the hash of their text, failed
    ones a `reason` out of `core.errors.REASONS`, the `failed_stage` and a sentence of `detail`. `why` tells why the
    `engine` was taken for this paper, if others could have been; `images_path` is there with saved images. `tried`
    lists every attempt of this run. The text itself stays in the paper store:
    `await store.read_text(outcome["text_sha256"])`.
    """

    paper_id: str
    title: str
    doi: str
    status: Literal["cached", "converted", "failed"]
    source: str
    url: str
    license: str
    identity: str
    file_sha256: str
    file_path: str
    text_sha256: str
    text_path: str
    images_path: str
    engine: str
    why: str
    pages: int
    chars: int
    seconds: float
    warnings: list[str]
    reason: str
    detail: str
    failed_stage: Literal["acquire", "convert"]
    tried: list[Tried]


class PipelineResult(NamedTuple):
    """What `run_paper_pipeline` returns: unpacks as the four-tuple of the design and reads by name.

    `acquired` maps the papers obtained in this run to where they are; every paper is in exactly one of the other three.
    """

    acquired: dict[str, str]
    results: dict[str, Outcome]
    acquisition_failed: dict[str, Outcome]
    processing_failed: dict[str, Outcome]

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Every paper's outcome by its id."""
        return {**self.results, **self.acquisition_failed, **self.processing_failed}


def by_key(left: dict[str, V] | None, right: dict[str, V] | None) -> dict[str, V]:
    """Merge two mappings; idempotent, so a retried, resumed or echoed write changes nothing."""
    return {**(left or {}), **(right or {})}


class PaperProcessingInput(TypedDict):
    """The papers to read. Give each a DOI, an arXiv id, a PMCID or open access addresses; a title helps to check."""

    papers: Annotated[
        list[PaperMetadata],
        Field(
            title="Papers",
            description="Records of the papers to read.",
            examples=[[{"doi": "10.1371/journal.pone.0000308"}]],
        ),
    ]


class PaperProcessingState(TypedDict, total=False):
    """The state of the paper processor: identifiers, outcomes and short notes, never a text."""

    papers: list[PaperMetadata]
    acquired: Annotated[dict[str, str], by_key]
    results: Annotated[dict[str, Outcome], by_key]
    acquisition_failed: Annotated[dict[str, Outcome], by_key]
    processing_failed: Annotated[dict[str, Outcome], by_key]
