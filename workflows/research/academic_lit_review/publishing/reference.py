"""A paper in a list of references: a line to read, and where to find the paper."""

from __future__ import annotations

from urllib.parse import quote

from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.byline import Name, names, title
from workflows.research.academic_lit_review.inputs.record import prose

_MOST_AUTHORS = 6
_NOTICES = {
    "retraction": "Retracted",
    "expression_of_concern": "Expression of concern",
    "correction": "Corrected",
}


def link(paper: PaperMetadata) -> str:
    """Return the address of a paper, made of its identifiers; empty when it has none."""
    for key, address in (
        ("doi", "https://doi.org/{}"),
        ("arxiv_id", "https://arxiv.org/abs/{}"),
        ("pmcid", "https://pmc.ncbi.nlm.nih.gov/articles/{}/"),
        ("pmid", "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    ):
        if known := str(paper.get(key) or ""):
            return address.format(quote(known, safe="/:;().,_-"))
    return ""


def line(paper: PaperMetadata) -> str:
    """Return authors, year, title and venue as plain text."""
    people = [f"{name.family} {_initials(name)}".strip() for name in names(paper)]
    shown = [*people[:_MOST_AUTHORS], *(["et al."] if len(people) > _MOST_AUTHORS else [])]
    year = f"({paper.get('year') or 'n.d.'})"
    parts = [" ".join(filter(None, (", ".join(shown), year))), title(paper), prose(paper.get("venue") or "")]
    return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part)


def notices(paper: PaperMetadata) -> list[str]:
    """Return what was published about a paper later, in words: its retraction first."""
    kinds = {notice.get("kind", "") for notice in paper.get("notices") or []}
    kinds |= {"retraction"} if paper.get("is_retracted") else set()
    return [word for kind, word in _NOTICES.items() if kind in kinds]


def _initials(name: Name) -> str:
    if name.given.isupper() and len(name.given) <= 3:
        return name.given
    return "".join(
        part[0].upper() for part in name.given.replace("-", " ").replace(".", " ").split() if part[0].isalpha()
    )
