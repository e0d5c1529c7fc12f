"""Long PDFs in page chunks: each is a range of pages of one stored file, and its answer says which file and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, count, pairwise
from pathlib import Path, PurePath
from typing import Any

from core.conversion.pool import Pool
from core.errors import ConversionError
from core.streaming import together

Chunk = tuple[int, int]  # the first and the last page, counted from 1

_ALIKE = ("file", "count")  # what the chunks of one paper agree on


async def read(pool: Pool, pdf: Path, *args: Any, size: int, deadline: Callable[[int], float]) -> dict[str, Any]:
    """Return the pool's answer for a whole PDF, read in chunks of at most `size` pages, several at a time.

    The function is called as `function(path, *args, [first, last])`; its answer is a dict with `markdown`, `pages` (the
    end of each page in it), `first`, `count` (of the pages in the file), `file` (its sha256) and whatever else `join`
    can join. How many pages there are is what the first chunk says. `deadline` gives the seconds for so many pages. The
    first chunk that fails fails the paper, with its error, and the others are stopped.
    """

    async def part(chunk: Chunk) -> dict[str, Any]:
        first, last = chunk
        answer: dict[str, Any] = await pool.run(pdf, *args, [first, last], deadline=deadline(last - first + 1))
        return answer

    opening = await part((1, size))
    pages = _count(opening)
    rest = plan(pages, size, first=size + 1)
    try:
        parts = [opening, *await together(*(part(chunk) for chunk in rest))]
    except BaseExceptionGroup as errors:
        raise _only(errors) from None
    return join(parts, [(1, min(size, pages)), *rest])


def plan(pages: int, size: int, *, first: int = 1) -> list[Chunk]:
    """Cut the pages `first` to `pages` into as few chunks of at most `size` pages as do, of about equal length."""
    left = pages - first + 1
    parts = -(-left // size)
    cuts = [first + left * number // parts for number in range(parts + 1)] if left > 0 else []
    return [(start, end - 1) for start, end in pairwise(cuts)]


def join(parts: Sequence[Mapping[str, Any]], chunks: Sequence[Chunk]) -> dict[str, Any]:
    """Return the answers for `chunks`, in that order, as the one answer that the whole file would have given.

    Texts, ends of pages, warnings, images, lists, numbers and what is nested in dicts are carried on; an image whose
    name is taken by another one gets a new name, also where the text shows it. Raises `ConversionError` when an answer
    is of another file or other pages than its chunk, or the chunks are not the whole of the file in order.
    """
    _check(parts, chunks)
    whole = dict(parts[0])
    for number, part in enumerate(parts[1:], 2):
        whole = _grown(whole, _renamed(part, whole.get("images", {}), number))
    return {**whole, "warnings": list(dict.fromkeys(whole.get("warnings", [])))}


def _check(parts: Sequence[Mapping[str, Any]], chunks: Sequence[Chunk]) -> None:
    if not parts or len(parts) != len(chunks):
        raise _mixed(f"{len(parts)} answers for {len(chunks)} chunks")
    pages, file, expected = _count(parts[0]), parts[0].get("file"), 1
    for part, (first, last) in zip(parts, chunks, strict=True):
        if first != expected or last > pages:
            raise _mixed(f"page {expected} of {pages} is next, not {first}-{last}")
        if file is None or (part.get("file"), part.get("count")) != (file, pages):
            raise _mixed(f"pages {first}-{last} are of another file")
        _check_pages(part, first, last)
        expected = last + 1
    if expected != pages + 1:
        raise _mixed(f"{expected - 1} of {pages} pages")


def _check_pages(part: Mapping[str, Any], first: int, last: int) -> None:
    match part:
        case {"first": int(start), "markdown": str(text), "pages": [*ends]} if ends and ends == sorted(ends):
            if (start, len(ends)) != (first, last - first + 1):
                raise _mixed(f"pages {first}-{last} asked for, {start}-{start + len(ends) - 1} read")
            if ends[0] >= 0 and ends[-1] == len(text):
                return
    raise _mixed(f"the text of pages {first}-{last} is not that of its pages")


def _count(part: Mapping[str, Any]) -> int:
    count = part.get("count")
    if not isinstance(count, int) or count < 1:
        raise _mixed("an answer does not say how many pages the file has")
    return count


def _mixed(detail: str) -> ConversionError:
    return ConversionError("conversion_failed", f"page chunks do not fit together: {detail}")


def _grown(whole: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Return two neighbours as one; a chunk ends with its last word, so a blank line comes between them."""
    text, end = whole["markdown"], len(whole["markdown"])
    if text and part["markdown"]:
        text += "\n\n"[len(text) - len(text.rstrip("\n")) :]
    ends = [len(text) if at == end else at for at in whole["pages"]] + [len(text) + at for at in part["pages"]]
    rest = {key: _sum(whole.get(key), part.get(key)) for key in {**whole, **part} if key not in (*_ALIKE, "first")}
    return {**whole, **rest, "markdown": text + part["markdown"], "pages": ends}


def _sum(one: Any, other: Any) -> Any:
    """Return what two answers say of the same thing: lists one after the other, numbers added, dicts by key."""
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, dict):
        return {key: _sum(one.get(key), other.get(key)) for key in {**one, **other}}
    return one if isinstance(one, (str, bool)) else one + other


def _renamed(part: Mapping[str, Any], taken: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """Return `part` with other names for those of its images whose names are taken by different ones."""
    images = part.get("images", {})
    names = {name: name for name in images}
    for name in images:
        if taken.get(name, images[name]) != images[name]:
            names[name] = next(new for new in _others(name, number) if new not in {**taken, **images})
    if all(name == new for name, new in names.items()):
        return part
    shown = re.compile(r"\]\((" + "|".join(map(re.escape, names)) + r")\)")
    pages = [shown.sub(lambda match: f"]({names[match[1]]})", page) for page in _pages(part)]
    ends = list(accumulate(map(len, pages)))
    renamed = {names[name]: image for name, image in images.items()}
    return {**part, "markdown": "".join(pages), "pages": ends, "images": renamed}


def _others(name: str, number: int) -> Iterator[str]:
    path = PurePath(name)
    for again in count():
        yield str(path.with_name(f"{path.stem}_{number}{f'_{again}' if again else ''}{path.suffix}"))


def _pages(part: Mapping[str, Any]) -> list[str]:
    return [part["markdown"][start:end] for start, end in pairwise([0, *part["pages"]])]


def _only(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return one of the errors, if chunks that failed together did so each in its own way, else all."""
    papers, others = errors.split(ConversionError)
    if others or not papers:
        return errors
    leaf: BaseException = papers
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf
