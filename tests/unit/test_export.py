"""The files of `--out`: readable by people, spreadsheets and programs, and whole or not there."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from core.conversion.converter import PageSpan
from core.errors import InputError, LitReviewError, StoreError
from core.stores.records import StoredText
from workflows.research.academic_lit_review.export import (
    cell,
    document,
    export,
    file_name,
    front_matter,
    missing,
    prepare,
    write,
)
from workflows.research.academic_lit_review.paper_processor.state import Outcome
from workflows.research.academic_lit_review.pictures import linked

READ: Outcome = {
    "paper_id": "10.1000/read",
    "title": "Salt: a review",
    "doi": "10.1000/read",
    "status": "converted",
    "source": "pmc",
    "url": "https://example.org/a.pdf",
    "license": "cc-by",
    "engine": "text-layer",
    "text_sha256": "ab",
    "pages": 2,
    "tried": [],
}
FAILED: Outcome = {
    "paper_id": "10.1000/failed",
    "title": "=HYPERLINK(1)",
    "doi": "10.1000/failed",
    "status": "failed",
    "reason": "http_403",
    "detail": "no, thank you",
    "failed_stage": "acquire",
    "tried": [
        {"source": "arxiv", "url": "https://a.example/1", "verdict": "http_403", "detail": ""},
        {"source": "landing", "url": "https://b.example/2", "verdict": "paywall", "detail": '39 "EUR"'},
    ],
}
PAGES = (PageSpan(1, 0, 5), PageSpan(2, 5, 11))


class Texts:
    """A store of one text; with `damaged`, of none."""

    def __init__(
        self,
        text: str = "Salt.\nÜber\n",
        *,
        pages: tuple[PageSpan, ...] = PAGES,
        images: Path | None = None,
        damaged: bool = False,
    ) -> None:
        self.damaged = damaged
        self._text, self._pages, self._images = text, pages, images

    async def read_text(self, sha256: str) -> str:
        if self.damaged:
            raise StoreError("the text is damaged")
        return self._text

    async def texts_of(self, paper_id: str) -> list[StoredText]:
        made = StoredText("ab", Path("t"), "f", "text-layer/1", 10, "text-layer", self._pages, 11)
        return [replace(made, images=self._images)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def parts(text: str) -> tuple[dict[str, Any], str]:
    _, matter, body = text.split("---\n", 2)
    return yaml.safe_load(matter), body.removeprefix("\n")


async def test_a_folder_holds_the_texts_the_outcomes_and_what_is_missing(tmp_path: Path) -> None:
    assert await export([READ, FAILED], Texts(), tmp_path) == []

    assert names(tmp_path) == ["missing.csv", "outcomes.jsonl", file_name(READ)]
    lines = [json.loads(line) for line in (tmp_path / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == [{**READ, "markdown": file_name(READ)}, FAILED]


async def test_a_text_stands_unchanged_below_its_front_matter(tmp_path: Path) -> None:
    await export([READ], Texts(), tmp_path)

    matter, body = parts((tmp_path / file_name(READ)).read_bytes().decode())
    assert body == "Salt.\nÜber\n"
    assert [body[start:] for start in matter["page_starts"]] == ["Salt.\nÜber\n", "\nÜber\n"]
    assert {key: matter[key] for key in ("id", "title", "source", "url", "license", "engine", "pages")} == {
        "id": "10.1000/read",
        "title": "Salt: a review",
        "source": "pmc",
        "url": "https://example.org/a.pdf",
        "license": "cc-by",
        "engine": "text-layer",
        "pages": 2,
    }


async def test_images_lie_beside_the_text_and_its_links_lead_to_them(tmp_path: Path) -> None:
    text = 'Salt ![](_page_0_Figure_1.jpeg) and\n<img src="b.png"> and ![](https://a.example/b.png) and b.png.\n'
    texts = Texts(text, pages=(PageSpan(1, 0, 36), PageSpan(2, 36, len(text))), images=tmp_path / "store")
    for name in ("_page_0_Figure_1.jpeg", "b.png"):
        (tmp_path / "store").mkdir(exist_ok=True)
        (tmp_path / "store" / name).write_bytes(name.encode())

    await export([READ], texts, tmp_path)

    stem = file_name(READ).removesuffix(".md")
    matter, body = parts((tmp_path / file_name(READ)).read_text())
    assert body == text.replace("(_page", f"({stem}/_page").replace('"b.png', f'"{stem}/b.png')
    assert [body[start:][:5] for start in matter["page_starts"]] == ["Salt ", "<img "]
    assert {path.name: path.read_bytes() for path in (tmp_path / stem).iterdir()} == {
        name: name.encode() for name in ("_page_0_Figure_1.jpeg", "b.png")
    }


def test_only_links_to_the_images_there_are_led_elsewhere() -> None:
    text = "![a](a.png) ![b](a.pngx) [c](a.png \"title\") <img src='a.png'> (a.png)"

    assert linked(text, (), ["a.p", "x(1).png"], "f") == (text, ())
    assert linked(text, (), ["a.png"], "f") == (
        "![a](f/a.png) ![b](a.pngx) [c](f/a.png \"title\") <img src='f/a.png'> (a.png)",
        (),
    )


def test_a_text_without_pages_has_no_page_starts() -> None:
    matter, body = parts(document({**READ, "pages": 0}, "Text", ()))
    assert (matter["pages"], matter["page_starts"], body) == (0, [], "Text")


async def test_a_second_export_adds_to_the_first_and_a_paper_read_since_is_missing_no_more(tmp_path: Path) -> None:
    await export([READ, FAILED], Texts(), tmp_path)
    before = names(tmp_path)
    await export([READ], Texts(), tmp_path)
    assert names(tmp_path) == before
    assert (tmp_path / "missing.csv").read_text(encoding="utf-8-sig").count('"10.1000/failed"') == 2

    await export([{**READ, "paper_id": FAILED["paper_id"]}], Texts(), tmp_path)
    assert (tmp_path / "missing.csv").read_text(encoding="utf-8-sig").count("\n") == 1
    assert len((tmp_path / "outcomes.jsonl").read_text().splitlines()) == 2


async def test_outcomes_that_somebody_broke_do_not_stop_an_export(tmp_path: Path) -> None:
    (tmp_path / "outcomes.jsonl").write_text('{"paper_id": 1\n[]\nnull\n\xff\n')
    await export([READ], Texts(), tmp_path)
    assert len((tmp_path / "outcomes.jsonl").read_text().splitlines()) == 1


async def test_a_damaged_text_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    problems = await export([READ, FAILED], Texts(damaged=True), tmp_path)
    assert problems == ["Salt: a review: the text is damaged; run the same command again to make it anew"]
    assert "markdown" not in json.loads((tmp_path / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()[0])


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text() | st.integers() | st.lists(st.integers())))
def test_any_front_matter_is_yaml(values: dict[str, object]) -> None:
    assert (yaml.safe_load(front_matter(values)) or {}) == values


def test_a_title_cannot_end_the_front_matter() -> None:
    matter, _ = parts(document({**READ, "title": 'A\n---\nid: "x"\u2028\x85'}, "Text", ()))
    assert matter["title"] == 'A\n---\nid: "x"\u2028\x85'
    assert matter["id"] == "10.1000/read"


# names


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        ({"paper_id": "10.1/x", "title": "Salt: a Review / of <Everything>?"}, "salt-a-review-of-everything-"),
        ({"paper_id": "10.1/../../etc/passwd"}, "10-1-etc-passwd-"),
        ({"paper_id": "sha256:00", "url": "/home/me/My Paper.PDF"}, "my-paper-"),
        ({"paper_id": "10.1/x", "title": "Über 盐"}, "über-盐-"),
        ({"paper_id": "10.1/x", "title": "???"}, ""),
    ],
)
def test_a_file_name_can_be_read(outcome: Outcome, name: str) -> None:
    assert file_name(outcome)[:-11] == name


@given(st.text(), st.text(min_size=1))
def test_a_file_name_is_safe_everywhere(title: str, paper_id: str) -> None:
    name = file_name({"paper_id": paper_id, "title": title})
    assert len(name.encode("utf-8")) < 120
    assert not set(name) & set('/\\:*?"<>|\x00\n')
    assert not name.startswith((".", "-"))
    assert name.endswith(".md")


def test_papers_of_one_title_have_different_names() -> None:
    assert file_name({"paper_id": "10.1/x", "title": "T"}) != file_name({"paper_id": "10.1/y", "title": "T"})


# what is missing


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_missing_paper_is_listed_with_everything_that_was_tried() -> None:
    assert rows(missing([READ, FAILED])) == [
        {
            "id": "10.1000/failed",
            "title": "'=HYPERLINK(1)",
            "doi": "10.1000/failed",
            "failed_stage": "acquire",
            "reason": "http_403",
            "detail": "no, thank you",
            "tried": 'arxiv https://a.example/1 -> http_403\nlanding https://b.example/2 -> paywall: 39 "EUR"',
        }
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1", "%0A=1", "|x"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "10.1000/x", "A - B", "https://example.org/?a=1"])
def test_a_harmless_cell_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


@given(st.text())
def test_any_title_survives_the_table(title: str) -> None:
    table = missing([{**FAILED, "title": title}])
    found = next(csv.reader(io.StringIO(table.split("\n", 1)[1], newline="")))[1]
    assert found in (title, f"'{title}")


# the disk


@pytest.mark.parametrize("name", ["file/below", "file"])
def test_a_folder_that_cannot_be_made_is_noticed_before_the_run(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--out .*: cannot be written: "):
        prepare(tmp_path / name)


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    prepare(tmp_path / "a/b")
    assert list((tmp_path / "a/b").iterdir()) == []


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "old.md").mkdir()
    with pytest.raises(LitReviewError, match=r"old\.md: cannot be written: "):
        write(tmp_path / "old.md", "text")
    assert names(tmp_path) == ["old.md"]
