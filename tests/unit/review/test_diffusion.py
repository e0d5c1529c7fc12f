"""Citations are followed from the best papers, both ways, until little new comes of it."""

from dataclasses import replace
from typing import Any

from core.metadata import PaperMetadata
from core.progress import ProgressEvent
from tests.shelf import Shelf, shelves
from workflows.research.academic_lit_review.diffusion import Diffused, digraph, snowball
from workflows.research.academic_lit_review.diffusion.citations import ties
from workflows.research.academic_lit_review.diffusion.pool import Pool
from workflows.research.academic_lit_review.diffusion.seeds import best_seeds
from workflows.research.academic_lit_review.presets import Preset
from workflows.research.academic_lit_review.question import asked
from workflows.research.academic_lit_review.relevance import tied

BASIL = asked("Ocimum sanctum")
PRESET = Preset(max_papers=20, max_stages=3, target_words=2_000, min_citations=0, saturation=0.2)
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
ORDINALS = _NUMBERS.split()


def doi(number: int) -> str:
    return f"10.5555/basil.{number}"


def basil(number: int, *cited: int, **more: Any) -> PaperMetadata:
    known: dict[str, Any] = {
        "doi": doi(number),
        "title": f"Ocimum sanctum in rats, study {ORDINALS[number]}",
        "authors": [{"name": f"Author Number{number}"}],
        "year": 2010,
        "referenced_works": [doi(each) for each in cited],
        "relevance_score": 0.9,
    }
    return PaperMetadata(**{**known, **more})  # type: ignore[typeddict-item]


def stranger(number: int, *cited: int) -> PaperMetadata:
    return basil(number, *cited, title=f"The weather on Mars, day {ORDINALS[number]}")


def chain(length: int) -> list[PaperMetadata]:
    """Return papers each of which cites the one before it."""
    return [basil(number, *([number - 1] if number else [])) for number in range(length)]


async def rolled(shelf: list[PaperMetadata], known: int = 1, preset: Preset = PRESET, **options: Any) -> Diffused:
    papers = {doi(number): shelf[number] for number in range(known)}
    question, catalogues = options.pop("question", BASIL), options.pop("catalogues", shelves(Shelf("openalex", shelf)))
    return await snowball(question, papers, list(papers), [], catalogues, preset, year=2026, **options)


async def test_citations_are_followed_both_ways() -> None:
    found = await rolled([basil(0, 1), basil(1), basil(2, 0)], preset=replace(PRESET, max_stages=1))

    assert set(found["papers"]) == {doi(1), doi(2)}
    assert set(found["relevant"]) == {doi(0), doi(1), doi(2)}
    assert found["citations"] == [[doi(0), doi(1)], [doi(2), doi(0)]]
    assert found["papers"][doi(1)]["discovery_method"] == "citation"
    assert digraph(found["citations"]).in_degree(doi(0)) == 1


async def test_what_is_not_relevant_is_left_out_with_a_reason_and_its_ties() -> None:
    found = await rolled([basil(0, 1, 2), basil(1), stranger(2)])

    assert found["excluded"] == {doi(2): "not_relevant"}
    assert "referenced_works" not in found["papers"][doi(2)]
    assert found["citations"] == [[doi(0), doi(1)]]


async def test_it_goes_on_for_as_many_stages_as_the_preset_allows() -> None:
    found = await rolled(chain(9), preset=replace(PRESET, saturation=0.0))

    assert [stage["number"] for stage in found["stages"]] == [1, 2, 3]
    assert found["stopped"] == "citations are followed for 3 stages with this preset"


async def test_it_ends_after_two_stages_of_little_news() -> None:
    found = await rolled(chain(16), known=8, preset=replace(PRESET, max_stages=10))

    assert [stage["delta"] < 0.2 for stage in found["stages"]] == [True, True]
    assert found["stopped"] == "two stages in a row each made up less than 20% of the relevant papers then known"


async def test_it_ends_when_every_paper_has_been_followed() -> None:
    found = await rolled([basil(0, 1), basil(1)], known=2)

    assert found["stopped"] == "there was no paper left whose citations could be followed"


async def test_it_ends_when_there_is_enough_to_choose_from() -> None:
    found = await rolled(chain(16), known=8, preset=replace(PRESET, max_papers=3, saturation=0.0))

    assert found["stopped"] == "9 relevant papers are enough to choose 3 from"


async def test_the_smallest_preset_follows_citations_too() -> None:
    assert (
        len((await rolled([basil(0, 1), basil(1)], preset=replace(PRESET, max_papers=5, max_stages=1)))["papers"]) == 1
    )


async def test_without_a_stage_nothing_is_asked() -> None:
    shelf = Shelf("openalex", chain(3))
    found = await rolled(chain(3), preset=replace(PRESET, max_stages=0), catalogues=shelves(shelf))

    assert (shelf.followed, found["stages"], found["papers"]) == ([], [], {})


