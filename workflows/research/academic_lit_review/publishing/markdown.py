"""The review as Markdown (`review.md`): numbered links to a list of references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from workflows.research.academic_lit_review.publishing.reference import line, link, notices
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.values import Citation, Review, Section, Sentence, Table

#: Signs that mean something to CommonMark, GitHub or Pandoc.
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#$~^@{}])")
_MARKER = re.compile(r"^(\d{1,9})([.)])(?=\s)|^([+-])(?=\s)|^(=+|-+)$")


def markdown(review: Review, records: Records) -> str:
    """Return the whole review; nothing in a paper's text is taken for markup."""
    return _Writer(review, records).text()


def escaped(text: str) -> str:
    """Return `text` in one line so that it reads the same when rendered."""
    text = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _MARKER.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match.group()}", text)


class _Writer:
    def __init__(self, review: Review, records: Records) -> None:
        self._review, self._records = review, records
        self._numbers = {paper_id: at for at, paper_id in enumerate(review["references"], 1)}

    def text(self) -> str:
        parts = [f"# {escaped(self._review['title'])}", "## Abstract", self._paragraph(self._review["abstract"])]
        for section in self._review["sections"]:
            parts += self._section(section)
        parts += ["## References", *self._references()] if self._review["references"] else []
        parts += self._remarks()
        return "\n\n".join(filter(None, parts)) + "\n"

    def _section(self, section: Section) -> Iterator[str]:
        yield f"{'#' * section['level']} {escaped(section['heading'])}"
        yield from map(self._paragraph, section["paragraphs"])
        yield from map(self._table, section["tables"])

    def _paragraph(self, sentences: Iterable[Sentence]) -> str:
        return " ".join(map(self._sentence, sentences))

    def _sentence(self, sentence: Sentence) -> str:
        return " ".join([escaped(sentence["text"]), *self._cited(sentence["citations"])]).strip()

    def _cited(self, citations: Iterable[Citation]) -> list[str]:
        """Return one link for each paper, with all pages of it that are cited."""
        by_paper: dict[str, list[Citation]] = {}
        for citation in citations:
            by_paper.setdefault(citation["paper_id"], []).append(citation)
        return [self._mark(paper_id, group) for paper_id, group in by_paper.items()]

    def _mark(self, paper_id: str, citations: list[Citation]) -> str:
        known = [self._records.evidence[each["evidence_id"]] for each in citations if each["evidence_id"]]
        pages = sorted({each["page"] for each in known if each["page"] is not None})
        where = [f"{'p' if len(pages) == 1 else 'pp'}. {', '.join(map(str, pages))}"] if pages else []
        tier = ["abstract only"] if citations[0]["tier"] != "full_text" else []
        near = ["near-verbatim"] if any(each["verdict"] == "fuzzy" for each in citations) else []
        return (
            f"[[{', '.join([str(self._numbers[paper_id]), *where, *tier, *near])}]](#{self._review['keys'][paper_id]})"
        )

    def _table(self, table: Table) -> str:
        rows = [" | ".join(self._sentence(cell) or "\u2013" for cell in row) for row in table["rows"]]
        head = [" | ".join(map(escaped, table["columns"])), " | ".join("---" for _ in table["columns"])]
        return f"**{escaped(table['caption'])}**\n\n" + "\n".join(f"| {row} |" for row in (*head, *rows))

    def _references(self) -> Iterator[str]:
        yield "\n".join(self._reference(paper_id) for paper_id in self._review["references"])

    def _reference(self, paper_id: str) -> str:
        paper = self._records.papers.get(paper_id, {})
        tier = ["read by abstract only"] if self._records.extractions[paper_id]["tier"] != "full_text" else []
        marks = "".join(f" **[{mark}]**" for mark in (*notices(paper), *tier))
        address = f" <{link(paper)}>" if link(paper) else ""
        anchor = f'<a id="{self._review["keys"][paper_id]}"></a>'
        return f"{self._numbers[paper_id]}. {anchor}{escaped(line(paper))}{address}{marks}"

    def _remarks(self) -> Iterator[str]:
        if self._review["notes"]:
            yield "## Notes on this run"
            yield "\n".join(f"- {escaped(note)}" for note in self._review["notes"])
        if self._review["dropped"]:
            yield "## Sentences that were written and not printed"
            yield "\n".join(f"- {escaped(each['text'])} *({escaped(each['why'])})*" for each in self._review["dropped"])
