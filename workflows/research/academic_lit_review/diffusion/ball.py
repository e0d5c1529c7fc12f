"""One diffusion while it goes on: what is known so far, and what a stage does to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from langchain_core.language_models import BaseChatModel

from core.metadata import PaperMetadata
from core.progress import Emit, ProgressEvent, Status
from core.scholarly import Catalogues, unite
from core.scholarly.trust import names
from workflows.research.academic_lit_review.catalogued import (
    Links,
    Reach,
    credits_spent,
    linked,
    looked_up,
)
from workflows.research.academic_lit_review.completeness import completeness
from workflows.research.academic_lit_review.diffusion.citations import Pair, stated, ties
from workflows.research.academic_lit_review.diffusion.diffused import Diffused, Stage
from workflows.research.academic_lit_review.diffusion.pool import Added, Pool
from workflows.research.academic_lit_review.diffusion.seeds import best_seeds
from workflows.research.academic_lit_review.presets import Preset
from workflows.research.academic_lit_review.question import Question
from workflows.research.academic_lit_review.ranking import NEAR
from workflows.research.academic_lit_review.relevance import Scores, scored
from workflows.research.academic_lit_review.screening import exclusion, slim, warned

#: Papers whose citations are followed in one stage: a tenth of those that are read, within these bounds.
LEAST_SEEDS, MOST_SEEDS = 3, 20
#: Works taken of what one paper cites, and of what cites it.
REFERENCES, CITATIONS = 100, 50
#: Candidates whose records are completed before they are judged, for each paper that may be read.
LOOKED_UP = 4
#: So many relevant papers for each one that may be read are enough to choose from.
ENOUGH = 3


@dataclass(frozen=True)
class How:
    """What a diffusion is told."""

    question: Question
    catalogues: Catalogues
    preset: Preset
    model: BaseChatModel | None
    year: int
    include_retracted: bool
    deadline_s: float

    @property
    def seeds(self) -> int:
        """Return how many papers' citations are followed in a stage."""
        return min(MOST_SEEDS, max(LEAST_SEEDS, self.preset.max_papers // 10))

    @property
    def reach(self) -> Reach:
        """Return how far they are followed."""
        begin, end = self.question["date_range"] or [None, None]
        return Reach(REFERENCES, CITATIONS, begin, end, self.year - self.preset.recency_years)


@dataclass
class Ball:
    """The papers, who cites whom, and what has become of each stage."""

    how: How
    pool: Pool
    relevant: list[str]
    near: list[str]
    emit: Emit
    pairs: set[Pair] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    excluded: dict[str, str] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    async def roll(self) -> str:
        """Go through the stages; return why they ended."""
        self.began = list(self.relevant)
        self._tell("started", relevant=len(self.relevant))
        self.pairs |= await asyncio.to_thread(self._stated)
        stopped = ""
        while not stopped:
            stopped = await self._stage()
        self._tell("finished", stages=len(self.stages), relevant=len(self.relevant), stopped=stopped)
        return stopped

    async def _stage(self) -> str:
        """Go through one stage; return why it is the last one, if it is."""
        if len(self.stages) >= self.how.preset.max_stages:
            return f"citations are followed for {self.how.preset.max_stages} stages with this preset"
        seeds = await asyncio.to_thread(self._seeds)
        if not seeds:
            return "there was no paper left whose citations could be followed"
        self.used |= set(seeds)
        spent = credits_spent(self.how.catalogues).get("spent", 0)
        links = await linked(
            [self.pool.papers[name] for name in seeds], self.how.catalogues, self.how.reach, self.how.deadline_s
        )
        self.notes += links.notes
        added = await self._added(links)
        self._link(seeds, links)
        scores = await self._judged(added)
        self._enter(seeds, links, added, scores, credits_spent(self.how.catalogues).get("spent", 0) - spent)
        return self._over()

    def _seeds(self) -> list[str]:
        how = self.how
        return best_seeds(self.pool.papers, self.relevant, self.pairs, used=self.used, count=how.seeds, year=how.year)

    async def _added(self, links: Links) -> Added:
        """Add what the links lead to, the promising papers with what other catalogues know of them."""
        fresh = await asyncio.to_thread(self._fresh, links)
        rough = await scored(fresh, self.how.question, year=self.how.year, among=self._known())
        worth = rough.at_least(NEAR / 2)[: LOOKED_UP * self.how.preset.max_papers]
        more = await looked_up([fresh[name] for name in worth], self.how.catalogues, self.how.deadline_s)
        self.notes += more.notes
        named = {name for paper in fresh.values() for name in names(paper)}
        about = [paper for paper in more.papers if named & set(names(paper))]
        added = await asyncio.to_thread(self.pool.add, [*links.papers, *about])
        self._forget(added.same)
        return added

    def _fresh(self, links: Links) -> dict[str, PaperMetadata]:
        return unite(paper for paper in links.papers if not self.pool.find(paper))

    def _known(self) -> list[PaperMetadata]:
        return [self.pool.papers[name] for name in self.relevant]

    def _forget(self, same: Mapping[str, str]) -> None:
        """Leave out papers that have turned out to be others that are known too."""
        self.excluded |= dict.fromkeys(same, "duplicate")
        self.relevant = [name for name in self.relevant if name not in same]
        self.near = [name for name in self.near if name not in same]

    def _link(self, seeds: Sequence[str], links: Links) -> None:
        """Note who cites whom, and which papers citations lead to."""
        for place, found in links.cited:
            self.pairs |= {(seeds[place], name) for paper in found.papers if (name := self.pool.find(paper))}
        for place, found in links.citing:
            self.pairs |= {(name, seeds[place]) for paper in found.papers if (name := self.pool.find(paper))}
        self.pairs = {pair for pair in self.pairs | self._stated() if pair[0] != pair[1]}
        self.reached |= {name for paper in links.papers if (name := self.pool.find(paper))}

    def _stated(self) -> set[Pair]:
        return stated(self.pool.papers, self.pool.index)

    async def _judged(self, added: Added) -> Scores:
        how = self.how
        out = {
            name: exclusion(paper, how.question, include_retracted=how.include_retracted)
            for name, paper in added.new.items()
        }
        self.excluded |= {name: why for name, why in out.items() if why}
        return await scored(
            {name: paper for name, paper in added.new.items() if not out[name]},
            how.question,
            year=how.year,
            among=self._known(),
            ties=ties(self.pairs, self.relevant),
            model=how.model,
            most=LOOKED_UP * how.preset.max_papers,
        )

    def _enter(self, seeds: list[str], links: Links, added: Added, scores: Scores, spent: int) -> None:
        """Take in a judged stage."""
        relevant, near = scores.relevant, scores.near
        rejected = [name for name in scores.by_id if name not in {*relevant, *near}]
        self.excluded |= dict.fromkeys(rejected, "not_relevant")
        for name in added.new:
            score = {"relevance_score": scores.by_id[name]} if name in scores.by_id else {}
            record = {**self.pool.papers[name], **score, "discovery_method": "citation"}
            paper = cast(PaperMetadata, record)
            self.pool.papers[name] = slim(paper) if name in self.excluded else paper
        self.notes += [*scores.notes, *warned({name: added.new[name] for name in [*relevant, *near]})]
        self.relevant, self.near = self._ranked(self.relevant + relevant), self._ranked(self.near + near)
        stage = Stage(
            number=len(self.stages) + 1,
            seeds=seeds,
            records=len(links.papers),
            candidates=len(added.new),
            relevant=len(relevant),
            near=len(near),
            rejected=len(added.new) - len(relevant) - len(near),
            delta=round(len(relevant) / max(1, len(self.relevant)), 4),
            credits=spent,
        )
        self.stages.append(stage)
        self._tell("note", **{**stage, "seeds": len(seeds)})

    def _ranked(self, ids: Sequence[str]) -> list[str]:
        papers = self.pool.papers
        given = [name for name in ids if papers[name].get("discovery_method") == "seed"]
        others = [name for name in ids if papers[name].get("discovery_method") != "seed"]
        return given + sorted(others, key=lambda name: (-papers[name].get("relevance_score", 0.0), name))

    def _over(self) -> str:
        """Return why the stage just gone through was the last one, if it was."""
        preset, last = self.how.preset, self.stages[-1]
        if self.notes and not last["records"]:
            return "no catalogue told of any citation"
        if len(self.relevant) >= ENOUGH * preset.max_papers:
            return f"{len(self.relevant)} relevant papers are enough to choose {preset.max_papers} from"
        low = [stage["delta"] < preset.saturation for stage in self.stages[-2:]]
        if len(low) == 2 and all(low):
            return (
                f"two stages in a row each made up less than {preset.saturation:.0%} of the relevant papers then known"
            )
        return ""

    def told(self, before: Mapping[str, PaperMetadata], stopped: str) -> Diffused:
        """Return what has come of it."""
        kept = {*self.relevant, *self.near}
        records = sum(stage["records"] for stage in self.stages)
        new = {name: paper for name, paper in self.pool.papers.items() if name not in before}
        searched = [name for name in self.began if self.pool.papers[name].get("discovery_method") != "seed"]
        return Diffused(
            papers=new,
            relevant=self.relevant,
            near=self.near,
            excluded=self.excluded,
            citations=sorted([citing, cited] for citing, cited in self.pairs if {citing, cited} <= kept),
            stages=self.stages,
            stopped=stopped,
            identified={"citations": records} if records else {},
            duplicates=records - len(new),
            credits=credits_spent(self.how.catalogues),
            completeness=completeness(searched, self.reached & set(self.relevant)),
            notes=list(dict.fromkeys(self.notes)),
        )

    def _tell(self, status: Status, **detail: object) -> None:
        self.emit(ProgressEvent(stage="diffuse", status=status, paper_id="", done=0, total=0, detail=detail))
