"""A small review by hand: four papers in two themes, one of them known by its abstract, one that could not be read."""

from __future__ import annotations

from typing import Any, cast

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review import prisma
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.question import Question
from workflows.research.academic_lit_review.synthesis import Records
from workflows.research.academic_lit_review.values import Evidence, Extraction, Kind, Tier

QUESTION = Question(
    topic="holy basil and anxiety",
    research_questions=["Does holy basil lower anxiety?", "Is holy basil safe?"],
    date_range=[2000, 2020],
    language="en",
)
PAPERS: dict[str, PaperMetadata] = {
    "doi:10.1/a": {
        "doi": "10.1/a",
        "title": "Holy basil in adults with anxiety",
        "authors": [{"name": "Ada Cohen"}, {"name": "Bo Levy"}, {"name": "Cy Roe"}],
        "year": 2015,
        "venue": "Journal of Calm",
        "sources": ["openalex", "crossref"],
        "cited_by_count": 40,
    },
    "doi:10.1/b": {
        "doi": "10.1/b",
        "title": "A trial of tulsi",
        "authors": [{"name": "Dee Marx"}],
        "year": 2017,
        "venue": "Trials",
        "sources": ["openalex"],
    },
    "doi:10.1/c": {
        "doi": "10.1/c",
        "title": "Toxicity of Ocimum leaves in rats",
        "authors": [{"name": "Eve Noor"}, {"name": "Fay Oz"}],
        "year": 2018,
        "sources": ["openalex"],
        "is_retracted": True,
    },
    "doi:10.1/d": {"doi": "10.1/d", "title": "Basil behind a wall", "year": 2019, "sources": ["crossref"]},
    "doi:10.1/e": {"doi": "10.1/e", "title": "Pottery of Crete", "year": 2001, "sources": ["crossref"]},
}
OUTCOMES: dict[str, Outcome] = {
    "doi:10.1/a": {"paper_id": "doi:10.1/a", "status": "converted", "pages": 9},
    "doi:10.1/b": {"paper_id": "doi:10.1/b", "status": "cached", "pages": 4},
    "doi:10.1/c": {
        "paper_id": "doi:10.1/c", "status": "failed", "reason": "paywall", "failed_stage": "acquire", "detail": "", "tried": [],
    },
    "doi:10.1/d": {
        "paper_id": "doi:10.1/d", "status": "failed", "reason": "timeout", "failed_stage": "acquire", "detail": "", "tried": [],
    },
}  # fmt: skip


def evidence(paper: str, number: int, quote: str, kind: Kind = "finding", **more: Any) -> Evidence:
    tier: Tier = "abstract" if paper == "c" else "full_text"
    known = {
        "id": f"e:doi:10.1/{paper}:{number}", "paper_id": f"doi:10.1/{paper}", "kind": kind, "claim": quote, "quote": quote,
        "page": None if tier == "abstract" else number + 1, "section": "Results", "verdict": "exact",
        "score": 0.9 - number / 20, "question": None, "tier": tier,
    }  # fmt: skip
    return cast(Evidence, {**known, **more})


EVIDENCE = [
    evidence("a", 0, "Anxiety scores fell by 31% in the 40 adults who took 500 mg of holy basil daily.", question=0),
    evidence("a", 1, "Stress and depression did not change in the placebo group.", question=0),
    evidence("a", 2, "Forty adults were randomised to capsules or placebo for 8 weeks.", "method"),
    evidence("a", 3, "Anxiety fell by 31%.", "number", claim="anxiety scores: 31 %"),
    evidence("a", 4, "The small sample limits what can be concluded.", "limitation"),
    evidence("b", 0, "Tulsi extract lowered salivary cortisol compared with placebo.", question=0, verdict="fuzzy"),
    evidence("b", 1, "No adverse events were reported by any participant.", question=1),
    evidence("b", 2, "Participants kept a diary of their symptoms over 12 weeks.", "method"),
    evidence("b", 3, "Larger trials are needed to confirm the effect on sleep.", "future_work"),
    evidence("c", 0, "Doses of up to 2000 mg/kg caused no death in rats.", question=1),
    evidence("c", 1, "However, liver enzymes rose at the highest dose.", question=1),
]


def extractions(found: list[Evidence] | None = None) -> dict[str, Extraction]:
    known: dict[str, Extraction] = {}
    for each in EVIDENCE if found is None else found:
        paper = each["paper_id"]
        empty = Extraction(paper_id=paper, tier=each["tier"], evidence=[], rejected=[], notes=[])
        known.setdefault(paper, empty)["evidence"].append(each)
    return known


def records(found: list[Evidence] | None = None, **more: Any) -> Records:
    read = extractions(found)
    papers = more.pop("papers", PAPERS)
    known = {
        "question": QUESTION,
        "papers": papers,
        "outcomes": OUTCOMES,
        "extractions": read,
        "counts": prisma.count(papers, {"doi:10.1/e": "not about the question"}, OUTCOMES, read),
        "themes": [
            {"id": "t1", "label": "Trials in people", "terms": ["placebo", "anxiety"], "paper_ids": ["doi:10.1/a", "doi:10.1/b"],
             "key_papers": ["doi:10.1/a"]},
            {"id": "t2", "label": "Toxicity", "terms": ["rats"], "paper_ids": ["doi:10.1/c", "doi:10.1/d"], "key_papers": []},
        ],
        "grouping": "the words of their texts",
        "citations": [["doi:10.1/b", "doi:10.1/a"]],
        "searches": [{"catalogue": "openalex", "query": "holy basil anxiety", "found": 3, "trouble": ""}],
        "searched_on": "2026-11-20",
        "notes": ["arXiv did not answer"],
    }  # fmt: skip
    return Records(**cast(Any, {**known, **more}))
