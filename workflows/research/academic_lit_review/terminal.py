"""How a run looks while it happens: a live display in a terminal, one line per event anywhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import unquote

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from core.errors import REASONS
from core.progress import ProgressEvent
from workflows.research.academic_lit_review import phases

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
#: Papers named below the bars; there are rarely more workers than that.
_SHOWN = 4


class View(Protocol):
    """Shows the events of a run; entered before it begins and left when it is over."""

    def __call__(self, event: ProgressEvent) -> None:
        """Show one event; may be called from any thread."""

    def say(self, text: str) -> None:
        """Show a sentence that is no event."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def view(console: Console, *, plain: bool = False) -> View:
    """Return the live display where the console can show it, and plain lines where not (or with NO_COLOR)."""
    live = console.is_terminal and not console.is_dumb_terminal and not console.no_color
    return Lines(console) if plain or not live else Display(console)


def printable(text: str) -> str:
    """Return `text` in one line and without anything a terminal would obey."""
    return " ".join(_CONTROL.sub(" ", text).split())


def named(title: str, address: str, paper_id: str) -> str:
    """Return what to call a paper: its title, else the name of the file the user gave, else its id (hashes cut)."""
    file = os.path.basename(unquote(address)) if address.startswith(("file:", os.sep)) else ""
    return printable(title or file or re.sub(r"(?<=:)([0-9a-f]{12})[0-9a-f]{20,}$", r"\1", paper_id))


def plural(count: int, thing: str) -> str:
    """Return a count with its noun."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def why(reason: str, detail: str = "") -> str:
    """Return a reason with what is known beyond it, else with what it means."""
    family = reason.split(":")[0]
    meaning = REASONS.get(reason) or ("the server said no" if family.startswith("http_") else "")
    return printable(f"{reason}: {detail or meaning}".removesuffix(": "))


class Names:
    """What the papers of a run are called: not every event says so, the first that does is remembered."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, event: ProgressEvent) -> str:
        """Return the name of the event's paper."""
        detail, paper = event["detail"], event["paper_id"]
        title, address = str(detail.get("title") or ""), str(detail.get("url") or "")
        if title or address:
            self._known.setdefault(paper, named(title, address, paper))
        return self._known.get(paper) or named("", "", paper)


def sentence(event: ProgressEvent, name: str) -> str:
    """Return one event, of the paper called `name`, as one line."""
    if not event["paper_id"]:
        return _of_run(event)
    width = len(str(event["total"]))
    told = f"[{event['done']:>{width}}/{event['total']}] {event['status']:<10} {name}"
    facts = _facts(event["status"], event["detail"])
    return f"{told} ({facts})" if facts else told


def _of_run(event: ProgressEvent) -> str:
    detail = event["detail"]
    if told := phases.told(event):
        return printable(told)
    if event["status"] == "started":
        engine, why = detail.get("converter"), detail.get("why")
        told = f" with {engine}{f' ({why})' if why else ''}" if engine else ""
        return printable(f"reading {plural(event['total'], 'paper')}{told}")
    if event["status"] == "finished":
        return f"done: {detail.get('read', 0)} of {event['total']} read"
    return printable(f"{event['stage']} {event['status']}: {detail.get('explanation') or _pairs(detail)}")


def _facts(status: str, detail: Mapping[str, Any]) -> str:
    if status in ("failed", "waiting") and detail.get("reason"):
        return why(str(detail.get("reason", "")), str(detail.get("explanation", "")))
    if status == "acquired":
        return printable(f"{detail.get('source', '')}, {detail.get('bytes', 0) / 1e6:.1f} MB")
    if status in ("converting", "converted", "cached"):
        seconds = f", {detail['seconds']:.1f} s" if status == "converted" and "seconds" in detail else ""
        paged = plural(int(detail["pages"]), "page") if detail.get("pages") else "text"
        routed = f", {detail['why']}" if detail.get("why") else ""
        return printable(f"{paged}{seconds}{routed}")
    return printable(_pairs(detail))


def _pairs(detail: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in detail.items() if key != "title")


@dataclass
class Tally:
    """The counts of a run, from its events; `before` are the papers that had ended when it began once more."""

    total: int = 0
    before: int = 0
    obtained: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    cached: int = 0
    current: dict[str, str] = field(default_factory=dict)

    def take(self, event: ProgressEvent, name: str) -> None:
        """Count one event of the paper called `name`."""
        paper, status = event["paper_id"], event["status"]
        if (event["stage"], status) == ("run", "started"):
            self.before = len(self.read | self.failed)
        self.total = self.before + event["total"]
        if status in ("acquired", "converting", "converted", "cached"):
            self.obtained.add(paper)
        if status == "converting":
            self.current[paper] = name
        if status in ("converted", "cached", "failed"):
            self.current.pop(paper, None)
            (self.failed if status == "failed" else self.read).add(paper)
        self.cached += status == "cached"

    def summary(self) -> str:
        """Return the counts in one line."""
        counts = {"from the cache": self.cached, "failed": len(self.failed)}
        told = [f"{count} {what}" for what, count in counts.items() if count]
        names = list(self.current.values())
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        now = [f"converting {'; '.join(names[:_SHOWN])}{more}"] if names else []
        return " · ".join(told + now)


class Lines:
    """One line per event, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._names = Names()

    def __call__(self, event: ProgressEvent) -> None:
        """Write one event."""
        self.say(sentence(event, self._names.of(event)))

    def say(self, text: str) -> None:
        """Write a line, however wide the console is."""
        self._console.out(text, highlight=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Display:
    """Two bars, the counts and the papers being converted; the beginning and failures stay above them as lines."""

    def __init__(self, console: Console) -> None:
        self.tally = Tally()
        self._names = Names()
        self._bars = Progress(
            TextColumn("{task.description:>9}"),
            BarColumn(40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._obtained = self._bars.add_task("obtained", total=None)
        self._read = self._bars.add_task("read", total=None)
        self._live = Live(self._picture(), console=console, refresh_per_second=8)

    def __call__(self, event: ProgressEvent) -> None:
        """Move the bars."""
        if told := phases.told(event):
            return self.say(printable(told))
        tally, name = self.tally, self._names.of(event)
        tally.take(event, name)
        if event["status"] == "failed" or (event["status"] in ("started", "note") and not event["paper_id"]):
            self.say(sentence(event, name))
        lost = tally.failed - tally.obtained
        self._bars.update(self._obtained, total=tally.total - len(lost), completed=len(tally.obtained))
        self._bars.update(self._read, total=tally.total - len(tally.failed), completed=len(tally.read))
        return self._live.update(self._picture())

    def say(self, text: str) -> None:
        """Write a line above the bars."""
        self._live.console.print(Text(text))

    def _picture(self) -> Group:
        return Group(self._bars, Text(self.tally.summary(), style="dim", no_wrap=True, overflow="ellipsis"))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
