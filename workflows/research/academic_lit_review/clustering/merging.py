"""A model's themes and the statistics together: every paper in exactly one theme, or in none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.identifiers import fold
from workflows.research.academic_lit_review.clustering.grouping import (
    LEAST,
    MOST,
    adopted,
    centres,
    likenesses,
    without_small,
)
from workflows.research.academic_lit_review.clustering.naming import named
from workflows.research.academic_lit_review.clustering.proposal import Proposal
from workflows.research.academic_lit_review.clustering.space import Space
from workflows.research.academic_lit_review.clustering.theme import Clustering, Document
from workflows.research.academic_lit_review.keyphrases import stem, telling

#: A proposal that places a smaller share of the papers is none.
PLACED = 0.5
#: A label is believed when its papers use this share of its words.
COVERED = 0.5
_LABEL_CHARS = 80
_MARKUP = re.compile(
    r"https?:\S*|www\.\S*|[<>{}\[\]|*_#`$\\^~=]|[^\S ]|[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
_NAMELESS = re.compile(r"(?:others?|misc\w*|various|general|uncategori[sz]ed|theme|group|cluster|unknown)(?: \w+)?")


@dataclass(frozen=True)
class Merged:
    """The group of each paper, -1 for none, the labels of the groups, and what went less than well."""

    groups: list[int]
    labels: Mapping[int, str]
    notes: list[str]


def merged(
    space: Space, proposal: Proposal, known: Clustering, *, topic: str = ""
) -> tuple[Clustering, list[str]] | str:
    """Return the themes of `proposal` with what it leaves open settled by likeness, or why it cannot be used.

    `known` are the themes found by statistics alone.
    """
    found = _settled(space, proposal)
    placed = {at for _, places in proposal.groups for at in places} | proposal.outside
    count = len(set(found.groups) - {-1})
    if len(placed) < PLACED * len(space.papers):
        return f"it placed {len(placed)} of {len(space.papers)} papers"
    if count < min(LEAST, len(known["themes"])):
        return f"it made {count} themes of two papers or more, where {len(known['themes'])} can be told apart"
    method = f"proposed by a chat model; papers it left open placed by {space.method}"
    themes = named(
        space.papers,
        found.groups,
        likenesses(space, found.groups),
        method=method,
        topic=topic,
        labels=found.labels,
    )
    return themes, found.notes


def _settled(space: Space, proposal: Proposal) -> Merged:
    names, claims = _claims(proposal)
    groups = [claims[at][0] if len(claims.get(at, ())) == 1 else -1 for at in range(len(space.papers))]
    several = {at: wanted for at, wanted in claims.items() if len(wanted) > 1}
    middles = centres(space, groups)
    for at, wanted in several.items():
        groups[at] = max(
            wanted, key=lambda group: float(space.places[at] @ middles[group]) if group in middles else 0.0
        )
    groups = _largest(without_small(groups))
    homeless = {at for at, group in enumerate(groups) if group < 0 and (at in claims or at not in proposal.outside)}
    groups = adopted(space, groups, sorted(homeless))
    labels = {
        group: text for group in sorted(set(groups) - {-1}) if (text := _label(names[group], space, groups, group))
    }
    nameless = len(set(groups) - {-1}) - len(labels)
    missing = sum(at not in claims and at not in proposal.outside for at in range(len(groups)))
    return Merged(groups, labels, _notes(proposal.unknown, len(several), missing, nameless))


def _claims(proposal: Proposal) -> tuple[dict[int, str], dict[int, list[int]]]:
    """Return the label of each group, groups of one label being one, and the groups that want each paper."""
    numbers: dict[str, int] = {}
    names: dict[int, str] = {}
    claims: dict[int, list[int]] = {}
    for text, places in proposal.groups:
        number = numbers.setdefault(fold(text) or f"nameless {len(numbers)}", len(numbers))
        names.setdefault(number, text)
        for at in places:
            if number not in claims.setdefault(at, []):
                claims[at].append(number)
    return names, claims


def _largest(groups: Sequence[int]) -> list[int]:
    """Return `groups` with only as many as there may be, the largest."""
    sizes = Counter(group for group in groups if group >= 0)
    kept = sorted(sizes, key=lambda group: (-sizes[group], group))[:MOST]
    return [group if group in kept else -1 for group in groups]


def _label(text: str, space: Space, groups: Sequence[int], group: int) -> str:
    """Return a model's label in plain words, or nothing when its papers do not speak of that."""
    plain = " ".join(_MARKUP.sub(" ", text).split()).strip(" .,;:-\u2013\u2014\"'\u201c\u201d")
    if len(plain) > _LABEL_CHARS:
        plain = plain[:_LABEL_CHARS].rsplit(" ", 1)[0]
    members = [paper for paper, own in zip(space.papers, groups, strict=True) if own == group]
    if not plain or _NAMELESS.fullmatch(fold(plain)) or not _spoken(plain, members):
        return ""
    return plain[:1].upper() + plain[1:]


def _spoken(text: str, members: Sequence[Document]) -> bool:
    """Tell whether papers use the words of `text`."""
    asked = {stem(word) for word in telling(text)}
    used = {stem(word) for paper in members for word in fold(f"{paper.title} {paper.text}").split()}
    return bool(asked) and len(asked & used) >= COVERED * len(asked)


def _notes(unknown: int, several: int, missing: int, nameless: int) -> list[str]:
    told = (
        (unknown, "{} papers that the model sorted into themes do not exist; they were left out"),
        (several, "{} papers stood in several of the model's themes; each is now in the one it is most like"),
        (missing, "{} papers were in none of the model's themes; each was placed by its likeness to them"),
        (nameless, "{} of the model's labels are not words of their papers; these themes are named by counting words"),
    )
    return [text.format(number) for number, text in told if number]
