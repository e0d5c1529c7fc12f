"""Which papers are read, which wait as their reserve, and which of these steps in for a paper that cannot be had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import TypedDict

from core.errors import REASONS
from core.identifiers import paper_id
from core.metadata import PaperMetadata
from core.scholarly.trust import names
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.presets import Preset

#: Papers in the reserve, for each one that is read: substitutes may fail as well.
RESERVE = 2


class Substitution(TypedDict):
    """A paper that could not be read, the one read in its place, and why."""

    failed: str
    by: str
    reason: str


class Selection(TypedDict):
    """Ids of the papers to be read, and of those that may step in, the best first; notes on how it was done."""

    selected: list[str]
    reserve: list[str]
    notes: list[str]


def select(
    papers: Mapping[str, PaperMetadata], relevant: Sequence[str], near: Sequence[str], preset: Preset, *, year: int
) -> Selection:
    """Return at most `max_papers` of `relevant`, young ones by their quota; `near` ones are never selected.

    Seeds come first. Older papers below `min_citations` are taken only where others do not suffice, the most cited
    first.
    """
    seeds = [name for name in relevant if papers[name].get("discovery_method") == "seed"]
    others = [name for name in _ranked(papers, relevant) if name not in set(seeds)]
    young = [name for name in others if _young(papers[name], preset, year)]
    old = [name for name in others if name not in set(young)]
    cited = [name for name in old if _cited(papers[name], preset)]
    spare = sorted((name for name in old if name not in set(cited)), key=lambda name: -papers[name]["cited_by_count"])
    room = max(0, preset.max_papers - len(seeds))
    quota = min(
        room, round(preset.max_papers * preset.recency_quota) - sum(_young(papers[s], preset, year) for s in seeds)
    )
    first = [*young[: max(0, quota)], *cited]
    chosen = set(_ranked(papers, first[:room]))
    fill = [name for name in [*_ranked(papers, young), *spare] if name not in chosen]
    chosen |= set(fill[: room - len(chosen)])
    selected = (seeds + _ranked(papers, chosen))[: max(preset.max_papers, 0)]
    waiting = [*(name for name in [*seeds, *others] if name not in set(selected)), *_ranked(papers, near)]
    notes = _lowered([name for name in selected if name in set(spare)], preset) + _left_out(seeds, preset)
    return Selection(selected=selected, reserve=waiting[: max(10, RESERVE * preset.max_papers)], notes=notes)


def _ranked(papers: Mapping[str, PaperMetadata], ids: Iterable[str]) -> list[str]:
    def place(name: str) -> tuple[float, int, str]:
        paper = papers[name]
        return -paper.get("relevance_score", 0.0), -(paper.get("cited_by_count") or 0), name

    return sorted(dict.fromkeys(ids), key=place)


def _young(paper: PaperMetadata, preset: Preset, year: int) -> bool:
    return (paper.get("year") or 0) >= year - preset.recency_years


def _cited(paper: PaperMetadata, preset: Preset) -> bool:
    """Tell whether an older paper is cited enough; nobody's count is held against it."""
    count = paper.get("cited_by_count")
    return count is None or count >= preset.min_citations


def _lowered(spare: Sequence[str], preset: Preset) -> list[str]:
    if not spare:
        return []
    return [
        f"{len(spare)} older papers with fewer than {preset.min_citations} citations were taken, for there were not "
        f"enough others"
    ]


def _left_out(seeds: Sequence[str], preset: Preset) -> list[str]:
    over = len(seeds) - preset.max_papers
    return [f"{over} of the {len(seeds)} papers given to begin with wait in the reserve: this preset reads "
            f"{preset.max_papers}"] if over > 0 else []  # fmt: skip


def substitutes(
    outcomes: Mapping[str, Outcome],
    reserve: Sequence[str],
    *,
    papers: Mapping[str, PaperMetadata],
    selected: Iterable[str],
    done: Sequence[Substitution] = (),
) -> list[Substitution]:
    """Return who steps in for each failed paper that nobody has stepped in for, the next best first.

    Nobody steps in who is in the run already, under this or another identifier. Call it again with the outcomes of the
    substitutes: one that fails is substituted as well, until the reserve is used up.
    """
    replaced = {each["failed"] for each in done}
    run = [*selected, *(each["by"] for each in done), *outcomes]
    taken = {name for key in run for name in _names(key, papers)}
    found: list[Substitution] = []
    waiting = iter(reserve)
    for name in dict.fromkeys(run):
        outcome = outcomes.get(name)
        if outcome is None or outcome.get("status") != "failed" or name in replaced:
            continue
        by = next((each for each in waiting if not taken & _names(each, papers)), None)
        if by is None:
            break
        taken |= _names(by, papers)
        found.append(Substitution(failed=name, by=by, reason=outcome.get("reason", "")))
    return found


def left_out(
    papers: Iterable[str], excluded: Mapping[str, str], sought: Iterable[str], near: Iterable[str]
) -> dict[str, str]:
    """Return why each of `papers` that is not among `sought` is not read, a key of `screening.EXCLUSIONS`."""
    wanted, bordering = set(sought), set(near)
    other = {name: "near" if name in bordering else "beyond_limit" for name in papers}
    return {name: excluded.get(name, why) for name, why in other.items() if name not in wanted}


def _names(key: str, papers: Mapping[str, PaperMetadata]) -> set[str]:
    paper = papers.get(key, {})
    return {key, paper_id(paper), *names(paper)} if paper else {key}


def told(substitution: Substitution, papers: Mapping[str, PaperMetadata]) -> str:
    """Return a sentence on `substitution` for the reader."""
    failed, by = (papers.get(substitution[key], {}).get("title") or substitution[key] for key in ("failed", "by"))
    why = REASONS.get(substitution["reason"], substitution["reason"])
    return f"{failed} could not be read ({why}); {by} was read in its place"
