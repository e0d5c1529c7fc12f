"""What a user may name papers with, and what is said when it cannot be read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.identifiers import paper_id
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.inputs import Inputs, read_inputs
from workflows.research.academic_lit_review.inputs.files import read_text
from workflows.research.academic_lit_review.inputs.identifier import identify


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> str:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return str(path)


def only(inputs: Inputs) -> PaperMetadata:
    assert len(inputs.papers) == 1, inputs
    return inputs.papers[0]


# identifiers


@pytest.mark.parametrize(
    "text",
    [
        "10.1371/journal.pone.0000308",
        "10.1371/JOURNAL.PONE.0000308",
        "doi:10.1371/journal.pone.0000308",
        "DOI: 10.1371/journal.pone.0000308.",
        "https://doi.org/10.1371/journal.pone.0000308",
        "http://dx.doi.org/10.1371%2Fjournal.pone.0000308",
        "doi.org/10.1371/journal.pone.0000308",
        "<https://doi.org/10.1371/journal.pone.0000308>",
        "https://onlinelibrary.example.com/doi/abs/10.1371/journal.pone.0000308?x=1#abstract",
        "https://www.example.org/articles/10.1371/journal.pone.0000308/full",
        "https://www.example.org/articles/10.1371/journal.pone.0000308.full.pdf",
    ],
)
def test_a_doi_is_read_in_every_spelling(text: str) -> None:
    assert identify(text) == {"doi": "10.1371/journal.pone.0000308"}


def test_a_doi_of_the_sici_kind_keeps_its_brackets_and_signs() -> None:
    text = "https://doi.org/10.1002/(SICI)1097-4571(199806)49:8%3C693::AID-ASI4%3E3.0.CO;2-O"
    assert identify(text) == {"doi": "10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o"}


def test_the_version_in_a_biorxiv_address_is_no_part_of_the_doi() -> None:
    page = "https://www.biorxiv.org/content/10.1101/2020.01.01.123456v2.full.pdf"
    assert identify(page) == {"doi": "10.1101/2020.01.01.123456"}


@pytest.mark.parametrize(
    ("text", "arxiv_id"),
    [
        ("2101.00001", "2101.00001"),
        ("arXiv:2101.00001v3", "2101.00001"),
        ("arXiv: hep-th/9901001", "hep-th/9901001"),
        ("math.GT/0309136", "math.gt/0309136"),
        ("https://arxiv.org/abs/2101.00001v2", "2101.00001"),
        ("http://www.arxiv.org/pdf/2101.00001v3.pdf", "2101.00001"),
        ("export.arxiv.org/abs/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/html/2101.00001v1", "2101.00001"),
    ],
)
def test_an_arxiv_paper_is_read_in_every_spelling(text: str, arxiv_id: str) -> None:
    assert identify(text) == {"arxiv_id": arxiv_id}


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        ("pmid:16504000", {"pmid": "16504000"}),
        ("PMID: 16504000", {"pmid": "16504000"}),
        ("https://pubmed.ncbi.nlm.nih.gov/16504000/", {"pmid": "16504000"}),
        ("https://europepmc.org/article/MED/16504000", {"pmid": "16504000"}),
        ("PMC1397864", {"pmcid": "PMC1397864"}),
        ("pmcid:pmc1397864", {"pmcid": "PMC1397864"}),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1397864/pdf/main.pdf", {"pmcid": "PMC1397864"}),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC1397864/", {"pmcid": "PMC1397864"}),
        ("https://europepmc.org/articles/PMC1397864?pdf=render", {"pmcid": "PMC1397864"}),
    ],
)
def test_pubmed_and_pmc_are_read_in_every_spelling(text: str, paper: PaperMetadata) -> None:
    assert identify(text) == paper


@pytest.mark.parametrize(
    "text", ["", " ", "16504000", "a title of a paper", "10.1371", "http://[", "https://example.org/123", "x/1234567"]
)
def test_what_is_no_identifier_is_none(text: str) -> None:
    assert identify(text) is None


@given(st.text(max_size=60))
def test_any_text_is_an_identifier_or_none(text: str) -> None:
    found = identify(text)
    assert found is None or paper_id(found)


# the command line as a whole


def test_several_inputs_keep_their_order(tmp_path: Path) -> None:
    bib = write(tmp_path, "refs.bib", "@misc{a, title={First}}\n@misc{b, title={Second}}")
    found = read_inputs(["2101.00001", bib, "10.1234/last"])
    assert [paper.get("title") or paper_id(paper) for paper in found.papers] == [
        "arxiv:2101.00001",
        "First",
        "Second",
        "10.1234/last",
    ]
    assert found.notes == ()


def test_every_wrong_input_is_told_of_at_once_and_the_accepted_forms_only_once() -> None:
    with pytest.raises(InputError) as caught:
        read_inputs(["nonsense", "16504000", "gone.bib", "gone/", "https://example.org/a.pdf", "10.1234/good"])
    message = str(caught.value)
    assert "'nonsense' is not recognised" in message
    assert "write pmid:16504000" in message
    assert "gone.bib: no such file" in message
    assert "gone/: no such file" in message
    assert "https://example.org/a.pdf: not the address of an article" in message
    assert message.count("Accepted are:") == 1
    assert all(form in message for form in ("doi:10.", "arXiv:", "pmid:", "PMC1397864", "refs.bib", "paper.pdf"))


def test_no_input_at_all_shows_what_is_accepted() -> None:
    with pytest.raises(InputError, match=r"nothing to read[\s\S]*a DOI"):
        read_inputs([])


# PDFs and folders


def test_a_pdf_becomes_a_paper_with_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "Paper.PDF", "%PDF-1.7")
    write(tmp_path, "download", "%PDF-1.7 without a suffix")
    assert [paper["pdf_path"] for paper in read_inputs(["Paper.PDF", "download"]).papers] == [
        str(tmp_path / "Paper.PDF"),
        str(tmp_path / "download"),
    ]


def test_a_file_that_only_claims_to_be_a_pdf_is_left_to_the_gate(tmp_path: Path) -> None:
    assert only(read_inputs([write(tmp_path, "wall.pdf", "<html>")])) == {"pdf_path": str(tmp_path / "wall.pdf")}


def test_a_folder_gives_its_pdfs_sorted_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.pdf", "a/z.pdf", "a/deep/y.PDF", ".hidden.pdf", ".git/x.pdf", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path, name, "%PDF-1.7")
    (tmp_path / "folder.pdf").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    found = [str(Path(paper["pdf_path"]).relative_to(tmp_path)) for paper in read_inputs([str(tmp_path)]).papers]
    assert found == ["a/deep/y.PDF", "a/z.pdf", "b.pdf"]


def test_a_folder_without_pdfs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no PDF in this folder"):
        read_inputs([str(tmp_path)])


def test_a_file_name_that_is_not_text_is_told_not_crashed_on(tmp_path: Path) -> None:
    strange = os.path.join(os.fsencode(tmp_path), b"caf\xe9.pdf")
    with open(strange, "wb") as file:
        file.write(b"%PDF-1.7")
    with pytest.raises(InputError, match="not valid UTF-8; rename it"):
        read_inputs([os.fsdecode(strange)])
    write(tmp_path, "good.pdf", "%PDF-1.7")
    found = read_inputs([str(tmp_path)])
    assert len(found.papers) == 1
    assert "not valid UTF-8" in found.notes[0]


def test_a_file_of_another_kind_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a PDF nor a bibliography"):
        read_inputs([write(tmp_path, "notes.txt", "10.1371/x")])
    with pytest.raises(InputError, match="neither a PDF nor a bibliography"):
        read_inputs([os.devnull])


# encodings and sizes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encoding_of_a_file_is_recognised(tmp_path: Path, encoding: str) -> None:
    found = read_inputs([write(tmp_path, "refs.bib", "@misc{a, title={Über Möwen 🐦}}", encoding)])
    assert only(found)["title"] == "Über Möwen 🐦"
    assert found.notes == ()


def test_an_old_encoding_is_read_with_a_note(tmp_path: Path) -> None:
    found = read_inputs([write(tmp_path, "refs.ris", "TY  - JOUR\nTI  - Möwen “Fülle”\nER  - ", "cp1252")])
    assert only(found)["title"] == "Möwen “Fülle”"
    assert found.notes == (f"{tmp_path / 'refs.ris'}: not UTF-8 (line 2); read as Latin-1, so check the accents",)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than 1 MiB; split it"):
        read_text(write(tmp_path, "refs.bib", " " * (1024 * 1024 + 1)), limit=1024 * 1024)


# hostile files

WORDS = r"""@article{ @string{ @comment( a = { } " , # \ $ % doi title author 10.1000/x https://[ https://doi.org/ [ ] :
"DOI" "title" "author" "issued" "date-parts" "year" "pdf_path" null 1e999 NaN é"""
PIECES = st.sampled_from([*WORDS.split(), " and ", "\n", "\x00", "TY  - ", "TI  - ", "ER  - ", "DO  - ", "UR  - "])
FILES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    st.lists(PIECES, max_size=60).map(lambda parts: "".join(parts).encode()),
)


@pytest.mark.parametrize("suffix", [".bib", ".ris", ".json", ".jsonl", ".pdf", ".txt"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=FILES)
def test_any_file_gives_papers_or_an_input_error(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    try:
        found = read_inputs([str(path)])
    except InputError:
        return
    assert found.papers
    assert all(paper_id(paper) for paper in found.papers)
    json.dumps([found.papers, found.notes], ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.bib", "@misc{a, doi={10.1000/" + ").)." * 5000 + "}, title={T}}"),
        ("deep.ris", "TY  - JOUR\nTI  - T\nDO  - 10.1000/" + ").)." * 5000),
        (
            "deep.json",
            json.dumps({"title": "T", "doi": "10.1000/" + ").)." * 5000, "url": "https://x.y/" + ")." * 5000}),
        ),
        ("deep.jsonl", json.dumps({"title": "T", "doi": "10.1000/" + ").)." * 5000})),
        ("long.ris", "TY  - JOUR\nTI  - T\n" + "x\n" * 200_000),
        ("open.bib", "@misc{a, title={T}}\n@misc{b, title={" + "{" * 200_000),
        ("many.bib", "@misc{a, title={T}}\n" + "@a{\n" * 20_000),
    ],
)
def test_a_file_made_to_exhaust_the_reader_is_read_all_the_same(tmp_path: Path, name: str, text: str) -> None:
    assert len(read_inputs([write(tmp_path, name, text)]).papers) == 1


KEYS = ["doi", "DOI", "title", "authors", "author", "name", "issued", "date-parts", "year", "oa_urls", "pdf_path"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=JSON)
def test_any_json_gives_papers_or_an_input_error(tmp_path: Path, suffix: str, data: object) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_text(json.dumps(data), encoding="utf-8")
    try:
        found = read_inputs([str(path)])
    except InputError:
        return
    for paper in found.papers:
        assert isinstance(paper.get("title", ""), str)
        assert isinstance(paper.get("year", 0), int)
        assert all(isinstance(author["name"], str) for author in paper.get("authors", []) if "name" in author)
