"""Citation keys: surname, year and, where these are the same, a letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from anyascii import anyascii

from core.identifiers import fold
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.byline import names, title

_MOST = 24


def citation_keys(papers: Mapping[str, PaperMetadata], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a key for every paper: ASCII letters and digits, no two alike in any case, whatever the order.

    Keys that are `known` stay as they are, so that a review that grows keeps its citations.
    """
    keys = {paper_id: key for paper_id, key in (known or {}).items() if paper_id in papers}
    taken = {key.casefold() for key in keys.values()}
    groups: dict[str, list[str]] = {}
    for paper_id in sorted(papers.keys() - keys.keys(), key=lambda each: (fold(title(papers[each])), each)):
        groups.setdefault(_stem(papers[paper_id]), []).append(paper_id)
    for stem, members in sorted(groups.items()):
        free = _free(stem, taken, lettered=len(members) > 1)
        for paper_id in members:
            keys[paper_id] = next(free)
            taken.add(keys[paper_id].casefold())
    return {paper_id: keys[paper_id] for paper_id in papers}


def _stem(paper: PaperMetadata) -> str:
    first = next((name.family for name in names(paper)), "") or title(paper).split()[0]
    word = re.sub(r"[^a-z]", "", anyascii(first).lower())[:_MOST] or "anon"
    return f"{word}{paper.get('year') or 'nd'}"


def _free(stem: str, taken: Iterable[str], *, lettered: bool) -> Iterator[str]:
    """Yield the keys of `stem` that are not taken: without a letter only when it is alone."""
    if not lettered and stem not in taken:
        yield stem
    dash = "" if stem[-1].isdigit() else "-"
    yield from (key for number in count() if (key := f"{stem}{dash}{_letters(number)}") not in taken)


def _letters(number: int) -> str:
    """Return a, b, ... z, aa, ab, ..."""
    rest, last = divmod(number, 26)
    return (_letters(rest - 1) if rest else "") + "abcdefghijklmnopqrstuvwxyz"[last]
