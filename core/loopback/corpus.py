"""Plans made from folders: the invented sample library, and any corpus folder with a manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from core.loopback.catalogues import works
from core.loopback.plan import Plan, Route, Served
from core.metadata import PaperMetadata

LIBRARY = Path(__file__).parent / "library"

#: The keys of a record that a discovery phase would know.
_KNOWN = frozenset(PaperMetadata.__annotations__) - {"oa_urls", "pdf_path", "type", "version", "language"}

#: The ways papers with a PDF take, in turn: every step of the ladder, all of them end well.
FAIR: tuple[tuple[Route, ...], ...] = (
    (Route("pmc"),),
    (Route("oa_url"),),
    (Route("landing", style="shouting"),),
    (Route("arxiv"),),
    (Route("europepmc"),),
    (Route("retrieve", delay_s=0.2),),
    (Route("oa_url", fault="wall_cloudflare"), Route("oa_url", host="rogue", fault="unavailable", times=1)),
    (Route("landing", style="relative"),),
    (Route("oa_url", fault="typed_as_html"),),
    (Route("landing", fault="paywall"), Route("retrieve", delay_s=0.1)),
    (Route("pmc", style="versions"),),
    (Route("landing", style="galley"),),
    (Route("oa_url", fault="html_as_pdf"), Route("retrieve", fault="status_503", times=2)),
    (Route("landing", style="iframe"),),
)

#: The same with dead ends among them: these papers must end failed, each for its reason.
FAULTY: tuple[tuple[Route, ...], ...] = (
    *FAIR,
    (Route("oa_url", fault="wrong_paper"),),
    (Route("oa_url", fault="wall_anubis"), Route("retrieve", fault="NOT_FOUND")),
    (Route("oa_url", host="rogue", fault="truncated"),),
    (Route("retrieve", fault="DOWNLOAD_FAILED"),),
    (Route("oa_url", host="rogue", fault="redirect_to_private"),),
    (),
)


def read(folder: Path, *, faulty: bool = False) -> Plan:
    """Return a plan for the papers of a corpus folder (`manifest.jsonl`, `pdfs/`, `jats/`), the same every time.

    Papers without a PDF are served as JATS; the routes of the others follow their place in the manifest. What is known
    around them (`external_refs.jsonl`, `metadata_only.jsonl`) can be found in the catalogues.
    """
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    turns = FAULTY if faulty else FAIR
    records = [json.loads(line) for line in lines if line.strip()]
    papers = tuple(_served(folder, record, turns[i % len(turns)]) for i, record in enumerate(records))
    return Plan(papers, known=works.read(folder))


def _served(folder: Path, record: dict[str, Any], routes: tuple[Route, ...]) -> Served:
    pdf = folder / record["pdf"] if record.get("pdf") else None
    truth = record.get("ground_truth") or ""
    jats = folder / truth if truth.endswith(".xml") else None
    known = {key: value for key, value in record.items() if key in _KNOWN and value not in (None, "", [])}
    if pdf is None:
        routes = (Route("jats"),)
    return Served(cast(PaperMetadata, known), pdf, jats, routes=routes)


def samples() -> Plan:
    """Return the plan of the invented sample library."""
    return library(LIBRARY)


def library(folder: Path) -> Plan:
    """Return the plan that a folder with `papers.jsonl` holds: records of `paper`, `pdf`, `jats`, `html`, `routes`."""
    lines = (folder / "papers.jsonl").read_text(encoding="utf-8").splitlines()
    return Plan(tuple(_planned(folder, json.loads(line)) for line in lines if line.strip()))


def _planned(folder: Path, record: dict[str, Any]) -> Served:
    files = {kind: folder / record[kind] for kind in ("pdf", "jats", "html") if record.get(kind)}
    routes = tuple(Route(**route) for route in record["routes"])
    return Served(cast(PaperMetadata, record["paper"]), routes=routes, **files)
