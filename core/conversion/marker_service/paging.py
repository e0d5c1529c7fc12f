"""Where pages end in the service's Markdown: by its separators, or by finding Marker's blocks again in the text."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from core.conversion.marker.pages import joined
from core.http.fields import Answer, MaybeCount, MaybeText

#: How Marker writes its paginated output: the page's number, counted from 0, and 48 dashes before each page.
_SEPARATOR = re.compile(r"^\{(\d{1,6})\}-{48}$", re.MULTILINE)

_TAG = re.compile(r"<[^<>]*>")
_MARKUP = re.compile(r"<(?!https?:)/?[a-zA-Z][^<>\n]*>|!\[[^\]\n]*\]\([^)\s]*\)|\]\([^)\s]*\)")
_PAGE_ID = re.compile(r"/page/(\d+)/")

#: Letters of a block that are compared, and fewest that are looked for elsewhere than where they should be.
_KEY, _FEWEST = 48, 16
#: A block is looked for up to so many letters after its place: between may be what the blocks do not tell of.
_SLACK = 2000


class _Block(Answer):
    """A block of Marker's; the `page` of its flat list is not always one (2.0 puts another number there), its id is."""

    id: MaybeText = None
    page: MaybeCount = None
    html: str

    @property
    def number(self) -> int:
        """Return the page as the block names it, -1 if it names none."""
        named = _PAGE_ID.search(self.id or "")
        return int(named[1]) if named else -1 if self.page is None else self.page


_BLOCKS = TypeAdapter(list[_Block])


@dataclass(frozen=True)
class Paged:
    """A text without separators, and where each page ends in it; no ends where that is unknown."""

    markdown: str
    ends: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """Tell whether every page was found."""
        return bool(self.ends) and not self.warnings


def paged(markdown: str, chunks: Any, tree: Any, count: int) -> Paged:
    """Return the text with the ends of its `count` pages, by whatever the service tells of them."""
    split = _separated(markdown, count)
    if split:
        return split
    for blocks in (_listed(chunks), _listed(tree), _grown(tree)):
        known = _by_page(blocks, count)
        pages = _lettered(known)
        found = _spread(markdown, _found(markdown, known), pages, count) if pages else None
        if found:
            return found
    if count == 1:
        return Paged(markdown, (len(markdown),))
    return Paged(markdown, (), ("the service does not tell where pages begin: the text counts as one page",))


def _separated(markdown: str, count: int) -> Paged | None:
    before, *parts = _SEPARATOR.split(markdown)
    numbers, texts = [int(number) for number in parts[::2]], parts[1::2]
    if before.strip() or not numbers or numbers != sorted(set(numbers)) or numbers[-1] > count:
        return None
    first = 1 if numbers[0] > 0 and numbers[-1] == count else 0
    by_page = dict(zip(numbers, texts, strict=True))
    text, ends = joined([by_page.get(page + first, "") for page in range(count)])
    return Paged(text, tuple(ends))


def _listed(value: Any) -> list[_Block]:
    """Return Marker's flat list of blocks, which some put under a name."""
    try:
        return _BLOCKS.validate_python(value.get("blocks") if isinstance(value, dict) else value)
    except ValidationError:
        return []


def _grown(tree: Any) -> list[_Block]:
    """Return the leaves of Marker's tree of blocks, which name their page in their id."""
    leaves, left = [], [tree]
    while left:
        node = left.pop()
        if not isinstance(node, dict):
            continue
        children = node.get("children")
        if isinstance(children, list) and children:
            left += reversed(children)
        else:
            leaves.append(_Block(id=str(node.get("id")), html=str(node.get("html") or "")))
    return leaves


def _by_page(blocks: Sequence[_Block], count: int) -> list[tuple[int, str]]:
    """Return pages, counted from 0, with the letters of their blocks; nothing if the file has no such pages."""
    numbers = {block.number for block in blocks}
    first = 1 if 0 not in numbers and count in numbers else 0
    if not numbers or min(numbers) < 0 or max(numbers) >= count + first:
        return []
    lettered = [(block.number - first, _letters(html.unescape(_TAG.sub(" ", block.html)))) for block in blocks]
    return sorted(((page, letters) for page, letters in lettered if letters), key=lambda each: each[0])


def _lettered(blocks: Sequence[tuple[int, str]]) -> set[int]:
    """Return the pages that have enough letters to be found."""
    many = Counter[int]()
    for page, letters in blocks:
        many[page] += len(letters)
    return {page for page, letters in many.items() if letters >= _FEWEST}


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _found(markdown: str, blocks: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Return where each page begins whose blocks are in the text, looking for one block after the other."""
    bare = _MARKUP.sub(lambda match: " " * len(match.group()), markdown)
    places = [at for at, char in enumerate(bare) if char.isalnum()]
    text = "".join(bare[at] for at in places)
    starts: dict[int, int] = {}
    missed = ("", -1)  # letters of blocks passed over, and their page
    cursor = due = 0  # up to where the text is known, and where the next block should be
    for page, letters in blocks:
        key = letters[:_KEY]
        at = _place(text, key, cursor, due)
        if at < 0:
            missed = (missed[0] * (missed[1] == page) + letters, page)
            due += len(letters)
            continue
        head = missed[0] if missed[1] == page and text.endswith(missed[0], cursor, at) else ""
        starts.setdefault(page, _line(bare, places[at - len(head)]))
        cursor, due = at + len(key), at + len(letters)
    return starts


def _place(text: str, key: str, cursor: int, due: int) -> int:
    """Return where a block is: where it should be, or nearby if it is long enough to be told from others; else -1."""
    if text.startswith(key, due):
        return due
    return text.find(key, cursor, due + len(key) + _SLACK) if len(key) >= _FEWEST else -1


def _line(bare: str, at: int) -> int:
    """Return the beginning of the line if there are no letters between."""
    begin = bare.rfind("\n", 0, at) + 1
    return at if any(map(str.isalnum, bare[begin:at])) else begin


def _spread(markdown: str, starts: dict[int, int], pages: set[int], count: int) -> Paged | None:
    """Return each page as ending where the next one that was found begins; None if too few were found."""
    lost = pages - set(starts)
    if 2 * len(lost) > len(pages):
        return None
    begun = sorted(starts.items())
    ends = [next((at for page, at in begun if page > number), len(markdown)) for number in range(count)]
    said = f"{len(lost)} of {count} pages could not be found in the text: it counts to the pages before them"
    return Paged(markdown, tuple(ends), (said,) if lost else ())
