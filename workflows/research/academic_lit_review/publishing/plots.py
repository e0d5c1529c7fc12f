"""The plots of a review as SVG to be set into a page: its colours and its fonts are those of the page."""

from __future__ import annotations

import io
import math
import re
import textwrap
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from workflows.research.academic_lit_review.byline import label
from workflows.research.academic_lit_review.synthesis.records import Records

#: Colours of the themes, told apart also by most colour-blind readers, on white and on black (after Okabe and Ito).
COLOURS = ("#3b7dd8", "#d9822b", "#2a9d8f", "#c2569b", "#8a7a2f", "#7a68c9", "#c8503f", "#5f8f3e", "#7d8590")
#: A colour nothing else has: it becomes that of the text around the plot.
_INK = "#010203"
_WIDTH, _ROW = 8.6, 0.52
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "academic-lit-review",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.parse_math": False,
    "text.color": _INK,
}
#: Height that a name needs in the map, and the papers of a theme beyond which none is named.
_NAME_ROOM, _MOST_NAMED = 0.24, 9
_GOLDEN = math.pi * (3 - math.sqrt(5))
#: Matplotlib's settings are those of the process.
_lock = threading.Lock()


def timeline(records: Records) -> str:
    """Return when the papers of each theme were published; blocking. Empty when no year is known."""
    rows = [(theme, _years(records, theme)) for theme in records.grouped]
    if not any(years for _, years in rows):
        return ""
    with _styled():
        return _svg(_years_drawn(records, rows), "timeline", "Papers of each theme by year")


def _years_drawn(records: Records, rows: Sequence[tuple[Mapping[str, Any], dict[int, list[str]]]]) -> Any:
    figure = _figure(_ROW * len(rows) + 0.7)
    axes = figure.add_axes((0.3, 0.42 / figure.get_figheight(), 0.68, 1 - 0.5 / figure.get_figheight()))
    every = [year for _, years in rows for year in years]
    most = max(len(papers) for _, years in rows for papers in years.values())
    step = min(0.22, 0.8 / most)
    wide = 72 * 0.68 * _WIDTH / (max(every) - min(every) + 1.6)
    size = min(72 * _ROW * step, wide, 7.2) ** 2
    for at, (theme, years) in enumerate(rows):
        axes.axhline(at, color=_INK, alpha=0.12, linewidth=0.8, zorder=0)
        for year, papers in sorted(years.items()):
            for nth, paper_id in enumerate(papers):
                height = at + step * (nth - (len(papers) - 1) / 2)
                _dot(axes, records, paper_id, year, height, _colour(at, theme), size)
    axes.set_xlim(min(every) - 0.8, max(every) + 0.8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [_short(theme["label"]) for theme, _ in rows], multialignment="right")
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=10)
    _quiet(axes)
    return figure


def theme_map(records: Records) -> str:
    """Return the themes as clusters of their papers, with citations between them; blocking. Empty without papers."""
    themes = records.grouped
    if not themes:
        return ""
    with _styled():
        return _svg(_themes_drawn(records, themes), "themes", "Themes and their papers")


