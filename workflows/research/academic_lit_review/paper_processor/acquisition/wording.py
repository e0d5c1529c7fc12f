"""The words of a JATS element on one line, so that what was above the line or in a formula is still told apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from lxml import etree

#: After these a word ends, although no space says so.
_SPACED = frozenset({"break", "collab", "label", "list-item", "p", "td", "term", "title"})
#: Within a reference also after these; a name ends where the next begins.
_PARTS = _SPACED | {
    "article-title", "chapter-title", "comment", "ext-link", "fpage", "given-names", "issue", "lpage", "person-group",
    "pub-id", "publisher-loc", "publisher-name", "source", "suffix", "surname", "uri", "volume", "year",
}  # fmt: skip
_NAMES = ("name", "string-name", "collab")
#: Parts of a reference that are not printed.
_UNPRINTED = ("label", "object-id", "issn", "isbn")

#: What stands before a superscript, and before the second part of a formula: without it 10 to the sixth is 106.
_POWER, _BETWEEN = "^", {"msup": "^", "mover": "^", "msub": "_", "munder": "_", "mfrac": "/"}
_TEX = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)


def wording(node: etree._Element | None, *, skip: Collection[str] = ()) -> str:
    """Return the words of `node` on one line, without the elements in `skip`, `<` and `>` escaped."""
    return "" if node is None else _plain(_pieces(node, skip, _SPACED))


def citation(ref: etree._Element) -> str:
    """Return an entry of the reference list: as it is printed, or its parts divided by commas."""
    found = [_citation(each) for each in ref.iter("mixed-citation", "element-citation", "citation", "nlm-citation")]
    return "; ".join(found) if found else wording(ref, skip=_UNPRINTED)


def _citation(node: etree._Element) -> str:
    if any((text or "").strip() for text in (node.text, *(child.tail for child in node))):
        return _plain(_pieces(node, _UNPRINTED, _PARTS))
    parts: list[str] = []
    for child in node.iterchildren(etree.Element):
        if child.tag == "lpage" and parts:
            parts[-1] += f"-{wording(child)}"
        elif child.tag not in _UNPRINTED:
            parts.append(_plain(_inside(child, (), _PARTS)))
    return ", ".join(filter(None, parts))


def _plain(pieces: Iterable[str]) -> str:
    return re.sub(r"\s+", " ", "".join(pieces)).strip().replace("<", "&lt;").replace(">", "&gt;")


def _pieces(node: etree._Element, skip: Collection[str], spaced: Collection[str]) -> Iterator[str]:
    yield node.text or ""
    for place, child in enumerate(node):
        if isinstance(child.tag, str) and child.tag not in skip:
            yield _BETWEEN.get(str(node.tag), "") if place == 1 else ""
            yield from _inside(child, skip, spaced)
            yield " " if child.tag in spaced and (child.tail or "x")[0].isalnum() else ""
        yield child.tail or ""


def _inside(node: etree._Element, skip: Collection[str], spaced: Collection[str]) -> Iterator[str]:
    """Yield the words of an element within a line."""
    if node.tag == "tex-math":
        yield from _tex(node)
    elif node.tag == "person-group" and not any((child.tail or "").strip() for child in node):
        yield ", ".join(_plain(_pieces(name, skip, spaced)) for name in node.iterchildren(*_NAMES))
    else:
        yield _POWER if node.tag == "sup" else ""
        yield from _pieces(node, skip, spaced)


def _tex(node: etree._Element) -> Iterator[str]:
    """Yield a formula in TeX when it stands there in no other way."""
    parent = node.getparent()
    if parent is None or parent.find("math") is None:
        whole = "".join(map(str, node.itertext()))
        found = _TEX.search(whole)
        yield found.group(1) if found else whole
