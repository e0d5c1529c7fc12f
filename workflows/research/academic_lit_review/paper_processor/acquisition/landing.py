"""Read a landing page: where is its PDF, is it itself the full text, or does a wall stand there?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from core.errors import NotAdmitted
from workflows.research.academic_lit_review.paper_processor.acquisition.walls import bot_wall, paywall

#: Meta tags that state the PDF, best first (Google Scholar's inclusion guidelines; bepress, Wolters Kluwer).
PDF_TAGS = (
    "citation_pdf_url",
    "bepress_citation_pdf_url",
    "wkhealth_pdf_url",
    "eprints.document_url",
    "dc.identifier.pdf",
)
#: A page with this much running text and this many section headings is an article, not its announcement: a structured
#: abstract has the headings but a tenth of the text, and its reference list is no paragraphs.
FULL_TEXT_CHARS = 4_000
FULL_TEXT_SECTIONS = 3
PARAGRAPH_CHARS = 80
MAX_LINKS = 5

#: Encodings a page may name; other names are no text, or cost more than they are worth.
_CHARSET = re.compile(
    rb"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*"
    rb"(utf-8|iso-8859-\d{1,2}|windows-125\d|gb2312|gbk|gb18030|big5|shift_jis|euc-jp|euc-kr|koi8-r)\b",
    re.IGNORECASE,
)
_PDF_LINK = re.compile(
    r"\.pdf(?:$|\?)|/pdf(?:$|[/?])|/pdfdirect/|/article/download/|/bitstream/|[?&](?:pdf|format)=(?:render|pdf)"
)
_PDF_WORDS = re.compile(
    r"^\W*(?:download|view|open|full[- ]text|get|article)?\W*(?:full[- ]text\W*)?pdf\b", re.IGNORECASE
)
_SECTIONS = re.compile(
    r"^\W*(?:\d+\.?\s*)?"
    r"(?:introduction|background|methods?|materials and methods|results|discussion|conclusions?|references)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class LandingPage:
    """What a landing page offers: addresses of PDFs (best first), whether it is the full text, and its own metadata."""

    pdf_urls: tuple[str, ...]
    full_text: bool
    title: str
    doi: str
    license: str


def read_page(body: str, url: str) -> LandingPage:
    """Return what the HTML `body` found at `url` offers, or raise `NotAdmitted` when a wall stands there."""
    tree = parse(body)
    meta = _meta(tree)
    wall = bot_wall(body, url)
    if wall and not any(name.startswith("citation_") for name in meta):  # articles load captchas and the like, too
        raise NotAdmitted(wall, "a bot check answered instead of the page")
    text = " ".join(tree.text_content().split())
    links = _pdf_links(tree, url)
    full = _is_full_text(tree)
    if not links and not full and paywall(text):
        raise NotAdmitted("paywall", "the page offers the text to subscribers only")
    first = {key: values[0] for key, values in meta.items()}
    title = first.get("citation_title", "")  # a journal's own page has a dc.title, and it is not the paper's
    doi = first.get("citation_doi", first.get("dc.identifier", ""))
    return LandingPage(links, full, title, doi, _license(tree, first))


def decoded(body: bytes) -> str:
    """Return `body` as text: in the encoding it names, else UTF-8, else what old pages without a name are in."""
    named = _CHARSET.search(body[:2048])
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    if named:
        name = named.group(1).decode("ascii").lower()
        return body.decode("cp1252" if name == "iso-8859-1" else name, "replace")  # so all browsers read it
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def parse(body: str) -> html.HtmlElement:
    """Return `body` as an element tree without scripts and styles; never fails, anything is HTML."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        tree = html.document_fromstring(body.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return html.document_fromstring("<html><body></body></html>")
    for element in list(tree.iter("script", "style", "noscript", "template")):
        if isinstance(element, html.HtmlElement):
            element.drop_tree()
    return tree


def _meta(tree: html.HtmlElement) -> dict[str, list[str]]:
    """Return the meta tags by lower-case `name` or `property`."""
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = (element.get("name") or element.get("property") or "").strip().lower()
        content = (element.get("content") or "").strip()
        if name and content:
            found.setdefault(name, []).append(content)
    return found


def _pdf_links(tree: html.HtmlElement, url: str) -> tuple[str, ...]:
    base = _joined(url, next((e.get("href") or "" for e in tree.iter("base")), "")) or url
    meta = _meta(tree)
    stated = [link for tag in PDF_TAGS for link in meta.get(tag, [])]
    candidates = stated + _embedded(tree) + _refreshed(tree) + _anchors(tree)
    absolute = (_joined(base, candidate.strip()) for candidate in candidates)
    usable = [link for link in absolute if link and link.split("#")[0] != url.split("#")[0]]
    return tuple(dict.fromkeys(usable))[:MAX_LINKS]


def _joined(base: str, link: str) -> str:
    """Return where `link` leads from `base`, nothing when that is no web address."""
    try:
        absolute = urljoin(base, link)
        return absolute if urlsplit(absolute).scheme in ("http", "https") else ""
    except ValueError:  # "http://[": no page makes a run stop
        return ""


def _embedded(tree: html.HtmlElement) -> list[str]:
    """Return what viewers on the page show: `embed`, `object`, `iframe`."""
    found = [(e, e.get("src") or e.get("data") or "") for e in tree.iter("embed", "object", "iframe")]
    return [src for e, src in found if src and ((e.get("type") or "").endswith("pdf") or _PDF_LINK.search(src.lower()))]


def _refreshed(tree: html.HtmlElement) -> list[str]:
    found = [e.get("content") or "" for e in tree.iter("meta") if (e.get("http-equiv") or "").lower() == "refresh"]
    return [part.split("=", 1)[1].strip(" '\"") for part in found if "url=" in part.lower()]


def _anchors(tree: html.HtmlElement) -> list[str]:
    """Return links that call themselves PDF: OJS galleys, DSpace bitstreams, link titles; never a guessed address."""
    alternates = [e.get("href") or "" for e in tree.iter("link") if e.get("type") == "application/pdf"]
    named: list[str] = []
    shaped: list[str] = []
    for element in tree.iter("a"):
        href, words = element.get("href") or "", " ".join(element.text_content().split())
        if not href or href.startswith(("#", "javascript:", "mailto:")):
            continue
        if _PDF_WORDS.match(words) and len(words) < 60:
            (named if _PDF_LINK.search(href.lower()) else shaped).append(href)
        elif "pdf" in (element.get("class") or "").lower() and _PDF_LINK.search(href.lower()):
            named.append(href)
    return alternates + named + shaped


def _is_full_text(tree: html.HtmlElement) -> bool:
    lengths = [len(p.text_content()) for p in tree.iter("p")]
    headings = {h.text_content().strip().lower() for h in tree.iter("h1", "h2", "h3", "h4")}
    running = sum(length for length in lengths if length >= PARAGRAPH_CHARS)
    return running >= FULL_TEXT_CHARS and sum(bool(_SECTIONS.match(h)) for h in headings) >= FULL_TEXT_SECTIONS


def _license(tree: html.HtmlElement, meta: dict[str, str]) -> str:
    """Return the licence address the page states, only when it is a Creative Commons one."""
    stated = [e.get("href") or "" for e in tree.iter("a", "link") if "license" in (e.get("rel") or "").lower()]
    stated += [meta.get("dc.rights", ""), meta.get("citation_license", "")]
    return next((link for link in stated if "creativecommons.org/" in link), "")