def _themes_drawn(records: Records, themes: Sequence[Mapping[str, Any]]) -> Any:
    columns = min(len(themes), 4 if len(themes) > 6 else 3)
    places = {theme["id"]: (2.7 * (at % columns), -2.75 * (at // columns)) for at, theme in enumerate(themes)}
    lines = math.ceil(len(themes) / columns)
    figure = _figure(_WIDTH * (2.75 * lines + 0.1) / (2.7 * columns))
    axes = figure.add_axes((0, 0, 1, 1))
    spots = _spots(themes, places)
    _arrows(axes, records, spots)
    for at, theme in enumerate(themes):
        _cluster(axes, records, theme, places[theme["id"]], spots, _colour(at, theme))
    axes.set_xlim(-1.35, 2.7 * (columns - 1) + 1.35)
    axes.set_ylim(-2.75 * (lines - 1) - 1.4, 1.45)
    axes.set_aspect("equal")
    axes.axis("off")
    return figure


def _cluster(
    axes: Any,
    records: Records,
    theme: Mapping[str, Any],
    centre: tuple[float, float],
    spots: Mapping[str, tuple[float, float]],
    colour: str,
) -> None:
    """Draw one theme: its circle, its name, its papers; the key papers are named."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle(centre, 1.0, facecolor=colour, edgecolor=colour, alpha=0.1, linewidth=0))
    axes.add_patch(Circle(centre, 1.0, facecolor="none", edgecolor=colour, alpha=0.45, linewidth=0.9))
    name = "\n".join(textwrap.wrap(theme["label"], 30)[:2])
    axes.text(centre[0], centre[1] + 1.07, name, ha="center", va="bottom", weight="bold", size=8.6)
    for paper_id in theme["paper_ids"]:
        cited = records.papers.get(paper_id, {}).get("cited_by_count") or 0
        _dot(axes, records, paper_id, *spots[paper_id], colour, 26 + 26 * math.log10(1 + cited))
    for paper_id in _apart(theme["key_papers"], spots) if len(theme["paper_ids"]) <= _MOST_NAMED else ():
        named = label(records.papers.get(paper_id, {}), records.keys[paper_id])
        axes.text(spots[paper_id][0], spots[paper_id][1] - 0.13, named, ha="center", va="top", size=6.9)


def _apart(papers: Sequence[str], spots: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return up to three of the papers whose names would not cover each other."""
    chosen: list[str] = []
    for paper_id in papers:
        if len(chosen) < 3 and all(abs(spots[paper_id][1] - spots[each][1]) >= _NAME_ROOM for each in chosen):
            chosen.append(paper_id)
    return chosen


def _spots(
    themes: Sequence[Mapping[str, Any]], places: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Return where each paper stands: as the seeds of a sunflower around the centre of its theme."""
    found = {}
    for theme in themes:
        x, y = places[theme["id"]]
        count = len(theme["paper_ids"])
        for at, paper_id in enumerate(theme["paper_ids"]):
            radius = 0.0 if count == 1 else 0.74 * math.sqrt((at + 0.6) / count)
            found[paper_id] = x + radius * math.cos(at * _GOLDEN + 1.6), y + radius * math.sin(at * _GOLDEN + 1.6)
    return found


def _arrows(axes: Any, records: Records, spots: Mapping[str, tuple[float, float]]) -> None:
    for citing, cited in (pair for pair in records.citations if pair[0] in spots and pair[1] in spots):
        (x0, y0), (x1, y1) = spots[citing], spots[cited]
        axes.plot([x0, x1], [y0, y1], color=_INK, alpha=0.16, linewidth=0.7, zorder=1)


def _dot(axes: Any, records: Records, paper_id: str, x: float, y: float, colour: str, size: float) -> None:
    """Draw a paper: filled when it was read in full, hollow when by abstract only."""
    full = records.extractions[paper_id]["tier"] == "full_text"
    face = colour if full else "none"
    axes.scatter([x], [y], s=size, facecolors=face, edgecolors=colour, linewidths=1.4, alpha=0.95, zorder=3)


def _years(records: Records, theme: Mapping[str, Any]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for paper_id in theme["paper_ids"]:
        if year := records.papers.get(paper_id, {}).get("year"):
            found.setdefault(int(year), []).append(paper_id)
    return found


def _colour(at: int, theme: Mapping[str, Any]) -> str:
    return COLOURS[-1] if theme["id"] == "other" else COLOURS[at % (len(COLOURS) - 1)]


def _short(text: str) -> str:
    lines = textwrap.wrap(text, 34)
    return "\n".join(lines[:2]) + ("\u2026" if len(lines) > 2 else "")


def _quiet(axes: Any) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(colors=_INK, length=0, labelsize=9)
    axes.set_facecolor("none")


@contextmanager
def _styled() -> Iterator[None]:
    """Draw in our style, one plot at a time; a script that the font lacks is drawn by the reader's own."""
    import matplotlib

    with _lock, warnings.catch_warnings(), matplotlib.rc_context(_STYLE):
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def _figure(height: float) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height))
    figure.patch.set_alpha(0)
    return figure


def _svg(figure: Any, name: str, title: str) -> str:
    """Return the figure as an element, with ids of its own and the page's colour for ink."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.StringIO()
    FigureCanvasSVG(figure).print_svg(  # type: ignore[no-untyped-call]
        file, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", drawn, flags=re.S)
    drawn = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", drawn).replace(_INK, "currentColor")
    drawn = re.sub(r"font-family: [^\";]*sans-serif", "font-family: inherit", drawn)
    opening = f'<svg class="plot" role="img" aria-label="{title}" '
    return drawn.strip().replace("<svg ", opening, 1)
