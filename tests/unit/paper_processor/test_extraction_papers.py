"""What is learned from papers: of their full texts, their abstracts, or nothing; with a model and without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.conversion.converter import Converted, PageSpan
from core.evidence import Index, find
from core.metadata import PaperMetadata
from core.stores.papers import PaperStore
from tests.storing import accept, pdf
from tests.talker import ToolTalker, call, words
from workflows.research.academic_lit_review.paper_processor.extraction import abstract_of, extract_papers
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.values import Extraction

TEXT = (
    "# Basil and glucose\n\n## Results\n\nHoly basil significantly reduced fasting glucose by 12.5 mg/dl in adults.\n\n"
    "## Discussion\n\nA limitation of this trial is its small sample size. Further studies are needed to find the dose.\n"
)
ABSTRACT = "Background: Basil is old. Results: Basil significantly improved memory compared with placebo in 40 adults."
QUESTIONS = ("Does basil lower glucose?",)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PaperStore]:
    async with PaperStore.open(tmp_path) as opened:
        yield opened


async def outcome(store: PaperStore, paper_id: str = "10.1/a", text: str = TEXT) -> Outcome:
    await store.put_papers({paper_id: {"doi": paper_id}})
    file = await accept(store, paper_id, pdf(len(text)))
    made = Converted(text, (PageSpan(1, 0, 60), PageSpan(2, 60, len(text))), "fake", "fake/1", 10)
    stored = await store.add_text(paper_id, file.sha256, made, seconds=1.0)
    return Outcome(paper_id=paper_id, status="converted", text_sha256=stored.sha256)


async def one(
    store: PaperStore, record: PaperMetadata, ended: Outcome | None, model: ToolTalker | None = None
) -> Extraction:
    ended_by_id = {"10.1/a": ended} if ended else {}
    found = await extract_papers(
        {"10.1/a": record}, ended_by_id, store=store, topic="basil", questions=QUESTIONS, model=model
    )
    return found["10.1/a"]


async def test_a_full_text_gives_quotes_with_their_pages(store: PaperStore) -> None:
    found = await one(store, {"title": "Basil and glucose"}, await outcome(store))
    index = Index(TEXT)

    assert found["tier"] == "full_text"
    assert found["notes"] == []
    assert {item["kind"] for item in found["evidence"]} == {"finding", "limitation", "future_work", "number"}
    assert all(find(item["quote"], index).verdict == item["verdict"] == "exact" for item in found["evidence"])
    assert {item["page"] for item in found["evidence"]} <= {1, 2}
    assert [item["id"] for item in found["evidence"]][:2] == ["e:10.1/a:1", "e:10.1/a:2"]


async def test_a_paper_without_full_text_is_read_from_its_abstract_and_says_so(store: PaperStore) -> None:
    found = await one(store, {"abstract": ABSTRACT}, Outcome(paper_id="10.1/a", status="failed", reason="paywall"))

    assert found["tier"] == "abstract"
    assert found["evidence"]
    assert all(item["tier"] == "abstract" and item["page"] is None for item in found["evidence"])
    assert "no full text" in found["notes"][0]


async def test_a_paper_without_any_text_gives_nothing_and_says_so(store: PaperStore) -> None:
    found = await one(store, {"title": "Basil"}, None)

    assert (found["tier"], found["evidence"]) == ("metadata", [])
    assert "nothing was extracted" in found["notes"][0]


async def test_a_text_that_is_lost_gives_way_to_the_abstract(store: PaperStore) -> None:
    ended = await outcome(store)
    next(store.home.rglob(f"{ended['text_sha256']}*")).unlink()
    found = await one(store, {"abstract": ABSTRACT}, ended)

    assert found["tier"] == "abstract"
    assert "its text cannot be read" in found["notes"][0]


async def test_a_model_speaks_in_its_own_words_and_is_held_to_its_quotes(store: PaperStore) -> None:
    quote = "Holy basil significantly reduced fasting glucose by 12.5 mg/dl in adults."
    points = [
        {"statement": "Basil lowers glucose.", "quote": quote, "question": 1},
        {"statement": "Basil cures.", "quote": "Basil cures all adults of everything."},
    ]
    found = await one(store, {}, await outcome(store), ToolTalker(script=[call("Reading", findings=points)]))

    assert [(item["claim"], item["quote"], item["question"]) for item in found["evidence"]] == [
        ("Basil lowers glucose.", quote, 0)
    ]
    assert [item["verdict"] for item in found["rejected"]] == ["absent"]


async def test_what_a_model_does_not_read_is_read_by_rules(store: PaperStore) -> None:
    model = ToolTalker(script=[words("I'm sorry, I can't help with that.")])
    found = await one(store, {}, await outcome(store), model)

    assert {item["kind"] for item in found["evidence"]} >= {"finding", "limitation"}
    assert found["notes"][0].startswith("part 1 of 1 (pages 1-2) was not read: refused")


async def test_every_paper_has_its_extraction_and_is_told_when_it_is_done(store: PaperStore) -> None:
    told: list[str] = []
    records: dict[str, PaperMetadata] = {f"10.1/{number}": {"abstract": ABSTRACT} for number in range(9)}
    found = await extract_papers(
        records, {}, store=store, workers=2, on_done=lambda done: told.append(done["paper_id"])
    )

    assert list(found) == list(records)
    assert sorted(told) == sorted(records)


def test_an_abstract_is_freed_of_the_markup_of_catalogues() -> None:
    raw = "<jats:p>BackgroundIn the present &lt;i&gt;trial&lt;/i&gt; basil was given.</jats:p> ResultsBasil &amp; rice helped a lot."

    assert (
        abstract_of({"abstract": raw})
        == "Background: In the present trial basil was given. Results: Basil & rice helped a lot."
    )
    assert abstract_of({"abstract": "None."}) == abstract_of({}) == ""
