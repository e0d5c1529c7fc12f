"""Full text that needs no converter: JATS XML and HTML articles as Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert
from lxml import etree, html

from core.errors import NotAdmitted
from workflows.research.academic_lit_review.paper_processor.acquisition.landing import parse, read_page

#: Below this a "full text" is an abstract or an announcement (the forerunner's floor of 500 let landing pages through).
MIN_CHARS = 2_000

#: The parser mends what it can, also a file cut in two.
_ARTICLE_ENDS = re.compile(rb"</(?:[\w.-]+:)?article\s*>")

_CHROME = "nav, header, footer, aside, form, script, style, [role=navigation], .cookie, .related, .sidebar, .advert"


@dataclass(frozen=True)
class Article:
    """A full text and what it says of itself; `license` is the address of a Creative Commons licence, or empty."""

    markdown: str
    title: str = ""
    doi: str = ""
    license: str = ""


def read_jats(xml: bytes) -> Article:
    """Return a JATS article as Markdown; raise `NotAdmitted` when it has no body."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise NotAdmitted("damaged", f"not well-formed XML: {error}") from error
    article = None if root is None else next(root.iter("{*}article"), None)
    body = None if article is None else article.find(".//body")
    if article is None or body is None:
        raise NotAdmitted("not_full_text", "the XML holds no article body")
    title = _text(article.find(".//article-meta//article-title"))
    lines = [
        f"# {title}" if title else "",
        *_front(article),
        *_section(body, 1),
        *_references(article),
    ]
    markdown = "\n\n".join(line for line in lines if line) + "\n"
    if not _ARTICLE_ENDS.search(xml):
        raise NotAdmitted("truncated", "the XML ends before its article does")
    if len(markdown) < MIN_CHARS:
        raise NotAdmitted("not_full_text", f"only {len(markdown)} characters of text")
    doi = article.findtext(".//article-meta/article-id[@pub-id-type='doi']") or ""
    return Article(markdown, title, doi, _jats_license(article))


def _front(article: etree._Element) -> list[str]:
    abstract = article.find(".//article-meta/abstract")
    return [] if abstract is None else ["## Abstract", *_section(abstract, 2)]


def _section(node: etree._Element, level: int) -> list[str]:
    """Return the blocks of a section, its subsections one heading level deeper."""
    blocks: list[str] = []
    for child in node:
        tag = _tag(child)
        if tag == "sec":
            blocks += _section(child, level + 1)
        elif tag == "title":
            blocks.append(f"{'#' * min(level, 6)} {_text(child)}" if level > 1 else "")
        else:
            blocks += _block(child, tag)
    return blocks


def _block(node: etree._Element, tag: str) -> list[str]:
    if tag == "list":
        return ["\n".join(f"- {_text(item)}" for item in node.findall("list-item"))]
    if tag in ("table-wrap", "table-wrap-group"):
        return [_caption(node), *(_table(table) for table in node.iter("table"))]
    if tag in ("fig", "fig-group"):
        return [_caption(node)]
    if tag in ("p", "disp-quote", "boxed-text", "disp-formula", "statement", "def-list", "preformat", "verse-group"):
        inner = [
            block
            for child in node
            for block in _block(child, _tag(child))
            if _tag(child) in ("table-wrap", "fig", "list")
        ]
        return [_text(node, skip=("table-wrap", "fig", "list")), *inner]
    return []


def _tag(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _caption(node: etree._Element) -> str:
    return " ".join(part for part in (_text(node.find("label")), _text(node.find("caption"))) if part)


def _table(table: etree._Element) -> str:
    """Return a pipe table; spanned cells stay where they start, the first row is the header."""
    rows = [[_text(cell).replace("|", "\\|") for cell in row if _tag(cell) in ("td", "th")] for row in table.iter("tr")]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _references(article: etree._Element) -> list[str]:
    entries = [_text(ref, skip=("label",)) for ref in article.iterfind(".//back//ref-list//ref")]
    return ["## References", "\n".join(f"{n}. {entry}" for n, entry in enumerate(entries, 1))] if entries else []


def _text(node: etree._Element | None, skip: tuple[str, ...] = ()) -> str:
    """Return the words of `node` on one line, without the elements in `skip`, `<` and `>` escaped."""
    if node is None:
        return ""
    words = "".join(_strings(node, skip))
    return re.sub(r"\s+", " ", words).strip().replace("<", "&lt;").replace(">", "&gt;")


def _strings(node: etree._Element, skip: tuple[str, ...]) -> list[str]:
    found = [node.text or ""]
    for child in node:
        if isinstance(child.tag, str) and _tag(child) not in skip and _tag(child) != "tex-math":
            found += _strings(child, skip)
            found.append(
                " " if _tag(child) in ("p", "title", "label", "string-name", "name", "list-item", "td") else ""
            )
        found.append(child.tail or "")
    return found


def _jats_license(article: etree._Element) -> str:
    """Return the Creative Commons address in the licence element, wherever publishers put it."""
    elements = [e for license_ in article.iter("license") for e in license_.iter()]
    links = [str(text) for e in elements for text in (*e.attrib.values(), e.text or "")]
    return next((link.strip() for link in links if "creativecommons.org/" in link), "")


def read_html(body: str, url: str) -> Article:
    """Return the article in an HTML page without navigation, images and raw HTML; raise `NotAdmitted` at a wall."""
    page = read_page(body, url)
    tree = parse(body)
    main = next(iter(tree.xpath("//article | //main | //*[@role='main']")), tree)
    options = ConversionOptions(
        preprocessing=PreprocessingOptions(preset="aggressive"),
        skip_images=True,
        extract_metadata=False,
        exclude_selectors=[selector.strip() for selector in _CHROME.split(",")],
    )
    markdown = convert(html.tostring(main, encoding="unicode"), options).content or ""
    if len(markdown) < MIN_CHARS:
        raise NotAdmitted("not_full_text", f"only {len(markdown)} characters of text")
    return Article(markdown, page.title, page.doi, page.license)
