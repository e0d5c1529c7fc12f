"""Marker at work, in a worker process: a path comes in, plain data goes out. To look up `read` is to load Marker."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from core.conversion.marker.calls import Calls
from core.conversion.marker.layer import look
from core.conversion.marker.layout import DECIDED, RuledLayout
from core.conversion.marker.options import CLASSES, TEXT, MarkerOptions
from core.conversion.marker.pages import contents, ink, pictures, rendered, written
from core.conversion.marker.trouble import Trouble
from core.errors import SettingsError

UNREADABLE = "unreadable"  # the method of a page that cannot be opened


def __getattr__(name: str) -> Callable[..., dict[str, Any]]:
    """Load Marker, which takes ten seconds and more, before the first call and its deadline."""
    if name != "read":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import marker.converters.pdf  # type: ignore[import-untyped, import-not-found, unused-ignore] # noqa: F401
    except ImportError as error:
        raise ImportError(f"Marker cannot be loaded ({error}): run `make marker`") from error
    return _read


def _read(path: str, options: dict[str, Any], pages: list[int] | None = None) -> dict[str, Any]:
    """Return the text of the PDF at `path`, or of its `pages` (the first and the last, counted from 1), as plain data.

    `options` are those of `MarkerOptions.plain()`. `pages` of the answer are the ends of the pages in its Markdown;
    `letters` and `written` count letters and digits of each page in the file and in the Markdown. Raises
    `ConversionError` with what is wrong and, where that helps, what to do; `SettingsError` for options that do not fit.
    """
    begun = time.monotonic()
    wanted = MarkerOptions(**options)
    layer = look(path, *(pages or ()))
    chosen = [number for number in wanted.pages(layer.count) if number in layer.letters]
    numbers = [number for number in chosen if layer.letters[number] >= 0]  # one that cannot be opened fails all others
    with Trouble(setup=True):
        machine = _machine(json.dumps(options, sort_keys=True))
    with Trouble():
        read = machine.convert(path, numbers) if numbers else {}
    return {
        **_spread(read, numbers, {number: UNREADABLE * (number in chosen) for number in layer.letters}),
        "first": min(layer.letters, default=1),
        "count": layer.count,
        "file": {"sha256": layer.sha256},
        "letters": [letters if number in chosen else 0 for number, letters in layer.letters.items()],
        "seconds": time.monotonic() - begun,
    }


@lru_cache(maxsize=2)
def _machine(recipe: str) -> _Machine:
    return _Machine(MarkerOptions(**json.loads(recipe)))


class _Machine:
    """A `PdfConverter`, kept warm."""

    def __init__(self, wanted: MarkerOptions) -> None:
        from marker.converters.pdf import PdfConverter
        from marker.settings import settings  # type: ignore[import-untyped, import-not-found, unused-ignore]

        _check(wanted.options)
        logging.getLogger("marker").setLevel(logging.WARNING)
        settings.FONT_PATH = os.devnull  # otherwise a font is fetched, which no PDF needs
        self._calls = Calls() if wanted.mode != TEXT else None
        parts = wanted.parts()
        if wanted.mode == TEXT and not parts["processor_list"]:
            parts["processor_list"] = [
                f"{kind.__module__}.{kind.__name__}"
                for kind in PdfConverter.default_processors
                if kind.__name__ not in DECIDED
            ]
        self._converter = PdfConverter(_models(self._calls), config=wanted.config(), **parts)
        if wanted.mode == TEXT:
            self._converter.layout_builder_class = RuledLayout

    def convert(self, path: str, numbers: list[int]) -> dict[str, Any]:
        """Return what these pages hold, with one entry for each of them in every list."""
        if self._calls:
            self._calls.clear()
        self._converter.config["page_range"] = [number - 1 for number in numbers]
        document = self._converter.build_document(path)
        renderer = self._converter.resolve_dependencies(self._converter.renderer)
        markdown, ends, images = rendered(document, renderer, links=not self._converter.config["disable_links"])
        return {
            "markdown": markdown,
            "pages": ends,
            "contents": contents(document),
            "methods": [page.text_extraction_method or "none" for page in document.pages],
            "pictures": pictures(document),
            "ink": ink(document),
            "images": {name: _encoded(image) for name, image in images.items()},
            "calls": self._calls.counts() if self._calls else {},
        }


def _check(options: Mapping[str, Any]) -> None:
    """Raise `SettingsError` for an option that Marker does not have: it would pass over it in silence."""
    if not options:
        return
    from marker.config.crawler import crawler  # type: ignore[import-untyped, import-not-found, unused-ignore]

    known = {*crawler.attr_set, *CLASSES}
    for name in options:
        if name not in known:
            close = get_close_matches(name, known, 1)
            raise SettingsError(f"marker_options: Marker has no {name!r}" + (f"; {close[0]!r}?" if close else ""))


def _models(calls: Calls | None) -> dict[str, Any]:
    """Return what Marker's steps ask for by name; without weights none of it is ever used."""
    if calls is None:
        return dict.fromkeys(("layout_model", "fast_layout_model", "recognition_model", "ocr_error_model"))
    from marker.models import create_model_dict  # type: ignore[import-untyped, import-not-found, unused-ignore]

    models: dict[str, Any] = create_model_dict(inference_manager=calls)
    return models


def _encoded(image: Any) -> str:
    """Return a picture as the JPEG that its name promises, in base64."""
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


def _spread(read: Mapping[str, Any], numbers: list[int], span: Mapping[int, str]) -> dict[str, Any]:
    """Return what was read with an entry for each page of `span`; those not among `numbers` have its method."""
    markdown = read.get("markdown", "")
    columns = ("pages", "methods", "pictures", "ink")
    found = {name: dict(zip(numbers, read.get(name, ()), strict=True)) for name in columns}
    pages: list[int] = []
    for number in span:
        pages.append(found["pages"].get(number, pages[-1] if pages else 0))
    return {
        "markdown": markdown,
        "pages": pages,
        "written": written(markdown, pages),
        "pictures": [found["pictures"].get(number, 0) for number in span],
        "ink": [found["ink"].get(number, 0) for number in span],
        "metadata": {
            "table_of_contents": read.get("contents", []),
            "methods": [found["methods"].get(number, method) for number, method in span.items()],
        },
        "images": read.get("images", {}),
        "calls": read.get("calls", {}),
        "warnings": [],
    }
