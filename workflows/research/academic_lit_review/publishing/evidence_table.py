"""The evidence as a table (`evidence.csv`): every quote with its page, its verdict and its paper."""

from __future__ import annotations

import csv
import io

from workflows.research.academic_lit_review.byline import title
from workflows.research.academic_lit_review.export import cell
from workflows.research.academic_lit_review.synthesis.quotation import plain
from workflows.research.academic_lit_review.synthesis.records import Records

COLUMNS = ("claim", "quote", "page", "verdict", "kind", "question", "paper", "tier", "doi", "key", "section", "id")


def evidence_csv(records: Records) -> str:
    """Return the evidence of the included papers, the best of each paper first; no cell is taken for a formula."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    table.writerow(COLUMNS)
    for paper_id in records.included:
        paper = records.papers.get(paper_id, {})
        for each in records.of(paper_id):
            known = {
                **each,
                "claim": plain(each["claim"]),
                "quote": plain(each["quote"]),
                "page": "" if each["page"] is None else each["page"],
                "question": "" if each["question"] is None else each["question"] + 1,
                "paper": title(paper),
                "doi": paper.get("doi") or "",
                "key": records.keys[paper_id],
            }
            table.writerow([cell(str(known[column])) for column in COLUMNS])
    return file.getvalue()
