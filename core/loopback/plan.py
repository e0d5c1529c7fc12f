"""What the loopback internet serves, and how it misbehaves: plain values, decided before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.identifiers import paper_id
from core.metadata import PaperMetadata

Kind = Literal["arxiv", "pmc", "europepmc", "oa_url", "landing", "jats", "html", "retrieve"]
Host = Literal["repository", "publisher", "rogue"]
File = Path | bytes

#: Identifiers given to papers that need one and have none. arXiv ids began with 0704, PMC ids have eight digits.
_ARXIV_ID, _PMCID = "9912.{:05d}", "PMC99{:07d}"


@dataclass(frozen=True)
class Route:
    """One way to a paper.

    `fault` names an entry of `FAULTS` (kind "retrieve": also of `JOB_FAULTS`), or `http_<status>`; it happens `times`
    times (None: always), then the route works. `delay_s` passes before an answer begins, or before a job is done.
    `host` moves an "oa_url" or "html" to another host; `style` picks a landing page of `LANDINGS` or a PMC variant;
    `at` tells whether the fault of a landing route hits the page or the file behind it.
    """

    kind: Kind
    fault: str = ""
    times: int | None = None
    delay_s: float = 0.0
    host: Host = "repository"
    style: str = ""
    at: Literal["page", "file"] = "page"


@dataclass(frozen=True)
class Served:
    """One paper with its files (or their contents) and the ways that lead to them."""

    metadata: PaperMetadata
    pdf: File | None = None
    jats: File | None = None
    html: File | None = None
    routes: tuple[Route, ...] = ()

    @property
    def id(self) -> str:
        """Return the paper's identity, as `core.identifiers.paper_id` tells it."""
        return paper_id(self.metadata)

    def file(self, kind: Kind) -> File:
        """Return the file that a route of `kind` leads to."""
        found = {"jats": self.jats, "html": self.html}.get(kind, self.pdf)
        if found is None:
            raise ValueError(f"{self.id} has a route {kind!r} but no file for it")
        return found

    def route(self, kind: Kind) -> Route | None:
        """Return the first route of `kind`, if one is planned."""
        return next((route for route in self.routes if route.kind == kind), None)


@dataclass(frozen=True)
class Trouble:
    """A `fault` of a catalogue (see `core.loopback.catalogues.trouble`), `times` times (None: always).

    It happens to requests with `path` in their path, to all if there is none.
    """

    catalogue: str
    fault: str
    times: int | None = None
    path: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything the loopback internet is told.

    `known` are works that catalogues know besides the papers, or more that they know of these; `troubles` are theirs.
    `down` are the periods, in seconds since the start, in which the retrieval service answers 503 only; `vpn` is what
    its health call says (None: it says nothing); `service=False`: there is no such service.
    """

    papers: tuple[Served, ...]
    service: bool = True
    vpn: bool | None = True
    down: tuple[tuple[float, float], ...] = ()
    known: tuple[PaperMetadata, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def numbered(self) -> Iterator[tuple[int, Served]]:
        """Yield the papers with the number they have in every address, from 1."""
        return enumerate(self.papers, 1)

    def other(self, served: Served) -> File | None:
        """Return the PDF of some other paper: the stuff of wrong answers."""
        return next((paper.pdf for paper in self.papers if paper.pdf and paper.id != served.id), None)


def identified(plan: Plan) -> Plan:
    """Return `plan` with an arXiv id or a PMC id for every paper whose routes need one."""
    return replace(plan, papers=tuple(_identified(number, served) for number, served in plan.numbered()))


def _identified(number: int, served: Served) -> Served:
    kinds = {route.kind for route in served.routes}
    paper: PaperMetadata = {**served.metadata}
    if "arxiv" in kinds:
        paper.setdefault("arxiv_id", _ARXIV_ID.format(number))
    if kinds & {"pmc", "europepmc", "jats"}:
        paper.setdefault("pmcid", _PMCID.format(number))
    return replace(served, metadata=paper)
