"""The words of a paper cannot become tags, pictures or links of the Markdown they stand in."""

import pytest

from core.conversion.marker.harmless import harmless


@pytest.mark.parametrize(
    "markdown",
    [
        "H<sub>2</sub>O and m<sup>2</sup>",
        "| a<br>b | c |",
        '<span id="page-3-12"></span>Next',
        "<table><tr><td colspan=2>a</td></tr></table>",
        "where $a<b$ and $$x<y\n<z$$ hold",
        "```\nif a <b: [x](y)\n```",
        "2 < 3 and 5 <6",
        "a [bracket] (and another)",
    ],
)
def test_what_marker_writes_and_plain_text_stay(markdown: str) -> None:
    assert harmless(markdown) == markdown


@pytest.mark.parametrize(
    ("markdown", "safe"),
    [
        ("<script>x</script>", "\\<script>x\\</script>"),
        ('<sub onclick="x">', '\\<sub onclick="x">'),
        ("<!-- hidden -->", "\\<!-- hidden -->"),
        ("[click](javascript:x)", "[click]\\(javascript:x)"),
        ("![](http://a.example/pixel.png)", "![]\\(http://a.example/pixel.png)"),
        ("\\$5 <b> \\$6", "\\$5 \\<b> \\$6"),
        ("``` not closed <b>", "``` not closed \\<b>"),
    ],
)
def test_tags_and_links_of_a_papers_own_are_taken_apart(markdown: str, safe: str) -> None:
    assert harmless(markdown) == safe


def test_its_own_pictures_and_the_links_that_were_asked_for_stay() -> None:
    assert harmless("![](_page_0_Picture_1.jpeg)", images=["_page_0_Picture_1.jpeg"]).startswith("![](")
    assert harmless("[a](https://a.example)", links=True) == "[a](https://a.example)"
