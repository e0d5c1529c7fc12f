"""What the loopback internet serves: the invented sample library, any corpus folder; all of it also from a child."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pypdfium2  # type: ignore[import-untyped]
import pytest
from lxml import etree

from core.identifiers import paper_id
from core.loopback import FAULTS, Internet
from core.loopback.corpus import FAIR, FAULTY, LIBRARY, read, samples
from core.loopback.faults import HARMLESS
from core.loopback.leaflet import leaflet
from core.loopback.plan import Route, Served
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MARK = "invented sample, not a real study"
SAMPLES = samples().papers
IDS = [served.id for served in SAMPLES]


def pages(file: Path | bytes | None) -> list[str]:
    """Return the text of each page of a PDF."""
    assert file is not None
    document = pypdfium2.PdfDocument(file)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def test_there_are_a_dozen_samples_in_a_small_package() -> None:
    assert len(SAMPLES) == 12
    assert sum(path.stat().st_size for path in LIBRARY.glob("*.pdf")) < 1_500_000


@pytest.mark.parametrize("served", SAMPLES, ids=IDS)
def test_every_page_of_a_sample_says_that_it_is_invented(served: Served) -> None:
    texts = pages(served.pdf)

    assert 2 <= len(texts) <= 4
    assert all(text.lower().count(MARK) >= 2 for text in texts)


@pytest.mark.parametrize("served", SAMPLES, ids=IDS)
def test_the_metadata_of_a_sample_says_that_it_is_invented(served: Served) -> None:
    document = pypdfium2.PdfDocument(served.pdf)
    about = document.get_metadata_dict()
    document.close()

    assert about["Title"] == served.metadata["title"]
    assert MARK in about["Keywords"].lower()
    assert served.metadata["doi"] in about["Subject"]


@pytest.mark.parametrize("served", SAMPLES, ids=IDS)
def test_a_sample_has_what_a_paper_has(served: Served) -> None:
    text = unspaced(" ".join(pages(served.pdf)))
    parts = ["Abstract.", "1 Introduction", "2 Methods", "Table 1.", "Conclusions", "Data availability", "References"]
    names = [author["name"] for author in served.metadata["authors"]]

    assert served.metadata["doi"].startswith("10.5555/alr.sample.")
    for part in (served.metadata["doi"], served.metadata["title"], *names, *parts):
        assert unspaced(part) in text


def unspaced(text: str) -> str:
    """Return `text` without spaces and hyphens; pdfium tells those at the end of a line as U+0002 or U+FFFE."""
    return re.sub("[\\s\x02\ufffe-]+", "", text)


def test_samples_cite_each_other_and_works_that_nobody_has() -> None:
    cited = {doi for served in SAMPLES for doi in served.metadata["referenced_works"]}

    assert len(cited & set(IDS)) >= 10
    assert cited - set(IDS)
    assert max(len(set(served.metadata["referenced_works"]) & set(IDS)) for served in SAMPLES) == 11


def test_samples_lie_on_every_way_there_is() -> None:
    routes = [route for served in SAMPLES for route in served.routes]

    assert {route.kind for route in routes} == {
        *("arxiv", "pmc", "europepmc", "oa_url", "landing", "jats", "html", "retrieve")
    }
    assert any(route.fault.startswith("wall_") for route in routes)
    assert any(route.fault and route.times for route in routes)
    assert [served.id for served in SAMPLES if not obtainable(served)] == ["10.5555/alr.sample.11"]


def obtainable(served: Served) -> bool:
    """Tell whether one of the routes leads to the paper in the end."""
    passing = {"", *HARMLESS}
    return any(route.fault in passing or route.times is not None for route in served.routes)


def test_a_full_text_as_jats_is_well_formed_and_complete() -> None:
    [served] = [served for served in SAMPLES if served.jats]
    article = etree.parse(str(served.jats))

    assert article.findtext(".//article-title") == served.metadata["title"]
    assert article.findtext(".//article-id[@pub-id-type='doi']") == served.metadata["doi"]
    assert [title.text for title in article.findall("./body/sec/title")][:2] == ["Introduction", "Methods"]
    assert article.findall(".//table-wrap//td")
    assert len(article.findall(".//ref")) == len(served.metadata["referenced_works"])
    assert MARK in str(etree.tostring(article)).lower()
    assert "#c(" not in str(etree.tostring(article))


def test_a_full_text_as_html_is_complete() -> None:
    [page] = [served.html for served in SAMPLES if isinstance(served.html, Path)]
    text = page.read_text(encoding="utf-8")

    assert re.findall(r"<h2>(.+?)</h2>", text)[:3] == ["Abstract", "Introduction", "Methods"]
    assert MARK in text.lower()
    assert "#c(" not in text


def test_the_library_is_what_its_sources_make_of_it(tmp_path: Path) -> None:
    built = json.loads((LIBRARY / "built.json").read_text())
    if not importlib.util.find_spec("typst"):
        pytest.skip("typst is not installed")
    if version("typst") != built["typst"]:
        pytest.skip(f"the library was set by typst {built['typst']}")

    subprocess.run([sys.executable, ROOT / "samples" / "build.py", "--out", tmp_path], check=True)

    assert json.loads((tmp_path / "built.json").read_text()) == built
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (LIBRARY / path.name).read_bytes(), path.name


def test_leaflets_are_pdfs_with_text() -> None:
    texts = pages(leaflet("On (brackets) and \\ strokes", "10.5555/x", pages=3))

    assert len(texts) == 3
    assert texts[0].startswith("On (brackets) and \\ strokes")
    assert "10.5555/x" in texts[0]
    assert all(len(text) > 1500 for text in texts)


@pytest.fixture(scope="module")
def corpus() -> Path:
    if not os.environ.get("LIT_REVIEW_CORPUS"):
        pytest.skip("LIT_REVIEW_CORPUS is not set")
    return Path(os.environ["LIT_REVIEW_CORPUS"])


def test_a_corpus_can_be_had_whole(corpus: Path) -> None:
    papers = read(corpus).papers

    assert len(papers) == len((corpus / "manifest.jsonl").read_text().splitlines())
    assert all(fair(served.routes) for served in papers)
    assert {route.kind for served in papers for route in served.routes} >= {"arxiv", "pmc", "europepmc", "jats"}
    assert read(corpus) == read(corpus)


def test_a_faulty_corpus_has_papers_that_cannot_be_had(corpus: Path) -> None:
    lost = [served for served in read(corpus, faulty=True).papers if not fair(served.routes)]

    assert 5 <= len(lost) <= 20


def fair(routes: tuple[Route, ...]) -> bool:
    """Tell whether the last route, to which the ladder comes in the end, gives the paper."""
    return bool(routes) and (routes[-1].fault in {"", *HARMLESS} or routes[-1].times is not None)


def test_fair_ways_are_fair_and_faulty_ways_are_not() -> None:
    assert all(fair(routes) for routes in FAIR)
    assert [fair(routes) for routes in FAULTY[len(FAIR) :]] == [False] * (len(FAULTY) - len(FAIR))
    assert all(route.fault in FAULTS or route.kind == "retrieve" for ways in FAIR for route in ways if route.fault)


async def test_papers_of_a_corpus_keep_their_identity(corpus: Path) -> None:
    async with Internet.from_corpus(corpus) as net:
        assert [paper_id(paper) for paper in net.papers] == [served.id for served in net.plan.papers]
        assert len({paper_id(paper) for paper in net.papers}) == len(net.papers)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-m", "core.loopback", "--samples", f"--port-file={tmp_path}/port"]
    with subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        yield process
        process.kill()


def told(child: subprocess.Popen[str]) -> Any:
    """Return the line that the child says first."""
    assert child.stdout is not None
    return json.loads(child.stdout.readline())


def test_a_child_process_tells_how_to_reach_it(child: subprocess.Popen[str], tmp_path: Path) -> None:
    said = told(child)
    settings = Settings(home=tmp_path, **said["settings"])
    arxiv = next(paper for paper in said["papers"] if "arxiv_id" in paper)
    answer = build_opener(ProxyHandler({})).open(f"{settings.arxiv_url}/pdf/{arxiv['arxiv_id']}", timeout=10)

    with answer:
        assert answer.read(5) == b"%PDF-"
    assert settings.allow_networks == ("127.0.0.0/8",)
    assert said["hosts"]["arxiv"] == settings.arxiv_url
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0
    assert json.loads((tmp_path / "port").read_text()) == said


def test_a_child_process_ends_with_its_standard_input(child: subprocess.Popen[str]) -> None:
    told(child)

    _, errors = child.communicate(timeout=10)

    assert (child.returncode, errors) == (0, "")
