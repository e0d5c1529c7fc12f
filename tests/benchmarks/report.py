"""Tables and targets, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Target:
    """One thing that must hold, with what was measured."""

    name: str
    measured: float
    limit: float
    at_least: bool = True

    @property
    def holds(self) -> bool:
        """Tell whether it does."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{'holds ' if self.holds else 'FAILS '} {self.name}: {self.measured:.3g} {sign} {self.limit:.3g}"


@dataclass
class Section:
    """What one section of the benchmark found: a table, lines beside it, and the targets."""

    title: str
    header: Sequence[str] = ()
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def __str__(self) -> str:
        table = [self.header, *self.rows] if self.rows else []
        widths = [max(len(row[column]) for row in table) for column in range(len(self.header))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
        return "\n".join([f"\n## {self.title}", *lines, *self.notes, *map(str, self.targets)])


def ratio(value: float) -> str:
    """Return a ratio as it stands in tables."""
    return f"{value:.3f}".removeprefix("0")
