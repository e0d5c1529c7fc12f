"""Records of one work from several catalogues become one paper: by identifiers, then by title, surnames and year.

A preprint and its published version are one paper: the published version's, with the preprint's identifiers among its
`versions`. Two published works are never one, however alike their titles are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter

from core.identifiers import fold, groups, normalize_doi, paper_id
from core.metadata import PaperMetadata
from core.scholarly.known import of_preprint
from core.scholarly.trust import names, settle, tidy

#: A shorter title ("Editorial", "Reply to the authors") says nothing about its paper, in characters and in words.
MIN_CHARS, MIN_WORDS = 20, 3
#: How far the years of two records of one work may lie apart; preprints may wait longer for their publication.
YEARS, PREPRINT_YEARS = 1, 3

_RETRACTED = re.compile(r"^(?:retracted|withdrawn)(?: article| paper)? ")
_SUFFIX = re.compile(r"(?:jr|sr|i{2,3}|iv)\.?", re.I)
_INITIALS = re.compile(r"[A-Z]{1,3}")


def unite(papers: Iterable[PaperMetadata]) -> dict[str, PaperMetadata]:
    """Return `papers` by `paper_id`, one for each work; the order in which they come makes no difference."""
    works = [settle(group) for group in groups(map(tidy, papers), names)]
    while True:
        fewer = [settle(group) for group in _alike(works)]
        if len(fewer) == len(works):
            return dict(sorted(((paper_id(paper), paper) for paper in works), key=itemgetter(0)))
        works = [settle(group) for group in groups(fewer, names)]


def preprint(paper: PaperMetadata) -> bool:
    """Tell whether `paper` is known as a preprint only."""
    if doi := normalize_doi(paper.get("doi")):
        return of_preprint(doi) or paper.get("version") == "preprint"
    return paper.get("version") == "preprint" or (bool(paper.get("arxiv_id")) and not paper.get("pmid"))


def _alike(works: Sequence[PaperMetadata]) -> list[list[PaperMetadata]]:
    """Return `works` with those together that describe one."""
    alone: list[list[PaperMetadata]] = []
    titled: dict[str, list[PaperMetadata]] = defaultdict(list)
    for paper in works:
        title = _RETRACTED.sub("", fold(paper.get("title") or ""))
        if len(title) >= MIN_CHARS and title.count(" ") >= MIN_WORDS - 1:
            titled[title].append(paper)
        else:
            alone.append([paper])
    return alone + [group for same in titled.values() for group in _split(same)]


def _split(same: list[PaperMetadata]) -> list[list[PaperMetadata]]:
    """Return records of one title by work: a loose one goes to the only published work that it can be of, if to any."""
    if len(same) == 1:
        return [same]
    published = [[paper] for paper in same if _published(paper)]
    loose: list[PaperMetadata] = []
    lonely: list[list[PaperMetadata]] = []
    for paper in (paper for paper in same if not _published(paper)):
        homes = [group for group in published if _one(group[0], paper)]
        if len(homes) == 1:
            homes[0].append(paper)
        elif homes:
            lonely.append([paper])
        else:
            loose.append(paper)
    return published + lonely + _connected(loose)


def _connected(papers: list[PaperMetadata]) -> list[list[PaperMetadata]]:
    """Return the records that are of one work, directly or through others."""
    found: list[list[PaperMetadata]] = []
    for paper in papers:
        near = [group for group in found if any(_one(paper, other) for other in group)]
        found = [group for group in found if group not in near] + [
            [paper, *(other for group in near for other in group)]
        ]
    return found


def _published(paper: PaperMetadata) -> bool:
    return not preprint(paper) and bool(paper.get("doi") or paper.get("pmid"))


def _one(first: PaperMetadata, second: PaperMetadata) -> bool:
    """Tell whether two records of the same title are of one work."""
    apart = PREPRINT_YEARS if preprint(first) or preprint(second) else YEARS
    years = first.get("year"), second.get("year")
    near = years[0] is None or years[1] is None or abs(years[0] - years[1]) <= apart
    return near and bool(surnames(first) & surnames(second))


def surnames(paper: PaperMetadata) -> set[str]:
    """Return the surnames of the authors, folded: of `Ipseeta Mohanty`, `Mohanty I` and `Mohanty, Ipseeta` the same."""
    return {name for author in paper.get("authors") or [] if (name := _surname(author.get("name") or ""))}


def _surname(name: str) -> str:
    before, comma, _ = name.partition(",")
    words = [word for word in before.replace(".", " ").split() if not _SUFFIX.fullmatch(word)]
    while not comma and len(words) > 1 and _INITIALS.fullmatch(words[-1]):
        words.pop()
    return fold(words[-1]).rpartition(" ")[2] if words else ""
