"""JATS and HTML articles become Markdown that no converter could make better."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotAdmitted
from workflows.research.academic_lit_review.paper_processor.acquisition.fulltext import read_html, read_jats

WORDS = "The rate of foraging rose by 12 % (p < 0.05). " * 60
JATS = f"""<?xml version="1.0"?>
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta><article-id pub-id-type="doi">10.5555/bees</article-id>
<title-group><article-title>Bees on <italic>roofs</italic></article-title></title-group>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><p>CC BY</p></license></permissions>
<abstract><p>We counted bees.</p></abstract></article-meta></front>
<body><sec><title>Introduction</title><p>{WORDS.replace("<", "&lt;")}</p>
<sec><title>Aims</title><p>Counting &lt;script&gt; bees.</p><list><list-item><p>one</p></list-item><list-item><p>two</p></list-item></list></sec></sec>
<sec><title>Results</title><p>See <xref>Table 1</xref>.<table-wrap><label>Table 1</label><caption><p>Counts</p></caption>
<table><thead><tr><th>Roof</th><th>Bees</th></tr></thead><tbody><tr><td>A|B</td><td>12</td></tr></tbody></table></table-wrap></p></sec></body>
<back><ref-list><ref><label>1</label><mixed-citation>Smith 2020. <italic>Roofs</italic>.</mixed-citation></ref></ref-list></back></article>"""


def test_a_jats_article_keeps_headings_lists_tables_and_references() -> None:
    article = read_jats(JATS.encode())

    assert (article.title, article.doi) == ("Bees on roofs", "10.5555/bees")
    assert article.license == "https://creativecommons.org/licenses/by/4.0/"
    lines = article.markdown.splitlines()
    headings = [line for line in lines if line.startswith("#")]
    assert headings == ["# Bees on roofs", "## Abstract", "## Introduction", "### Aims", "## Results", "## References"]
    assert "- one" in lines
    assert "| A\\|B | 12 |" in lines
    assert "Table 1 Counts" in article.markdown
    assert "1. Smith 2020. Roofs." in lines


def test_markup_in_the_text_is_harmless() -> None:
    assert "Counting &lt;script&gt; bees." in read_jats(JATS.encode()).markdown


def test_a_table_inside_a_paragraph_is_not_read_twice() -> None:
    assert read_jats(JATS.encode()).markdown.count("12 |") == 1


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.999])
def test_an_article_cut_short_is_not_mended_silently(share: float) -> None:
    xml = JATS.encode()
    with pytest.raises(NotAdmitted) as refused:
        read_jats(xml[: int(len(xml) * share)])
    assert refused.value.reason == "truncated"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<article><front/></article>", "not_full_text"),
        (b"<article><body><p>short</p></body></article>", "not_full_text"),
        (b"<error>no such article</error>", "not_full_text"),
        (b"", "damaged"),
        (b"plain words", "not_full_text"),
    ],
)
def test_xml_that_is_no_article_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NotAdmitted) as refused:
        read_jats(body)

    assert refused.value.reason in (reason, "damaged")


def test_entities_from_outside_are_never_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary-4711")
    head = f'<!DOCTYPE article [<!ENTITY x SYSTEM "file://{secret}">]>'
    body = JATS.split("?>", 1)[1].replace("We counted bees.", "We counted &x; bees.")

    assert "canary-4711" not in read_jats((head + body).encode()).markdown


@given(st.binary(max_size=400))
def test_any_bytes_are_an_article_or_a_typed_refusal(body: bytes) -> None:
    with pytest.raises(NotAdmitted):
        read_jats(body)


def test_an_html_article_loses_navigation_scripts_and_images() -> None:
    body = (
        f"<html><nav>Menu</nav><article><h2>Methods</h2><p>{WORDS.replace('<', '&lt;')}</p><img src='http://evil.example/x.png'>"
        "<script>alert(1)</script><table><tr><th>a</th></tr><tr><td>1</td></tr></table></article><footer>Imprint</footer></html>"
    )

    markdown = read_html(body, "https://a.example/7").markdown

    assert "## Methods" in markdown
    assert "| 1 |" in markdown
    for gone in ("Menu", "Imprint", "alert", "evil.example"):
        assert gone not in markdown


def test_a_page_without_an_article_is_no_full_text() -> None:
    with pytest.raises(NotAdmitted, match="not_full_text"):
        read_html("<p>Abstract</p>", "https://a.example/7")


CORPUS = os.environ.get("LIT_REVIEW_CORPUS")


@pytest.mark.skipif(not CORPUS, reason="LIT_REVIEW_CORPUS is not set: no real JATS to read")
def test_every_real_jats_of_the_corpus_is_read() -> None:
    papers = sorted(Path(CORPUS or "", "jats").glob("*.xml"))

    for path in papers:
        article = read_jats(path.read_bytes())
        assert article.title, path.name
        assert article.markdown.count("\n## ") >= 1, path.name
    assert len(papers) > 30
