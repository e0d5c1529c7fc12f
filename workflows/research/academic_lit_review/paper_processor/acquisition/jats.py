"""JATS XML as Markdown: the publisher's own text, with everything that belongs to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from core.errors import NotAdmitted
from workflows.research.academic_lit_review.paper_processor.acquisition.fulltext import MIN_CHARS, Article
from workflows.research.academic_lit_review.paper_processor.acquisition.wording import citation, wording

#: The parser mends what it can, also a file cut in two.
_ARTICLE_ENDS = re.compile(rb"</(?:[\w.-]+:)?article\s*>")

_TABLES = ("table-wrap", "table-wrap-group")
_FIGURES = ("fig", "fig-group")
_HOLDERS = (
    "ack", "app", "app-group", "boxed-text", "disp-formula-group", "fn", "fn-group", "glossary", "notes", "statement",
)  # fmt: skip
_TEXTS = ("caption", "disp-formula", "disp-quote", "p", "table-wrap-foot", "verse-group")
#: What interrupts a paragraph.
_BLOCKS = (*_TABLES, *_FIGURES, "boxed-text", "def-list", "disp-quote", "list", "preformat")
#: What a cell may span at most; hostile tables claim millions.
_MOST_SPANNED = 100


def read_jats(xml: bytes) -> Article:
    """Return a JATS article as Markdown; raise `NotAdmitted` when it has no body."""
    article = _article(xml)
    body, meta = article.find("body"), article.find("front/article-meta")
    if body is None:
        raise NotAdmitted("not_full_text", "the XML holds no article body")
    title = wording(article.find("front/article-meta//article-title"))
    blocks = [f"# {title}" if title else "", *_abstracts(meta), *_section(body, 1), *_behind(article)]
    markdown = "\n\n".join(block for block in blocks if block) + "\n"
    if not _ARTICLE_ENDS.search(xml):
        raise NotAdmitted("truncated", "the XML ends before its article does")
    if len(markdown) < MIN_CHARS:
        raise NotAdmitted("not_full_text", f"only {len(markdown)} characters of text")
    doi = article.findtext("front/article-meta/article-id[@pub-id-type='doi']") or ""
    return Article(markdown, title, doi, _license(article))


def _article(xml: bytes) -> etree._Element:
    """Return the article, which may stand in an envelope and in a namespace, its names without one."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise NotAdmitted("damaged", f"not well-formed XML: {error}") from error
    article: etree._Element | None = None if root is None else next(root.iter("{*}article"), None)
    if article is None:
        raise NotAdmitted("not_full_text", "the XML holds no article body")
    for element in article.iter(etree.Element):
        element.tag = etree.QName(element).localname
    return article


def _abstracts(meta: etree._Element | None) -> list[str]:
    abstract = None if meta is None else meta.find("abstract")
    return [] if abstract is None else ["## Abstract", *_section(abstract, 2)]


def _behind(article: etree._Element) -> Iterator[str]:
    """Yield what comes after the body; figures and tables may stand there, apart from the text that names them."""
    floats, back = article.find("floats-group"), article.find("back")
    if floats is not None and len(floats):
        yield "## Figures and tables"
        yield from _section(floats, 2)
    if back is not None:
        yield from _section(back, 1)
        entries = [citation(ref) for ref in back.iter("ref")]
        if entries:
            yield "## References"
            yield "\n".join(f"{number}. {entry}" for number, entry in enumerate(entries, 1))


def _section(node: etree._Element, level: int) -> list[str]:
    """Return the blocks of a section, its subsections one heading level deeper."""
    blocks: list[str] = []
    for child in node.iterchildren(etree.Element):
        if child.tag == "sec" or child.tag in _HOLDERS:
            blocks += _section(child, level + 1)
        elif child.tag == "title":
            blocks.append(f"{'#' * min(level, 6)} {wording(child)}" if level > 1 else "")
        else:
            blocks += _block(child)
    return blocks


def _block(node: etree._Element) -> list[str]:
    if node.tag == "list":
        return ["\n".join(_items(node, ""))]
    if node.tag == "def-list":
        pairs = [f"- {wording(item.find('term'))}: {wording(item.find('def'))}" for item in node.iter("def-item")]
        return ["\n".join(pairs)]
    if node.tag in _TABLES:
        foot = [wording(each) for each in node.iter("table-wrap-foot")]
        return [_caption(node), *(_table(table) for table in node.iter("table")), *foot]
    if node.tag in _FIGURES:
        return [_caption(node), *(_caption(each) for each in node.iterchildren("fig"))]
    if node.tag in ("preformat", "code"):
        return ["```\n" + "".join(map(str, node.itertext())).strip("\n") + "\n```"]
    return _paragraph(node) if node.tag in _TEXTS else []


def _paragraph(node: etree._Element) -> list[str]:
    """Return a paragraph, then what interrupts it."""
    inner = [block for child in node.iterchildren(*_BLOCKS) for block in _interruption(child)]
    return [wording(node, skip=_BLOCKS), *inner]


def _interruption(node: etree._Element) -> list[str]:
    return _section(node, 6) if node.tag in _HOLDERS else _block(node)


def _items(node: etree._Element, indent: str) -> Iterator[str]:
    """Yield the lines of a list; a list in it is indented."""
    ordered = node.get("list-type") == "order"
    for number, item in enumerate(node.iterchildren("list-item"), 1):
        mark = f"{number}." if ordered else "-"
        yield f"{indent}{mark} {wording(item, skip=('label', *_BLOCKS))}"
        for inner in item.iterchildren(*_BLOCKS):
            lines = _items(inner, indent + "  ") if inner.tag == "list" else _interruption(inner)
            yield from (line for line in lines if line)


def _caption(node: etree._Element) -> str:
    return " ".join(part for part in (wording(node.find("label")), wording(node.find("caption"))) if part)


def _table(table: etree._Element) -> str:
    """Return a pipe table, the first row as its header; a spanned cell stays where it starts."""
    rows = [row for row in _grid(table) if any(row)]
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _grid(table: etree._Element) -> Iterator[list[str]]:
    """Yield the rows, every cell in its column: what hangs down from a row above keeps its place free."""
    hanging: dict[int, int] = {}
    for line in table.iter("tr"):
        row: list[str] = []
        below = {column: rows - 1 for column, rows in hanging.items() if rows > 1}
        for cell in line.iterchildren("td", "th"):
            while len(row) in hanging:
                row.append("")
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            below |= {len(row) + step: high - 1 for step in range(wide) if high > 1}
            row += [wording(cell).replace("|", "\\|"), *[""] * (wide - 1)]
        hanging = below
        yield row


def _span(cell: etree._Element, name: str) -> int:
    given = cell.get(name) or ""
    return min(int(given), _MOST_SPANNED) if given.isdecimal() and len(given) < 9 and int(given) else 1


def _license(article: etree._Element) -> str:
    """Return the Creative Commons address in the licence element, wherever publishers put it."""
    elements = [e for license_ in article.iterfind("front//license") for e in license_.iter()]
    links = [str(text) for e in elements for text in (*e.attrib.values(), e.text or "")]
    return next((link.strip() for link in links if "creativecommons.org/" in link), "")
