"""The sample papers as JATS and as HTML, from the same bodies that Typst sets.

A body uses little of Typst's markup: headings, paragraphs, `_emphasis_`, and the calls `#c(...)`, `#tab(n)` and
`#bars(n)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

Work = dict[str, Any]
MARK = "Invented sample, not a real study"
LICENSE = "https://creativecommons.org/licenses/by/4.0/"

_CALL = re.compile(r"#(tab|bars)\((\d+)\)")
_CITATION = re.compile(r"#c\(([^)]*)\)")


def doi(key: str) -> str:
    """Return the DOI of a sample; 10.5555 is a prefix for tests."""
    return f"10.5555/alr.sample.{key}"


def names(work: Work) -> list[str]:
    """Return the names of the authors."""
    return [author.split(" | ")[0] for author in work["authors"]]


def year(work: Work) -> int:
    """Return the year of publication."""
    return int(work["date"][:4])


def blocks(work: Work) -> Iterator[tuple[str, str]]:
    """Yield the body as pairs of a kind (`=`, `==`, `tab`, `bars`, `p`) and its content."""
    for block in work["body"].strip().split("\n\n"):
        call = _CALL.fullmatch(block)
        heading = re.fullmatch(r"(==?) (.+)", block)
        if call:
            yield call[1], call[2]
        elif heading:
            yield heading[1], heading[2]
        else:
            yield "p", " ".join(block.split())


def inline(text: str, cite: Callable[[str], str], emphasis: str) -> str:
    """Return a paragraph as XML: citations by `cite`, `_words_` in the element `emphasis`."""
    parts = _CITATION.split(text)
    plain = [re.sub(r"\b_(.+?)_\b", rf"<{emphasis}>\1</{emphasis}>", escape(part, quote=False)) for part in parts[::2]]
    cited = [", ".join(cite(key) for key in re.findall(r"\d+", part)) for part in parts[1::2]]
    return "".join(a + (f"[{b}]" if b else "") for a, b in zip(plain, [*cited, ""], strict=True))


def table(data: dict[str, Any]) -> str:
    """Return a table as rows of HTML, which JATS shares."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in data["head"])
    rows = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in data["rows"]]
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


