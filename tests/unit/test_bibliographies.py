"""Bibliographies as reference managers and databases write them, and what is said of entries that are broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.inputs import Inputs, read_inputs
from workflows.research.academic_lit_review.inputs.latex import decode


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def only(inputs: Inputs) -> PaperMetadata:
    assert len(inputs.papers) == 1, inputs
    return inputs.papers[0]


# BibTeX

BIB = r"""
@string{nat = {Nature}}
@comment{jabref-meta: databaseType:bibtex;}
@Article{mueller2020,
  Title = {The {DNA} of {\"U}ber-\'{e}l\`eves: $\alpha$-synuclein \& H$_2$O --- \textit{E. coli}},
  Author = {M{\"u}ller, J{\"o}rg and {World Health Organization} and van der Berg, Jan and
    Knuth, Jr., Donald and others},
  year = 2019, date = {2020-05-02}, journal = nat,
  doi = {10.1000/ABC\_def},
  abstract = {One
     two}
}
"""


def test_a_bib_entry_is_decoded(tmp_path: Path) -> None:
    assert only(read_inputs([write(tmp_path, "refs.bib", BIB)])) == {
        "doi": "10.1000/abc_def",
        "title": "The DNA of Über-élèves: α-synuclein & H2O — E. coli",
        "authors": [
            {"name": "Jörg Müller"},
            {"name": "World Health Organization"},
            {"name": "Jan van der Berg"},
            {"name": "Donald Knuth Jr."},
        ],
        "year": 2020,
        "publication_date": "2020-05-02",
        "venue": "Nature",
        "abstract": "One two",
    }


@pytest.mark.parametrize(
    ("field", "key", "value"),
    [
        ("url = {https://doi.org/10.1000/xyz}", "doi", "10.1000/xyz"),
        ("url = {https://example.org/articles/10.1000/xyz/full}", "doi", "10.1000/xyz"),
        ("note = {DOI: 10.1000/xyz}", "doi", "10.1000/xyz"),
        ("note = {PMID: 16504000 \n PMCID: PMC1397864}", "pmcid", "PMC1397864"),
        ("url = {https://arxiv.org/abs/2101.00001v2}", "arxiv_id", "2101.00001"),
        ("journal = {arXiv preprint arXiv:2101.00001}", "arxiv_id", "2101.00001"),
        ("eprint = {hep-th/9901001}, archivePrefix = {arXiv}", "arxiv_id", "hep-th/9901001"),
        ("url = {https://example.org/paper.pdf}, doi={10.1000/xyz}", "oa_urls", ["https://example.org/paper.pdf"]),
        ("howpublished = {\\url{https://example.org/x_y}}", "oa_urls", ["https://example.org/x_y"]),
    ],
)
def test_identifiers_are_found_in_looser_fields(tmp_path: Path, field: str, key: str, value: object) -> None:
    assert only(read_inputs([write(tmp_path, "a.bib", f"@misc{{k, title={{T}}, {field}}}")])).get(key) == value


def test_the_doi_of_another_work_in_a_note_is_not_taken(tmp_path: Path) -> None:
    bib = "@misc{k, title={T}, note={Erratum in: doi:10.1000/other}}"
    assert "doi" not in only(read_inputs([write(tmp_path, "a.bib", bib)]))


def test_a_broken_bib_entry_is_a_note_with_its_line_and_the_others_go_on(tmp_path: Path) -> None:
    text = "@misc{a, title={One}}\n\n@misc{b, title={never closed\n@misc{c, title={Three}}\n@misc{d, year={2020}}\n"
    found = read_inputs([path := write(tmp_path, "refs.bib", text)])
    assert [paper["title"] for paper in found.papers] == ["One", "Three"]
    assert found.notes[0].startswith(f"{path}, line 3: not BibTeX: Unexpected block start")
    assert found.notes[1] == f"{path}, line 5: entry 'd' has neither identifier nor title"


def test_a_key_or_a_field_that_occurs_twice_loses_no_entry(tmp_path: Path) -> None:
    text = """@string{n = "Nature"}
        @misc{a, title={One}}
        @misc{a, title={Two}, journal=n}
        @misc{b, title="X" # " Y", title={Z}}"""
    found = read_inputs([write(tmp_path, "refs.bib", text)])
    assert [paper["title"] for paper in found.papers] == ["One", "Two", "X Y"]
    assert found.papers[1]["venue"] == "Nature"


@pytest.mark.parametrize(
    "field",
    ["Full Text:files/1/p.pdf:application/pdf;Snap:files/1/x.html:text/html", ":files/1/p.pdf:PDF", "files/1/p.pdf"],
)
def test_a_pdf_attached_to_a_bib_entry_is_used(tmp_path: Path, field: str) -> None:
    (tmp_path / "files/1").mkdir(parents=True)
    write(tmp_path, "files/1/p.pdf", "%PDF-1.7")
    bib = write(tmp_path, "refs.bib", f"@misc{{a, doi={{10.1000/x}}, file = {{{field}}}}}")
    assert only(read_inputs([bib]))["pdf_path"] == str(tmp_path / "files/1/p.pdf")


def test_a_bib_file_without_entries_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no usable entry in this file\n.*line 1: not BibTeX"):
        read_inputs([write(tmp_path, "refs.bib", "@misc{a, title={x")])


def test_a_large_library_is_read_whole(tmp_path: Path) -> None:
    entry = '@article{k%d, title={On {DNA} %d}, author={M{\\"u}ller, J. and B, A.}, doi={10.1000/%d}, abstract={%s}}\n'
    path = write(tmp_path, "refs.bib", "".join(entry % (i, i, i, "many words " * 100) for i in range(3000)))
    assert len(read_inputs([path]).papers) == 3000


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\"u\"{u}{\"{u}}{\"u}", "üüüü"),
        (r"na{\"\i}ve \'{\i} \v{s} \v sa \k{a} \H{o} \c{c} \r a", "naïve í š ša ą ő ç å"),
        (r"\o re \aa{} \L{}ód\'z {\ss} \AE", "øre å Łódź ß Æ"),
        (r"100\% of 50 \& more \# \_x", "100% of 50 & more # _x"),
        ("$5 to $10, 100% & _x^2", "$5 to $10, 100% & _x^2"),
        (r"$\beta$-glucan, CO$_{2}$, $p<0.05$, \textsuperscript{13}C", "β-glucan, CO2, p<0.05, 13C"),
        ("``quoted'' text -- or---not", "“quoted” text – or—not"),
        ("\\", "\\"),
        ("}{", ""),
    ],
)
def test_latex_becomes_text(latex: str, text: str) -> None:
    assert decode(latex) == text


@given(st.text(alphabet="\\\"'`^~=.uvHi{}$_-abc \n"))
def test_no_latex_is_too_broken_to_decode(latex: str) -> None:
    assert isinstance(decode(latex), str)


# RIS

RIS = """Provider: a database\r
TY  - JOUR\r
AU  - Müller, Jörg\r
A1  - Smith, John, Jr.\r
TI  - Salt &amp; <i>E. coli</i>:\r
a long title\r
T2  - Nature\r
DA  - 2020/05/02/\r
N2  - An abstract.\r
UR  - https://doi.org/10.1000/XYZ\r
ER  - \r
TY  - JOUR\r
TI  - Without an end\r
PY  - 2018\r
TY  - JOUR\r
PY  - 2017\r
ER  - \r
"""


def test_ris_records_are_read_and_an_empty_one_is_a_note(tmp_path: Path) -> None:
    found = read_inputs([path := write(tmp_path, "refs.ris", RIS)])
    assert found.papers == [
        {
            "doi": "10.1000/xyz",
            "title": "Salt & E. coli: a long title",
            "authors": [{"name": "Jörg Müller"}, {"name": "John Smith Jr."}],
            "venue": "Nature",
            "year": 2020,
            "publication_date": "2020-05-02",
            "abstract": "An abstract.",
        },
        {"title": "Without an end", "year": 2018},
    ]
    assert found.notes == (f"{path}, line 15: the record has neither identifier nor title",)


# CSL-JSON


def test_csl_json_is_read_as_zotero_and_crossref_write_it(tmp_path: Path) -> None:
    zotero = {
        "id": "http://zotero.example/items/A",
        "DOI": "10.1000/XYZ",
        "title": "On <i>E. coli</i>",
        "author": [{"family": "Berg", "given": "Jan", "non-dropping-particle": "van der"}, {"literal": "WHO"}, 7],
        "issued": {"date-parts": [["2020", 5, 2]]},
        "container-title": "Nature",
        "PMCID": "PMC1397864",
        "note": "PMID: 16504000",
    }
    crossref = {"doi": "10.1000/b", "title": ["A list"], "container-title": [], "issued": {"date-parts": [[None]]}}
    found = read_inputs([path := write(tmp_path, "refs.json", json.dumps([zotero, crossref, 5, {"title": None}]))])
    assert found.papers[0] == {
        "doi": "10.1000/xyz",
        "title": "On E. coli",
        "authors": [{"name": "Jan van der Berg"}, {"name": "WHO"}, {"name": "7"}],
        "venue": "Nature",
        "year": 2020,
        "publication_date": "2020-05-02",
        "pmcid": "PMC1397864",
        "pmid": "16504000",
    }
    assert found.papers[1] == {"doi": "10.1000/b", "title": "A list"}
    assert found.notes == (
        f"{path}, entry 3: a JSON object was expected, not 5",
        f"{path}, entry 4: has neither identifier nor title",
    )


@pytest.mark.parametrize("wrap", [lambda item: item, lambda item: {"items": [item]}, lambda item: {"message": item}])
def test_csl_json_may_be_one_item_or_wrapped(tmp_path: Path, wrap: object) -> None:
    assert callable(wrap)
    text = json.dumps(wrap({"title": "T"}))
    assert only(read_inputs([write(tmp_path, "refs.json", text)]))["title"] == "T"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{\n  'a': 1}", r"refs.json, line 2: not JSON: .*\(column 3\)"),
        ("[" * 100_000, "not usable JSON"),
        ("9" * 5000, "not usable JSON"),
        ("[]", "no usable entry"),
        ("", "line 1: not JSON"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_inputs([write(tmp_path, "refs.json", text)])


# JSONL


def test_a_jsonl_record_survives_unchanged(tmp_path: Path) -> None:
    paper: PaperMetadata = {
        "doi": "10.1000/xyz",
        "title": "T",
        "authors": [{"name": "A B", "orcid": "0"}],
        "year": 2020,
        "oa_urls": ["https://example.org/a.pdf"],
        "is_oa": True,
        "cited_by_count": 0,
        "relevance_score": 0.5,
    }
    assert only(read_inputs([write(tmp_path, "p.jsonl", json.dumps(paper) + "\n\n")])) == paper


def test_wrong_values_in_jsonl_are_dropped_and_told(tmp_path: Path) -> None:
    line = {
        "doi": "10.1000/x",
        "year": "soon",
        "authors": ["A B", {"name": "C", "orcid": None}],
        "venue": None,
        "relevance_score": "nan",
        "cited_by_count": 10**30,
        "oa_urls": "x",
        "pdf_path": "gone.pdf",
        "title": "\ud800\x1b[31mT",
    }
    found = read_inputs([path := write(tmp_path, "p.jsonl", json.dumps(line))])
    assert only(found) == {"doi": "10.1000/x", "authors": [{"name": "A B"}, {"name": "C"}], "title": "[31mT"}
    assert sorted(note.removeprefix(f"{path}, line 1: ").split()[0] for note in found.notes) == [
        "cited_by_count",
        "oa_urls",
        "pdf_path",
        "relevance_score",
        "year",
    ]


def test_unknown_keys_in_jsonl_are_told_once(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"title": f"T{i}", "colour": 1, "size": 2}) for i in range(50))
    found = read_inputs([path := write(tmp_path, "p.jsonl", lines)])
    assert len(found.papers) == 50
    assert found.notes == (f"{path}: unknown keys ignored: colour, size (first in line 1)",)


def test_a_bad_line_is_a_note_and_many_are_cut_short(tmp_path: Path) -> None:
    text = '{"title": "T"}\n' + "{no json\n" * 30 + "[1]\n"
    found = read_inputs([path := write(tmp_path, "p.jsonl", text)])
    assert found.notes[0].startswith(f"{path}, line 2: not JSON:")
    assert len(found.notes) == 21
    assert found.notes[-1] == f"{path}: and 11 more like these"


def test_a_pdf_path_in_jsonl_is_seen_from_the_file(tmp_path: Path) -> None:
    write(tmp_path, "a.pdf", "%PDF-1.7")
    found = read_inputs([write(tmp_path, "p.jsonl", '{"pdf_path": "a.pdf"}')])
    assert only(found) == {"pdf_path": str(tmp_path / "a.pdf")}
