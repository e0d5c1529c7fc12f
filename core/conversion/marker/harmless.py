"""What a paper prints stays text: Marker writes its angle brackets and square ones into the Markdown as they are."""

from __future__ import annotations

import re
from collections.abc import Collection

_KEPT = re.compile(r"(```.*?```|(?<!\\)\$\$.*?(?<!\\)\$\$|(?<!\\)\$[^$\n]+(?<!\\)\$)", re.DOTALL)  # code and formulas
_TAG = re.compile(
    r"<(?=[A-Za-z/!?])(?!"  # unless it is one of those that Marker itself writes
    r"/?(?:sub|sup|br|span|table|thead|tbody|tr|th|td|math)>"
    r"|span id=\"page-\d+-\d+\">"
    r"|t[hd](?: (?:row|col)span=\"?\d+\"?)+>"
    r")"
)
_LINK = re.compile(r"(!\[)?\](?=\(([^)\s]*)|\[)")


def harmless(markdown: str, *, images: Collection[str] = (), links: bool = False) -> str:
    """Return `markdown` without tags or links that are not Marker's own; `links`: it was asked to write some."""

    def unlinked(match: re.Match[str]) -> str:
        own = links or (match[1] and match[2] in images)
        return match[0] if own else f"{match[0]}\\"

    parts = _KEPT.split(markdown)
    for index in range(0, len(parts), 2):
        parts[index] = _LINK.sub(unlinked, _TAG.sub(r"\\<", parts[index]))
    return "".join(parts)
