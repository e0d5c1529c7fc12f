"""JATS and HTML articles become Markdown that no converter could make better."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotAdmitted
from workflows.research.academic_lit_review.paper_processor.acquisition.fulltext import read_html
from workflows.research.academic_lit_review.paper_processor.acquisition.jats import read_jats

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


def jats(body: str, *, behind: str = "", around: str = "") -> str:
    """Return the Markdown of an article with this body, and this after it."""
    front, _, _ = JATS.partition("<body>")
    return read_jats(
        f"{front}<body>{body}<p>{'Enough words. ' * 200}</p></body>{behind}</article>{around}".encode()
    ).markdown


def test_an_article_in_a_namespace_and_an_envelope_is_read() -> None:
    """PMC's OAI service: every name is in a namespace."""
    inner = JATS.split("?>", 1)[1].replace("<article ", '<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.4/" ')

    assert read_jats(f"<pmc-articleset>{inner}</pmc-articleset>".encode()) == read_jats(JATS.encode())


def test_what_is_printed_above_the_line_is_no_digit_of_the_number_before() -> None:
    assert "5×10^6 cells.^1,2" in jats("<p>5×10<sup>6</sup> cells.<sup><xref>1</xref>,<xref>2</xref></sup></p>")


def test_a_formula_keeps_its_powers_and_fractions_and_is_read_once() -> None:
    math = '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:msup><m:mi>x</m:mi><m:mn>2</m:mn></m:msup></m:math>'
    tex = r"<tex-math>\documentclass{minimal}\begin{document}$y^3$\end{document}</tex-math>"

    assert "is x^2 here" in jats(f"<p>is <alternatives>{tex}{math}</alternatives> here</p>")
    assert "is $y^3$ here" in jats(f"<p>is <inline-formula>{tex}</inline-formula> here</p>")


def test_cells_below_a_spanned_one_stay_in_their_columns() -> None:
    rows = "<tr><td rowspan='2'>mice</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr><tr><td colspan='2'>5</td><td>6</td></tr>"
    text = jats(f"<table-wrap><table>{rows}</table><table-wrap-foot><p>n = 4</p></table-wrap-foot></table-wrap>")

    assert "| mice | 1 | 2 |\n| --- | --- | --- |\n|  | 3 | 4 |\n| 5 |  | 6 |\n\nn = 4" in text


@pytest.mark.parametrize("span", ["999999999999", "-1", "0", "x", "99999999"])
def test_a_hostile_span_costs_nothing(span: str) -> None:
    assert len(jats(f"<table><tr><td colspan='{span}' rowspan='{span}'>1</td></tr></table>")) < 5_000


def test_figures_tables_and_sections_outside_of_the_body_are_not_lost() -> None:
    floats = "<floats-group><table-wrap><label>Table 9</label><table><tr><td>far</td></tr></table></table-wrap></floats-group>"
    back = "<back><app-group><app><title>Appendix</title><p>More.</p></app></app-group><ref-list><ref><mixed-citation>Ref.</mixed-citation></ref></ref-list></back>"
    text = jats("<p>See Table 9.</p>", behind=back + floats)

    assert all(part in text for part in ("Table 9", "| far |", "# Appendix", "More.", "1. Ref."))


def test_the_report_of_a_reviewer_is_not_the_article() -> None:
    reviewer = "<sub-article><body><p>I recommend rejection.</p></body><back><ref-list><ref><mixed-citation>X</mixed-citation></ref></ref-list></back></sub-article>"

    assert "rejection" not in jats("<p>Words.</p>", behind=reviewer)
    assert "References" not in jats("<p>Words.</p>", behind=reviewer)
    with pytest.raises(NotAdmitted, match="not_full_text"):
        read_jats(f"<article><front/>{reviewer}</article>".encode())


def test_lists_in_lists_boxes_and_listings_keep_their_shape() -> None:
    text = jats(
        "<list list-type='order'><list-item><p>one</p><list><list-item><p>inner</p></list-item></list></list-item></list>"
        "<boxed-text><caption><title>Key points</title></caption><p>Boxed.</p></boxed-text><preformat>a\n  b</preformat>"
        "<def-list><def-item><term>DOI</term><def><p>a name</p></def></def-item></def-list>"
    )

    assert all(
        part in text for part in ("1. one\n  - inner", "Key points", "\n\nBoxed.", "```\na\n  b\n```", "- DOI: a name")
    )


AUTHORS = "<name><surname>Aini</surname><given-names>I</given-names></name><name><surname>Bo</surname><given-names>C</given-names></name>"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (
            f"<element-citation><person-group>{AUTHORS}</person-group><article-title>Hens</article-title><source>Poultry</source><year>1990</year><volume>46</volume><fpage>51</fpage><lpage>57</lpage><pub-id>10.1079/a</pub-id></element-citation>",
            "1. Aini I, Bo C, Hens, Poultry, 1990, 46, 51-57, 10.1079/a",
        ),
        (
            f"<mixed-citation><person-group>{AUTHORS}</person-group> (<year>1990</year>). <article-title>Hens</article-title>. <source>Poultry</source> <volume>46</volume>:<fpage>51</fpage>–<lpage>57</lpage>.</mixed-citation>",
            "1. Aini I, Bo C (1990). Hens. Poultry 46:51–57.",
        ),
        (f"<mixed-citation>{AUTHORS}<year>1990</year></mixed-citation>", "1. Aini I, Bo C, 1990"),
    ],
)
def test_a_reference_can_be_read_however_it_is_marked_up(reference: str, expected: str) -> None:
    assert expected in jats("<p>Words.</p>", behind=f"<back><ref-list><ref>{reference}</ref></ref-list></back>")


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


def test_the_article_is_found_beside_its_teasers_with_its_title_and_powers() -> None:
    text = WORDS.replace("<", "&lt;")
    body = (
        "<article class='card'>Read next</article><article><header><h1>Bees on roofs</h1></header>"
        f"<h2>Methods</h2><p>5×10<sup>6</sup> cells<sup><a href='#r1'>1</a></sup></p><p>{text}</p></article>"
    )

    article = read_html(body, "https://a.example/7")

    assert article.markdown.startswith("# Bees on roofs\n\n## Methods\n\n5×10^6 cells^")
    assert article.title == "Bees on roofs"
    assert "Read next" not in article.markdown


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
