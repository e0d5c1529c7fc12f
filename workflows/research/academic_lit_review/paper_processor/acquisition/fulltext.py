"""Full text that needs no converter: what that is, and HTML articles as Markdown (JATS: `jats`)."""

from __future__ import annotations

from dataclasses import dataclass

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert
from lxml import html

from core.errors import NotAdmitted
from workflows.research.academic_lit_review.paper_processor.acquisition.landing import parse, read_page

#: Below this a "full text" is an abstract or an announcement (the forerunner's floor of 500 let landing pages through).
MIN_CHARS = 2_000

_CHROME = "nav, header, footer, aside, form, script, style, [role=navigation], .cookie, .related, .sidebar, .advert"


@dataclass(frozen=True)
class Article:
    """A full text and what it says of itself; `license` is the address of a Creative Commons licence, or empty."""

    markdown: str
    title: str = ""
    doi: str = ""
    license: str = ""


def read_html(body: str, url: str) -> Article:
    """Return the article in an HTML page without navigation, images and raw HTML; raise `NotAdmitted` at a wall."""
    page = read_page(body, url)
    tree = parse(body)
    main = max(tree.xpath("//article | //main | //*[@role='main']"), key=_length, default=tree)  # teasers are articles
    for raised in main.iter("sup"):
        raised.text = f"^{raised.text or ''}"  # 10 to the sixth is not 106
    options = ConversionOptions(
        preprocessing=PreprocessingOptions(preset="aggressive"),
        skip_images=True,
        extract_metadata=False,
        exclude_selectors=[selector.strip() for selector in _CHROME.split(",")],
    )
    markdown = convert(html.tostring(main, encoding="unicode"), options).content or ""
    if len(markdown) < MIN_CHARS:
        raise NotAdmitted("not_full_text", f"only {len(markdown)} characters of text")
    title = page.title or " ".join(next((h.text_content() for h in main.iter("h1")), "").split())
    if title and not markdown.startswith("# ") and "\n# " not in markdown:
        markdown = f"# {title}\n\n{markdown}"  # it stood in a header, which is navigation on most pages
    return Article(markdown, title, page.doi, page.license)


def _length(element: html.HtmlElement) -> int:
    return len(element.text_content())