def jats(key: str, work: Work, known: dict[str, Work], statement: str) -> str:
    """Return the paper as a JATS article."""

    def cite(cited: str) -> str:
        number = work["cites"].index(cited) + 1
        return f'<xref ref-type="bibr" rid="B{number}">{number}</xref>'

    def block(kind: str, content: str) -> str:
        if kind == "p":
            return f"<p>{inline(content, cite, 'italic')}</p>\n"
        data = work["tables" if kind == "tab" else "charts"][int(content) - 1]
        caption = f"<caption><p>{escape(data['caption'])}</p></caption>"
        if kind == "tab":
            label = f"<label>Table {content}</label>"
            return f'<table-wrap id="T{content}">{label}{caption}{table(data)}</table-wrap>\n'
        return f'<fig id="F{content}"><label>Figure {content}</label>{caption}</fig>\n'

    references = "".join(_reference(i, cited, known[cited]) for i, cited in enumerate(work["cites"], 1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD v1.2 20190208//EN" '
        '"JATS-archivearticle1.dtd">\n<article xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'article-type="research-article" xml:lang="en">\n{_front(key, work)}<body>\n{_sections(work, block)}</body>\n'
        f"<back>\n<notes><title>Data availability</title><p>{escape(statement)}</p></notes>\n"
        f"<ref-list><title>References</title>\n{references}</ref-list>\n</back>\n</article>\n"
    )


def _front(key: str, work: Work) -> str:
    people = "".join(
        f'<contrib contrib-type="author"><name><surname>{escape(name.rsplit(" ", 1)[1])}</surname>'
        f"<given-names>{escape(name.rsplit(' ', 1)[0])}</given-names></name></contrib>\n"
        for name in names(work)
    )
    y, m, d = (int(part) for part in work["date"].split("-"))
    keywords = "".join(f"<kwd>{escape(word)}</kwd>" for word in (MARK, *work["keywords"]))
    return (
        f"<front>\n<journal-meta><journal-title-group><journal-title>{escape(work['venue'])}</journal-title>"
        f"</journal-title-group></journal-meta>\n<article-meta>\n"
        f'<article-id pub-id-type="doi">{doi(key)}</article-id>\n'
        f"<title-group><article-title>{escape(work['title'])}</article-title></title-group>\n"
        f"<contrib-group>\n{people}</contrib-group>\n"
        f'<pub-date pub-type="epub"><day>{d}</day><month>{m}</month><year>{y}</year></pub-date>\n'
        f'<permissions><license xlink:href="{LICENSE}"><license-p>{MARK}. Distributed under CC BY 4.0.</license-p>'
        f"</license></permissions>\n<abstract><p>{escape(work['abstract'])}</p></abstract>\n"
        f"<kwd-group>{keywords}</kwd-group>\n</article-meta>\n</front>\n"
    )


def _sections(work: Work, block: Callable[[str, str], str]) -> str:
    """Return the body with its sections nested: `==` lies inside `=`."""
    out, depth = "", 0
    for kind, content in blocks(work):
        if kind in ("=", "=="):
            out += "</sec>\n" * max(0, depth - len(kind) + 1) + f"<sec><title>{escape(content)}</title>\n"
            depth = len(kind)
        else:
            out += block(kind, content)
    return out + "</sec>\n" * depth


def _reference(number: int, key: str, work: Work) -> str:
    people = ", ".join(names(work))
    ident = f'<pub-id pub-id-type="doi">{doi(key)}</pub-id>'
    return (
        f'<ref id="B{number}"><label>{number}</label><mixed-citation publication-type="journal">{escape(people)} '
        f"(<year>{year(work)}</year>). <article-title>{escape(work['title'])}</article-title>. "
        f"<source>{escape(work['venue'])}</source>. {ident}</mixed-citation></ref>\n"
    )


def html(key: str, work: Work, known: dict[str, Work], statement: str) -> str:
    """Return the paper as the full text page of a publisher, with the furniture such pages have."""

    def cite(cited: str) -> str:
        number = work["cites"].index(cited) + 1
        return f'<a href="#ref{number}">{number}</a>'

    def block(kind: str, content: str) -> str:
        if kind == "p":
            return f"<p>{inline(content, cite, 'em')}</p>\n"
        data = work["tables" if kind == "tab" else "charts"][int(content) - 1]
        label = f"{'Table' if kind == 'tab' else 'Figure'} {content}. {escape(data['caption'])}"
        return f"<figure><figcaption>{label}</figcaption>\n{table(data) if kind == 'tab' else ''}</figure>\n"

    tags = {"title": work["title"], "doi": doi(key), "publication_date": work["date"], "journal_title": work["venue"]}
    metas = [*tags.items(), *(("author", name) for name in names(work))]
    head = "".join(f'<meta name="citation_{name}" content="{escape(value)}">\n' for name, value in metas)
    body = "".join(
        f"<h{len(kind) + 1}>{escape(content)}</h{len(kind) + 1}>\n" if kind in ("=", "==") else block(kind, content)
        for kind, content in blocks(work)
    )
    references = "".join(
        f'<li id="ref{i}">{escape(", ".join(names(known[k])))} ({year(known[k])}). {escape(known[k]["title"])}. '
        f"<i>{escape(known[k]['venue'])}</i>. doi:{doi(k)}</li>\n"
        for i, k in enumerate(work["cites"], 1)
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(work["title"])}</title>\n{head}'
        f'<link rel="license" href="{LICENSE}"></head>\n<body>\n<header><nav><a href="/">Home</a> '
        '<a href="/issues">All issues</a> <a href="/submit">Submit a paper</a></nav></header>\n<main><article>\n'
        f'<h1>{escape(work["title"])}</h1>\n<p class="authors">{escape(", ".join(names(work)))}</p>\n'
        f'<p class="notice"><strong>{MARK}.</strong> doi:{doi(key)}. Distributed under CC BY 4.0.</p>\n'
        f"<section><h2>Abstract</h2>\n<p>{escape(work['abstract'])}</p></section>\n{body}"
        f"<h2>Data availability</h2>\n<p>{escape(statement)}</p>\n"
        f"<h2>References</h2>\n<ol>\n{references}</ol>\n</article></main>\n"
        "<aside><h2>Recommended for you</h2><ul><li>Ten more articles nobody wrote</li></ul></aside>\n"
        "<footer>Cookie settings. Terms of use.</footer>\n</body></html>\n"
    )
