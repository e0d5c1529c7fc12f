"""The PRISMA 2020 flow diagram (`prisma.svg`), drawn from counts that were shown to add up."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import REASONS
from workflows.research.academic_lit_review.prisma import Prisma, proven
from workflows.research.academic_lit_review.publishing.pages import template
from workflows.research.academic_lit_review.synthesis.wording import catalogue

_LEFT, _WIDTH, _SIDE, _SIDE_WIDTH = 64, 330, 464, 392
_LINE, _PAD, _GAP, _MARGIN = 19, 13, 34, 24
#: Characters of the template's font that a line of a box holds.
_MAIN_CHARS, _SIDE_CHARS = 44, 54


@dataclass(frozen=True)
class Box:
    """A box of the diagram: lines of text at a place in pixels; the first line is its heading."""

    x: int
    y: int
    width: int
    lines: Sequence[str]

    @property
    def height(self) -> int:
        """Return the height that its lines need."""
        return _height(self.lines)


@dataclass(frozen=True)
class Row:
    """A step of the flow: the box of what goes on, and of what is left behind."""

    stage: str
    main: Box
    side: Box | None


def flow(counts: Prisma) -> str:
    """Return the diagram as SVG, light or dark as its reader likes; raise PrismaError when the counts do not add up."""
    rows = _rows(proven(counts))
    last = rows[-1].main
    names = dict.fromkeys(row.stage for row in rows)
    stages = [_stage(name, [row for row in rows if row.stage == name]) for name in names]
    return template("prisma.svg.j2").render(
        rows=rows, stages=stages, width=_SIDE + _SIDE_WIDTH + _MARGIN, height=last.y + last.height + _MARGIN,
        line=_LINE, pad=_PAD, counts=counts,
    )  # fmt: skip


def _stage(name: str, rows: Sequence[Row]) -> tuple[str, int, int]:
    """Return the name of a stage, where it begins and its height."""
    ends = [box.y + box.height for row in rows for box in (row.main, row.side) if box]
    return name, rows[0].main.y, max(ends) - rows[0].main.y


def _rows(counts: Prisma) -> list[Row]:
    rows, y = [], _MARGIN
    for stage, main, side in _steps(counts):
        going = Box(_LEFT, y, _WIDTH, _wrapped(main, _MAIN_CHARS))
        left = Box(_SIDE, y, _SIDE_WIDTH, _wrapped(side, _SIDE_CHARS)) if side else None
        rows.append(Row(stage, going, left))
        y += max(going.height, left.height if left else 0) + _GAP
    return rows


def _steps(counts: Prisma) -> list[tuple[str, list[str], list[str]]]:
    """Return stage, lines of what goes on, and lines of what is left behind."""
    identified = _list("Records identified", sum(counts["identified"].values()), counts["identified"])
    included = {
        "read in full": counts["included_full_text"],
        "by abstract only, full text missing": counts["included_abstract"],
    }
    substitutes = {"substitutes among them": counts["substituted"]} if counts["substituted"] else {}
    excluded, lost, unusable = counts["excluded"], counts["not_retrieved"], counts["excluded_full_text"]
    return [
        ("Identification", identified, _list("Duplicates removed", counts["duplicates"])),
        (
            "Screening",
            _list("Papers screened", counts["screened"]),
            _list("Papers excluded", sum(excluded.values()), excluded),
        ),
        (
            "Screening",
            _list("Full texts sought", counts["sought"], substitutes),
            _list("Full texts not retrieved", sum(lost.values()), lost),
        ),
        (
            "Screening",
            _list("Full texts assessed", counts["assessed"]),
            _list("Full texts not usable", sum(unusable.values()), unusable),
        ),
        ("Included", _list("Papers in the review", counts["included"], included), []),
    ]


def _list(heading: str, total: int, parts: Mapping[str, int] | None = None) -> list[str]:
    named = [
        f"{catalogue(REASONS.get(name, name)) or 'no reason recorded'} (n = {count:,})"
        for name, count in (parts or {}).items()
    ]
    return [f"{heading} (n = {total:,})", *named]


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    return [part for line in lines for part in textwrap.wrap(line, width, subsequent_indent="\u2003") or [""]]


def _height(lines: Sequence[str]) -> int:
    return 2 * _PAD + _LINE * len(lines) - 4
