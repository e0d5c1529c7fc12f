"""Plans over the sample library, for tests that steer the loopback internet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.loopback import Plan, Route, Served
from core.loopback.corpus import samples

SAMPLE_PLAN = samples()
PDFS = tuple(served for served in SAMPLE_PLAN.papers if served.pdf)


def plan(*routes: tuple[Route, ...], **options: object) -> Plan:
    """Return a plan in which the first sample papers take these routes."""
    return Plan(tuple(on(served, *ways) for served, ways in zip(PDFS, routes, strict=False)), **options)  # type: ignore[arg-type]


def on(served: Served, *routes: Route) -> Served:
    """Return a paper that takes these routes and no others."""
    known = {key: value for key, value in served.metadata.items() if key not in ("pmcid", "arxiv_id", "oa_urls")}
    return replace(served, metadata=known, routes=routes)  # type: ignore[arg-type]


def many(count: int, *routes: Route) -> Plan:
    """Return a plan with `count` papers on these routes: samples under other identifiers."""
    return Plan(tuple(numbered(number, *routes) for number in range(count)))


def numbered(number: int, *routes: Route) -> Served:
    """Return a sample paper under another DOI, which its PDF does not state: it is known by its title."""
    served = on(PDFS[number % len(PDFS)], *routes)
    return replace(served, metadata={**served.metadata, "doi": f"10.5555/many.{number}"})


def unique(number: int, *routes: Route) -> Served:
    """Return a paper like `numbered`, whose files no other paper has."""
    served = numbered(number, *routes)
    return replace(
        served, pdf=_marked(served.pdf, f"\n% {number}\n"), jats=_marked(served.jats, f"\n<!-- {number} -->\n")
    )


def content(served: Served) -> bytes:
    """Return the PDF of a paper."""
    return served.pdf if isinstance(served.pdf, bytes) else served.pdf.read_bytes() if served.pdf else b""


def _marked(file: Path | bytes | None, mark: str) -> bytes | None:
    return file.read_bytes() + mark.encode() if isinstance(file, Path) else file
