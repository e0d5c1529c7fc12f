"""The files of a review: safe, complete, and the same for every reader."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
from blockbuster import blockbuster_ctx
from hypothesis import given
from hypothesis import strategies as st

from core.metadata import PaperMetadata
from tests.reviewed import EVIDENCE, PAPERS, evidence, records
from workflows.research.academic_lit_review.inputs import bibtex as read_bibtex
from workflows.research.academic_lit_review.inputs import csl as read_csl
from workflows.research.academic_lit_review.inputs import ris as read_ris
from workflows.research.academic_lit_review.inputs.record import Note, prose
from workflows.research.academic_lit_review.prisma import PrismaError
from workflows.research.academic_lit_review.publishing import publish
from workflows.research.academic_lit_review.publishing.bibtex import bibtex
from workflows.research.academic_lit_review.publishing.csl import csl
from workflows.research.academic_lit_review.publishing.evidence_table import evidence_csv
from workflows.research.academic_lit_review.publishing.flow import flow
from workflows.research.academic_lit_review.publishing.html import page
from workflows.research.academic_lit_review.publishing.markdown import escaped, markdown
from workflows.research.academic_lit_review.publishing.plots import theme_map, timeline
from workflows.research.academic_lit_review.publishing.quotes import marked
from workflows.research.academic_lit_review.publishing.reference import line, link
from workflows.research.academic_lit_review.publishing.ris import ris
from workflows.research.academic_lit_review.synthesis import compose

ATTACK = '<script>alert(1)</script><img src=x onerror="alert(2)"> [click](javascript:alert(3)) </style></svg>'
NASTY = [
    "A {brace} and an unbalanced } one {",
    "Quotes \"double\" and 'single'",
    "Line\nbreak\r\nand\ttab",
    r"LaTeX: 50% of $x_1$ & #2 ~ ^ \alpha \\",
    "@article{x, title = {y}}",
    "حبق مقدس وعلاج القلق",
    "Bell\x07 and null\x00 and \u202eoverride",
    "ER  - \nTY  - JOUR",
    "=HYPERLINK(1)",
]


def works(title: str) -> dict[str, PaperMetadata]:
    return {
        "x": {"title": title, "authors": [{"name": "Ada Cohen"}], "year": 2015, "venue": title, "doi": "10.1234/a(b)"}
    }


@pytest.mark.parametrize("title", NASTY)
def test_references_survive_any_title(title: str) -> None:
    keys = {"x": "cohen2015"}
    for text, read in (
        (bibtex(keys, works(title)), read_bibtex),
        (ris(keys, works(title)), read_ris),
        (csl(keys, works(title)), read_csl),
    ):
        papers = list(read.parse(text, Path()))
        assert not any(isinstance(paper, Note) for paper in papers)
        assert [(paper["doi"], paper["year"]) for paper in papers if isinstance(paper, dict)] == [
            ("10.1234/a(b)", 2015)
        ]
        assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in text)


@pytest.mark.parametrize("title", [NASTY[1], "Fünf Ärzte — 王小明", "50% of A & B_c #1"])
def test_titles_come_back_as_they_went(title: str) -> None:
    keys = {"x": "cohen2015"}
    for text, read in ((bibtex(keys, works(title)), read_bibtex), (ris(keys, works(title)), read_ris)):
        assert [paper["title"] for paper in read.parse(text, Path()) if isinstance(paper, dict)] == [prose(title)]


@given(st.text(max_size=80))
def test_bibtex_has_one_sound_entry_whatever_the_title(title: str) -> None:
    library = bibtexparser.parse_string(bibtex({"x": "cohen2015"}, works(title)))

    assert library.failed_blocks == []
    assert [entry.key for entry in library.entries] == ["cohen2015"]


def test_organisations_and_names_with_and_stay_whole() -> None:
    papers: dict[str, PaperMetadata] = {
        "x": {"title": "T", "authors": [{"name": "Rock and Roll Research Group"}, {"name": "Ada Cohen"}]}
    }

    assert "author = {{Rock and Roll Research Group} and Cohen, Ada}" in bibtex({"x": "k"}, papers)


def test_a_reference_can_be_read_and_followed() -> None:
    assert (
        line(PAPERS["doi:10.1/a"])
        == "Cohen A, Levy B, Roe C (2015). Holy basil in adults with anxiety. Journal of Calm."
    )
    assert link(PAPERS["doi:10.1/a"]) == "https://doi.org/10.1/a"
    assert link({"arxiv_id": "2101.00001"}) == "https://arxiv.org/abs/2101.00001"
    assert link({"doi": '10.1/"><script>'}) == "https://doi.org/10.1/%22%3E%3Cscript%3E"
    assert link({"title": "javascript:alert(1)"}) == ""


def hostile() -> Any:
    papers: dict[str, PaperMetadata] = {
        **PAPERS,
        "doi:10.1/a": {
            "title": f"Basil {ATTACK}",
            "authors": [{"name": f"Ada {ATTACK}"}],
            "year": 2015,
            "doi": '10.1/a"><b>',
        },
    }
    found = [*EVIDENCE, evidence("a", 8, f"Basil {ATTACK} calms.", section=ATTACK, claim=f"=cmd {ATTACK}")]
    themes = [{**theme, "label": f"{theme['label']} {ATTACK} $x^2$"} for theme in records().themes]
    return records(found, papers=papers, themes=themes, notes=[ATTACK])


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.tags


def test_no_markup_of_a_paper_reaches_the_page() -> None:
    found = tags(page(compose(hostile()), hostile()))

    assert [tag for tag, _ in found].count("script") == 1
    assert not any(tag in ("img", "iframe", "object", "form", "base") for tag, _ in found)
    assert not any(name.startswith("on") for _, attributes in found for name in attributes)
    links = {str(attributes.get("href")) for tag, attributes in found if tag == "a"}
    assert all(address.startswith(("#", "https://")) for address in links)


def test_the_page_needs_nothing_but_itself_and_names_every_id_once() -> None:
    found = tags(page(compose(records()), records()))
    ids = [str(attributes["id"]) for _, attributes in found if attributes.get("id")]

    assert len(ids) == len(set(ids))
    assert not any("src" in attributes for _, attributes in found)
    assert [attributes["href"] for tag, attributes in found if tag == "link"] == ["data:,"]
    targets = {
        str(attributes["href"])[1:] for tag, attributes in found if tag == "a" and str(attributes["href"])[0] == "#"
    }
    assert targets <= set(ids)


def test_papers_known_by_abstract_and_retracted_ones_are_marked() -> None:
    html, text = page(compose(records()), records()), markdown(compose(records()), records())

    assert "abstract only</span>" in html
    assert '<b class="warn">Retracted</b>' in html
    assert ", abstract only]](#noor2018)" in text
    assert "**[Retracted]** **[read by abstract only]**" in text


def test_a_quote_keeps_what_is_raised_and_lowered_and_no_other_markup() -> None:
    quote = 'H<sub>2</sub>O at 10<sup>5</sup> <b onclick="x()">cells</b> <script>x</script> p<0.05 & more'

    assert marked(quote) == (
        "H<sub>2</sub>O at 10<sup>5</sup> cells &lt;script&gt;x&lt;/script&gt; p&lt;0.05 &amp; more"
    )


def test_markdown_has_no_markup_but_ours() -> None:
    text = markdown(compose(hostile()), hostile())

    assert "<script" not in text.replace("\\<script", "")
    assert "](javascript" not in text.replace("\\](javascript", "")
    assert escaped("1. a\n# b | *c* <d>") == "1\\. a \\# b \\| \\*c\\* \\<d\\>"


def test_no_cell_of_the_evidence_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(evidence_csv(hostile()))))

    assert all(not value.startswith(("=", "+", "-", "@")) for row in rows for value in row)
    assert rows[0][:5] == ["claim", "quote", "page", "verdict", "kind"]
    assert len(rows) == 1 + len(hostile().evidence)


@pytest.mark.parametrize("draw", [theme_map, timeline])
def test_plots_are_sound_the_same_each_time_and_take_the_colours_of_the_page(draw: Any) -> None:
    svg = draw(hostile())

    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert svg == draw(hostile())
    assert "currentColor" in svg
    assert "<script" not in svg
    assert "#010203" not in svg


def test_plots_of_nothing_are_empty() -> None:
    assert (theme_map(records([])), timeline(records([]))) == ("", "")
    assert timeline(records(papers={key: {"title": "T"} for key in PAPERS})) == ""


def test_the_flow_diagram_is_sound_and_shows_the_counts() -> None:
    drawn = flow({**records().counts, "excluded": {f"a <b>bad</b> & {'very ' * 30}long reason": 1}})
    shown = "".join(ET.fromstring(drawn).itertext())

    assert "Papers screened (n = 5)" in shown
    assert "read in full (n = 2)" in shown
    assert "<b>bad</b>" in shown


async def test_all_files_are_written_without_blocking(tmp_path: Path) -> None:
    review, known = compose(records()), records()

    with blockbuster_ctx(scanned_modules=["core", "workflows"]):
        paths = await publish(review, known, tmp_path / "out", {"settings": {"quality": "test"}})

    assert [path.name for path in paths] == [
        "review.html", "review.md", "references.bib", "references.ris", "references.json", "evidence.csv", "prisma.svg",
        "missing.csv", "run.json",
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in paths)
    told = json.loads(paths[-1].read_text())
    assert (told["settings"], told["prisma"]["included"]) == ({"quality": "test"}, 3)


async def test_counts_that_do_not_add_up_stop_it_before_anything_is_written(tmp_path: Path) -> None:
    wrong = records(counts={**records().counts, "sought": 9})

    with pytest.raises(PrismaError, match="screened - excluded = sought"):
        await publish(compose(wrong), wrong, tmp_path / "out")

    assert not (tmp_path / "out").exists()


async def test_a_review_of_nothing_is_published_too(tmp_path: Path) -> None:
    paths = await publish(compose(records([])), records([]), tmp_path)

    assert "none of them could be quoted" in paths[0].read_text()
