"""A review without a model: the papers' own words, counted facts, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from core.evidence import locate
from tests.reviewed import EVIDENCE, evidence, records
from workflows.research.academic_lit_review.synthesis import Records, compose
from workflows.research.academic_lit_review.synthesis.quotation import plain, quoted
from workflows.research.academic_lit_review.values import Review, Sentence


def sentences(review: Review) -> Iterator[Sentence]:
    yield from review["abstract"]
    for section in review["sections"]:
        for paragraph in section["paragraphs"]:
            yield from paragraph


def quotes(review: Review) -> list[tuple[str, Sentence]]:
    found = [(re.findall("“([^“”]{8,})”", each["text"]), each) for each in sentences(review)]
    return [(text, each) for texts, each in found for text in texts if each["citations"]]


def text(review: Review) -> str:
    return "\n".join(each["text"] for each in sentences(review))


def test_every_quote_stands_in_the_evidence_that_is_cited_beside_it() -> None:
    review, known = compose(records()), records().evidence

    assert len(quotes(review)) >= 6
    for quote, sentence in quotes(review):
        cited = [known[citation["evidence_id"]]["quote"] for citation in sentence["citations"]]
        assert any(locate(quote, each, ()).verdict == "exact" for each in cited), quote


def test_no_quote_is_printed_twice_and_none_points_at_what_is_not_there() -> None:
    printed = [quote for quote, _ in quotes(compose(records()))]

    assert max(Counter(printed).values()) == 1
    assert not any(quote.startswith("However") for quote in printed)


def test_almost_the_same_quote_is_printed_once() -> None:
    twice = [
        *EVIDENCE,
        evidence("b", 7, "Anxiety scores fell by 31 % in 40 adults who took 500 mg of holy basil daily."),
    ]

    assert sum("fell by 31" in quote for quote, _ in quotes(compose(records(twice)))) == 1


def test_a_paper_with_much_to_say_does_not_fill_the_review() -> None:
    words = [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lamda",
        "mu",
        "nu",
        "xi",
    ]
    many = [
        evidence("a", at, f"The {word} marker of calm rose in the {word} cohort under {word}.")
        for at, word in enumerate(words)
    ]
    printed = [sentence for _, sentence in quotes(compose(records([*many, *EVIDENCE[5:]])))]

    assert sum(each["citations"][0]["paper_id"] == "doi:10.1/a" for each in printed) <= 4


def test_what_is_said_of_the_search_is_counted() -> None:
    told = text(compose(records()))

    assert (
        "The review rests on three papers, published between 2015 and 2018: two read in full and one known by abstract"
        in told
    )
    assert "out of 5 that came into view" in told
    assert "OpenAlex (3)" in told
    assert "not about the question (1)" in told
    assert "Two of the four papers sought could not be read in full" in told
    assert "“Basil behind a wall” (no complete answer in time)" in told


def test_each_citation_carries_its_tier_and_its_verdict() -> None:
    cited = [
        citation for each in sentences(compose(records())) for citation in each["citations"] if citation["evidence_id"]
    ]

    assert {citation["tier"] for citation in cited if citation["paper_id"] == "doi:10.1/c"} == {"abstract"}
    assert {citation["verdict"] for citation in cited if citation["evidence_id"] == "e:doi:10.1/b:0"} == {"fuzzy"}
    assert all(citation["verdict"] in ("exact", "fuzzy") for citation in cited)


def test_the_sections_follow_each_other_and_answer_what_was_asked() -> None:
    review = compose(records())

    assert [section["id"] for section in review["sections"]] == [
        "introduction", "answers", "question-1", "question-2", "theme-t1", "theme-t2", "limitations", "unread",
        "conclusion", "methods",
    ]  # fmt: skip
    assert review["references"][0] in {"doi:10.1/a", "doi:10.1/b"}
    assert set(review["references"]) == {"doi:10.1/a", "doi:10.1/b", "doi:10.1/c"}
    assert review["keys"]["doi:10.1/a"] == "cohen2015"


def test_a_table_compares_papers_that_say_how_they_worked() -> None:
    table = next(section["tables"][0] for section in compose(records())["sections"] if section["id"] == "theme-t1")

    assert table["columns"] == ["Paper", "How it was studied", "Numbers"]
    assert [cell["text"] for cell in table["rows"][0]] == [
        "Cohen et al., 2015",
        "“Forty adults were randomised to capsules or placebo for 8 weeks.”",
        "anxiety scores: 31 %",
    ]


def test_recorded_agreements_are_printed_only_with_evidence_that_is_there() -> None:
    themes = [{**records().themes[0], "agreements": [
        {"text": "both found less stress", "evidence": ["e:doi:10.1/a:0", "e:doi:10.1/b:0"]},
        {"text": "an invented one", "evidence": ["e:doi:10.1/zz:0"]},
        {"text": "one without any", "evidence": []},
    ]}]  # fmt: skip
    told = text(compose(records(themes=themes)))

    assert "Both found less stress." in told
    assert "nvented" not in told
    assert "without any" not in told


@pytest.mark.parametrize("found", [[], EVIDENCE[:1], EVIDENCE[9:]])
def test_few_or_no_passages_still_make_a_review_that_says_so(found: list[object]) -> None:
    review = compose(records(found))  # type: ignore[arg-type]

    assert review["abstract"]
    assert ("none of them could be quoted" in text(review)) == (not found)
    assert ("No conclusion can be drawn" in text(review)) == (not found)


def test_without_questions_or_themes_there_is_one_section_of_findings() -> None:
    plainly: Records = records(themes=[], question={**records().question, "research_questions": []})

    headings = [section["heading"] for section in compose(plainly)["sections"]]

    assert "What the papers say" in headings
    assert "What the papers answer" not in headings


def test_the_same_records_give_the_same_review() -> None:
    assert compose(records()) == compose(records())


@pytest.mark.parametrize(
    ("stored", "printed"),
    [
        ("a **bold** and *slanted* word", "a bold and slanted word"),
        ("10<sup>5</sup> cells, H<sub>2</sub>O, see [12](#page-3)", "10⁵ cells, H₂O, see 12"),
        ("anti-\noxidant  power\nof x\\_y", "antioxidant power of x_y"),
        ("p<0.05 and x < y > z, a*b*c", "p<0.05 and x < y > z, a*b*c"),
        ("R&amp;D \u202egnissim\u202c", "R&D gnissim"),
    ],
)
def test_the_marks_of_markdown_are_not_printed(stored: str, printed: str) -> None:
    assert plain(stored) == printed
    assert locate(printed, stored, ()).holds or "gnissim" in printed or "[12]" in stored


def test_quotes_within_a_quote_are_halved_and_long_ones_cut() -> None:
    assert quoted('He said "yes" and “no”') == "“He said ‘yes’ and ‘no’”"
    assert quoted("one two three four five six seven", 3) == "“one two three …”"


def test_the_label_of_a_structured_abstract_is_left_out() -> None:
    assert quoted("Results: Anxiety fell.") == "“Anxiety fell.”"
    assert quoted("Results of the trial: none.") == "“Results of the trial: none.”"


def test_a_gap_in_the_words_of_a_paper_is_not_said_again_among_its_limitations() -> None:
    limit, more = (
        EVIDENCE[4],
        evidence("a", 12, "The dose was not varied, which is a limitation.", "limitation", score=0.2),
    )
    gaps = [{"text": f"On limits, a paper says: “{each['quote']}”", "evidence": [each["id"]]} for each in (limit, more)]
    told = text(compose(records([*EVIDENCE, more], themes=[{**records().themes[0], "gaps": gaps}])))

    assert told.count(limit["quote"]) == told.count(more["quote"]) == 1
    assert "What the papers leave open:" in told
