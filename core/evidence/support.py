"""Whether a sentence in other words states only numbers that the passage it rests on has."""

from __future__ import annotations

from core.evidence.quantities import readings
from core.evidence.side import Side
from core.evidence.tokens import NUMBER, tokens


def strange_numbers(statement: str, passage: str) -> list[str]:
    """Return the numbers of `statement`, as they are written there, that `passage` does not have."""
    known = {value for figure in _numbers(passage) for reading in readings([figure]) for value in reading}
    return [
        raw
        for fold, raw in _numbers(statement)
        if not any(known.issuperset(reading) for reading in readings([(fold, raw)]))
    ]


def _numbers(text: str) -> list[tuple[str, str]]:
    words = tokens(text)
    runs = (Side(text, words, at, at + 1) for at in range(len(words)))
    return [
        figure for run in runs for figure in run.figures() if run.words.kinds[run.start] == NUMBER or _spelt(figure)
    ]


def _spelt(figure: tuple[str, str]) -> bool:
    """Tell whether a figure is a number in words; "one" is one too often a pronoun."""
    return (
        figure[0].isalpha()
        and figure[0] != "one"
        and not {fold for run in readings([figure]) for fold in run} & {figure[0]}
    )
