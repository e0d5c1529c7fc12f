"""The outcomes of a run, as they are told in the end."""

from __future__ import annotations

import json
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.terminal import named, plural, why

#: Columns of a terminal below which a table would break words.
TABLE_WIDTH = 100

_STYLES = {"converted": "green", "cached": "cyan", "failed": "red"}


def report(outcomes: Iterable[Outcome], console: Console, *, as_json: bool = False) -> None:
    """Write a table of the outcomes, or one JSON object a line; into a pipe or a narrow terminal one line a paper."""
    outcomes = list(outcomes)
    if as_json:
        for outcome in outcomes:
            console.out(json.dumps(outcome, ensure_ascii=not console.encoding.startswith("utf")), highlight=False)
    elif console.is_terminal and console.width >= TABLE_WIDTH:
        console.print(_table(outcomes))
    else:
        for outcome in outcomes:
            source, result = _facts(outcome)
            line = f"{outcome['status']:<9}  {source:<17}  {label(outcome)} ({result})"
            if console.is_terminal:
                console.print(Text(line))  # wrapped between words
            else:
                console.out(line, highlight=False)


def label(outcome: Outcome) -> str:
    """Return what to call the paper of an outcome."""
    addresses = [outcome.get("url", ""), *(attempt["url"] for attempt in outcome.get("tried", []))]
    local = next((address for address in addresses if address.startswith(("file:", "/"))), "")
    return named(outcome.get("title", ""), local, outcome["paper_id"])


def summary(outcomes: Iterable[Outcome]) -> str:
    """Return how many papers were read, and how."""
    statuses = [outcome["status"] for outcome in outcomes]
    failed, cached = statuses.count("failed"), statuses.count("cached")
    told = f"{len(statuses) - failed} of {plural(len(statuses), 'paper')} read"
    how = [f"{cached} from the cache"] if cached else []
    return ", ".join([told, *how, *([f"{failed} failed"] if failed else [])])


def _facts(outcome: Outcome) -> tuple[str, str]:
    """Return where a paper came from, and what became of it."""
    if outcome["status"] == "failed":
        tried = len(outcome.get("tried", []))
        attempts = f"{tried} tried" if tried else "nothing to try"
        return "-", f"{why(outcome['reason'], outcome.get('detail', ''))}; {attempts}"
    pages = outcome.get("pages", 0)
    paged = f"{plural(pages, 'page')}, " if pages else ""
    return outcome.get("source", "-"), f"{paged}{outcome.get('chars', 0):,} chars"


def _table(outcomes: list[Outcome]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("outcome", no_wrap=True, min_width=9)
    table.add_column("paper", ratio=1, max_width=60, no_wrap=True, overflow="ellipsis")
    table.add_column("from", no_wrap=True, min_width=17)
    table.add_column("result", ratio=1, min_width=30)
    for outcome in outcomes:
        source, result = _facts(outcome)
        style = _STYLES[outcome["status"]]
        table.add_row(Text(outcome["status"], style), Text(label(outcome)), Text(source), Text(result))
    return table
