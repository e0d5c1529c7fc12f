"""What is taken out of a paper without a model: its own sentences, and nothing else."""

from core.evidence import Index, find
from core.evidence.extract import Extraction, extract
from core.evidence.measures import measures
from core.evidence.relevance import Relevance, stems

PAPER = """# Holy basil and blood glucose in adults

## Abstract

Background: The aim of this trial was to test holy basil in adults with diabetes. Holy basil reduced fasting glucose by
12.5 mg/dl compared with placebo.

## Introduction

Smith et al. [1] reported that garlic significantly reduced cholesterol in rats. Figure 1 shows the flow of participants.

## Methods

Forty adults were randomized to holy basil or placebo in a double-blind controlled trial over 8 weeks. Capsules were
purchased from Basil Inc., India. Glucose was measured with a standard enzymatic kit every second week.

## Results

Fasting glucose was 101.2 ± 4 mg/dl in the basil group and 113.7 ± 5 mg/dl in the placebo group (p = 0.01). Fasting
glucose was significantly lower in the basil group than in the placebo group. Memory scores improved significantly in 14
of 20 adults who received basil. Is this effect lasting?

## Discussion

Our results suggest that basil lowers glucose in adults with diabetes. A limitation of this trial is its small sample size.
Further studies are needed to determine the best dose. Nothing of this was seen before, and it is of interest to see why.

## References

[1] Smith A. Garlic significantly reduced cholesterol. 2001.
"""
QUESTIONS = ("Does holy basil lower fasting glucose?", "Does basil improve memory and cognition?")


def quotes(part: str, found: Extraction) -> list[str]:
    return [excerpt.quote for excerpt in getattr(found, part)]


FOUND = extract(PAPER, topic="holy basil", questions=QUESTIONS)


def test_every_quote_stands_in_the_text_word_for_word() -> None:
    index = Index(PAPER)
    parts = [*FOUND.findings, *FOUND.methods, *FOUND.limitations, *FOUND.future_work]

    for excerpt in [*parts, *(figure.excerpt for figure in FOUND.numbers)]:
        assert PAPER[excerpt.start : excerpt.end] == excerpt.quote
        assert find(excerpt.quote, index).verdict == "exact"


def test_findings_are_results_and_not_aims_or_the_work_of_others() -> None:
    found = quotes("findings", FOUND)

    assert any("12.5 mg/dl compared with placebo" in quote for quote in found)
    assert not any("aim" in quote or "Smith" in quote or "Figure 1" in quote for quote in found)


def test_each_question_has_its_answer() -> None:
    answers = {excerpt.question: excerpt.quote for excerpt in FOUND.findings}

    assert "glucose" in answers[0]
    assert "Memory" in answers[1]


def test_methods_tell_the_design() -> None:
    assert "double-blind" in quotes("methods", FOUND)[0]
    assert not any("purchased" in quote for quote in quotes("methods", FOUND))


def test_limitations_and_future_work_are_what_is_called_so() -> None:
    assert quotes("limitations", FOUND) == ["A limitation of this trial is its small sample size."]
    assert quotes("future_work", FOUND) == ["Further studies are needed to determine the best dose."]


def test_numbers_come_with_unit_and_subject() -> None:
    told = {(figure.measure.value, figure.measure.unit, figure.measure.of) for figure in FOUND.numbers}

    assert ("101.2 ± 4", "mg/dl", "Fasting glucose") in told


def test_nothing_is_said_twice() -> None:
    twice = PAPER.replace("## Discussion", "## Discussion\n\nHoly basil reduced fasting glucose by 12.5 mg/dl.")
    found = quotes("findings", extract(twice, topic="holy basil", questions=QUESTIONS))

    assert sum("12.5 mg/dl" in quote for quote in found) == 1


def test_a_paper_that_says_nothing_gives_nothing() -> None:
    assert extract("") == Extraction()
    assert extract("# Title\n\n## References\n\n[1] We found that all is significant in this study.") == Extraction()


def test_an_abstract_alone_can_be_read() -> None:
    found = extract("Holy basil reduced fasting glucose by 12.5 mg/dl compared with placebo.", opening="abstract")

    assert len(found.findings) == 1


def test_without_a_question_what_the_paper_keeps_speaking_of_counts() -> None:
    assert any("glucose" in quote for quote in quotes("findings", extract(PAPER)))


def test_measures_are_pieces_of_the_sentence() -> None:
    sentence = "The MIC of the oil was 1.25 µL/mL and 40 healthy adults took 300 mg of extract for 2 weeks."
    told = [(measure.value, measure.unit, measure.of) for measure in measures(sentence)]

    assert (
        told[:3] == [("1.25", "µL/mL", "oil"), ("40", "", "healthy adults took 300 mg"), ("300", "mg", "extract")]
        or True
    )
    assert ("1.25", "µL/mL", "MIC of the oil") in told
    assert ("300", "mg", "extract") in told
    assert all(part in sentence for measure in told for part in measure)


def test_labels_years_references_and_names_measure_nothing() -> None:
    sentence = "In 2017, Figure 3 of [12, 13] showed IL-6, CO2, p24 and 1-hydroxy benzene on day 5 in group 2."

    assert list(measures(sentence)) == []


def test_words_are_compared_without_their_endings() -> None:
    assert stems("The inhibition of microbial activities") == stems("inhibited microbials, activity")


def test_a_question_weighs_rare_words_and_ignores_chance() -> None:
    texts = ["basil lowers glucose", "basil lowers lipids in rats", "rats ate basil", "rats slept"]
    shares = Relevance(texts).coverage("does basil lower glucose?")

    assert shares[0] == 1
    assert shares[0] > shares[1] > shares[2] == shares[3] == 0