async def test_without_a_paper_to_begin_with_that_is_why_it_ends() -> None:
    found = await snowball(BASIL, {}, [], [], shelves(Shelf("openalex")), PRESET, year=2026)

    assert found["stopped"] == "there was no paper left whose citations could be followed"
    assert "cannot be estimated" in found["completeness"]["sentence"]


async def test_one_catalogue_that_fails_is_told_and_the_others_go_on() -> None:
    papers = [basil(0, 1), basil(1)]
    some = shelves(Shelf("openalex", papers), Shelf("crossref", fails="http_503"), Shelf("europepmc", mute=True))
    found = await rolled(papers, catalogues=some, deadline_s=0.05, preset=replace(PRESET, max_stages=1))

    assert set(found["relevant"]) == {doi(0), doi(1)}
    assert {note.split(":")[0] for note in found["notes"]} >= {"crossref, references", "europepmc, citations"}


async def test_when_all_fail_that_is_why_it_ends() -> None:
    found = await rolled(chain(2), catalogues=shelves(Shelf("openalex", fails="budget_spent")))

    assert found["stopped"] == "no catalogue told of any citation"
    assert "the credits for this catalogue are used up" in found["notes"][0]


async def test_the_dates_asked_for_hold_for_citations_too() -> None:
    question = asked("Ocimum sanctum", [], [2000, 2015])
    found = await rolled([basil(0, 1), basil(1, year=1990), basil(2, 0, year=2020)], question=question)

    assert found["excluded"] == {doi(1): "outside_dates"}
    assert doi(2) not in found["papers"]


async def test_a_retracted_paper_that_is_cited_is_left_out() -> None:
    assert (await rolled([basil(0, 1), basil(1, is_retracted=True)]))["excluded"] == {doi(1): "retracted"}


async def test_stages_add_up_and_are_told() -> None:
    events: list[ProgressEvent] = []
    found = await rolled([basil(0, 1, 2), basil(1), stranger(2)], emit=events.append)

    for stage in found["stages"]:
        assert stage["candidates"] == stage["relevant"] + stage["near"] + stage["rejected"]
    assert sum(found["identified"].values()) == found["duplicates"] + len(found["papers"])
    assert [event["status"] for event in events] == ["started", *["note"] * len(found["stages"]), "finished"]


async def test_completeness_counts_what_both_ways_led_to() -> None:
    hub = basil(15, *range(15))
    found = await rolled([*chain(15), hub], known=12, preset=replace(PRESET, max_stages=2))

    assert found["completeness"]["by_search"] == 12
    assert found["completeness"]["by_both"] >= 7
    assert found["completeness"]["estimate"] is not None


def test_a_paper_that_turns_out_to_be_two_known_ones_makes_them_one() -> None:
    pool = Pool({"10.1234/a": {"doi": "10.1234/a"}, "pmid:7": {"pmid": "7"}})
    added = pool.add([{"doi": "10.1234/a", "pmid": "7"}])

    assert added.new == {}
    assert added.same == {"pmid:7": "10.1234/a"}


def test_ids_never_change_when_more_is_learned() -> None:
    pool = Pool({"pmid:7": {"pmid": "7", "title": "A paper on basil in rats", "year": 2001}})
    pool.add([{"pmid": "7", "doi": "10.1234/a"}])

    assert list(pool.papers) == ["pmid:7"]
    assert pool.find({"doi": "10.1234/a"}) == "pmid:7"


def test_seminal_bridging_and_lately_cited_papers_come_first() -> None:
    papers = {doi(n): basil(n) for n in range(7)}
    papers[doi(6)] = basil(6, year=2025, cited_by_count=80)
    pairs = {(doi(1), doi(0)), (doi(2), doi(0)), (doi(3), doi(0)), (doi(3), doi(4)), (doi(5), doi(4))}
    best = best_seeds(papers, list(papers), pairs, used=(), count=4, year=2026)

    assert best[0] == doi(0)
    assert {doi(3), doi(4), doi(6)} == set(best[1:])


def test_a_seed_is_used_once_and_needs_an_identifier() -> None:
    papers: dict[str, PaperMetadata] = {"a": {"doi": "10.1234/a"}, "b": {"doi": "10.1234/b"}, "hash:c": {"title": "C"}}

    assert best_seeds(papers, list(papers), [], used={"a"}, count=3, year=2026) == ["b"]


def test_ties_are_evidence_for_a_paper_of_which_too_little_is_told_and_for_no_other() -> None:
    pairs = {("a", "x"), ("b", "x"), ("x", "c"), ("a", "b"), ("y", "z")}

    assert ties(pairs, ["a", "b", "c"])["x"] == 3
    assert tied(0.56, 5) >= 0.6 > tied(0.56, 0)
    assert tied(0.3, 50) == 0.3
