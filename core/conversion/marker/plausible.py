"""Whether Marker's text can be believed: it is compared, page by page, with the text layer that the PDF has.

Marker returns normally, without text, when every call of its model fails, and loses what an answer that was cut off
would have held. The figures below are from the 512 pages of 47 papers that these rules were made with, read without
weights: no page with more than `FULL` letters kept less than 77 % of them, no paper less than 83 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.conversion.layout.document import SCANNED_CHARS
from core.errors import ConversionError, InferenceDown

FULL = 500  # letters and digits: running heads alone had 182 at most, a page of running text has 3000
LOST = 0.1  # of a full page's letters, or fewer, in the text: the page is lost
THIN = 0.5  # fewer: the page is named in a warning; of the whole paper, it fails


@dataclass(frozen=True)
class Page:
    """What is known of a converted page.

    Letters and digits in the file (-1: unreadable) and in the text, pictures, and whether it is other than blank.
    """

    number: int
    layer: int
    written: int
    pictures: int
    ink: int

    @property
    def share(self) -> float:
        """Return how much of a full page's text layer is in the text; 1 for other pages, where that says nothing."""
        return self.written / self.layer if self.layer >= FULL else 1.0

    @property
    def silent(self) -> bool:
        """Tell whether something is printed on it of which nothing is in the text."""
        return self.layer >= 0 and self.ink > 0 and not self.written


def judge(answer: Mapping[str, Any], *, reads_scans: bool) -> tuple[str, ...]:
    """Return the warnings that belong to what `reading.read` answered for a whole paper, or raise `ConversionError`.

    `no_text_layer` when its pages are images and OCR is off, `inference_unavailable` when calls of the model failed
    and text is missing, `empty` when no page was asked for, otherwise `implausible_text`.
    """
    pages = _pages(answer)
    if not pages:
        raise ConversionError("empty", f"page_range chooses none of {len(answer['letters'])} pages")
    calls = {"asked": 0, "failed": 0, "cut": 0, **answer.get("calls", {})}
    thin = [page for page in pages if page.share < THIN]
    silent = [page for page in pages if page.silent]
    _check_calls(calls, [page for page in pages if page.silent or page.share < THIN])
    _check_amount(pages, reads_scans=reads_scans)
    _check_lost([page for page in pages if page.share < LOST and not page.pictures])
    if thin and calls["cut"]:
        raise ConversionError("implausible_text", f"{calls['cut']} answers were cut off: {_named('page', thin)}")
    return tuple(_warnings(pages, thin, silent, calls))


def _pages(answer: Mapping[str, Any]) -> list[Page]:
    """Return the pages that were converted; others, left out by `page_range`, have no method."""
    methods = answer["metadata"]["methods"]
    counts = (answer[name] for name in ("letters", "written", "pictures"))
    columns = zip(methods, *counts, answer.get("ink", [1] * len(methods)), strict=True)
    return [Page(number, *known) for number, (method, *known) in enumerate(columns, 1) if method]


def _check_calls(calls: Mapping[str, int], missing: Sequence[Page]) -> None:
    if calls["failed"] and (missing or calls["failed"] == calls["asked"]):
        where = f": {_named('page', missing)}" if missing else ""
        raise InferenceDown(
            "inference_unavailable", f"{calls['failed']} of {calls['asked']} calls of the model failed{where}"
        )


def _check_amount(pages: Sequence[Page], *, reads_scans: bool) -> None:
    layer, written = sum(max(0, page.layer) for page in pages), sum(page.written for page in pages)
    if written < SCANNED_CHARS * len(pages) and layer < SCANNED_CHARS * len(pages):
        found = f"{layer} letters and digits on {len(pages)} pages"
        if not reads_scans:
            raise ConversionError("no_text_layer", f"{found}: they are images, and OCR is off")
        raise ConversionError("implausible_text", f"{found}, and the model read {written}")
    if written < THIN * layer:
        raise ConversionError("implausible_text", f"{written} of {layer} letters and digits")


def _check_lost(lost: Sequence[Page]) -> None:
    if lost:
        counts = f"{sum(page.written for page in lost)} of {sum(page.layer for page in lost)} letters and digits"
        raise ConversionError("implausible_text", f"{counts} of {_named('page', lost)}")


def _warnings(
    pages: Sequence[Page], thin: Sequence[Page], silent: Sequence[Page], calls: Mapping[str, int]
) -> list[str]:
    shown = [page for page in thin if page.pictures]
    unreadable = [page for page in pages if page.layer < 0]
    found = [
        (silent, _named("no text on page", silent)),
        (unreadable, _named("unreadable page", unreadable)),
        (shown, f"text inside pictures left out: {_named('page', shown)}"),
        (thin, f"less than half of the text layer: {_named('page', thin)}"),
        (calls["failed"], f"{calls['failed']} of {calls['asked']} calls of the model failed"),
        (calls["cut"], f"{calls['cut']} answers of the model were cut off"),
    ]
    return [warning for there, warning in found if there]


def _named(what: str, pages: Sequence[Page]) -> str:
    return f"{what}{'s' * (len(pages) > 1)} {', '.join(str(page.number) for page in pages)}"
