"""How Marker is set up: mode and options, and the fingerprint texts are cached under."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from core.conversion.text_layer import RULES as LAYOUT
from core.errors import SettingsError
from core.settings import Settings

RULES = 1  # raise it with every change of ours that changes the texts of Marker
PACKAGES = ("marker-pdf", "surya-ocr")
TEXT = "text"  # the mode without weights: layout by our rules, text by the PDF's own layer
_OURS = ("mode", "output_format", "renderer", "converter_cls", "paginate_output", "page_separator", "extract_images")
CLASSES = ("llm_service", "processors")  # options that name classes, as Marker's command line has them
_SECRET = re.compile(r"_(key|token|secret|credentials)$")
_RANGE = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")
#: What every conversion needs: no children of its own, no bars, and no links, whose targets would stand in the text.
_ALWAYS: Mapping[str, Any] = {"pdftext_workers": 1, "disable_tqdm": True, "disable_links": True}
#: Without weights nothing may ask for a model; levels and order are those of our rules; and the text of a page that
#: looks garbled, as plots do by their marks, is kept, for nothing could be read in its place.
_WEIGHTLESS: Mapping[str, Any] = {
    "mode": "fast",
    "disable_ocr": True,
    "force_ocr": False,
    "level_count": 1 << 30,
    "use_pdftext_reading_order": False,
    "highres_block_types": [],
    "ocr_alphanum_threshold": 0.0,
    "ocr_space_threshold": 1.0,
    "ocr_newline_threshold": 1.0,
    "ocr_invalid_chars": [],
}


@dataclass(frozen=True)
class MarkerOptions:
    """A way to run Marker: `mode` is balanced, fast or text (without weights); `options` are any of Marker's own."""

    mode: str = "balanced"
    options: Mapping[str, Any] = field(default_factory=dict)
    images: bool = False

    @classmethod
    def from_settings(cls, settings: Settings, mode: str = "") -> MarkerOptions:
        """Return what `settings` ask for (with another `mode`), or raise `SettingsError`."""
        options = dict(settings.marker_options)
        if taken := sorted(set(_OURS) & set(options)):
            raise SettingsError(
                f"marker_options cannot set {', '.join(taken)}: mode is set by marker_mode, the rest is ours"
            )
        _pages(options.get("page_range"))
        return cls(mode or settings.marker_mode, options, settings.marker_images)

    @property
    def reads_scans(self) -> bool:
        """Tell whether pages without a text layer are recognised."""
        return self.mode != TEXT and not self.options.get("disable_ocr")

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, to be made again by `MarkerOptions(**plain)`."""
        return {**asdict(self), "options": dict(self.options)}

    def config(self) -> dict[str, Any]:
        """Return the configuration of Marker's `PdfConverter`, a new dict each time: Marker writes into it."""
        known = {**_ALWAYS, **self.options, "extract_images": self.images}
        known.pop("page_range", None)
        return {**known, **_WEIGHTLESS} if self.mode == TEXT else {**known, "mode": self.mode}

    def parts(self) -> dict[str, Any]:
        """Return the arguments of `PdfConverter` that are classes, by their names."""
        service, processors = self.options.get("llm_service"), self.options.get("processors")
        return {"llm_service": service, "processor_list": processors.split(",") if processors else None}

    def pages(self, count: int) -> list[int]:
        """Return the pages, counted from 1, that `page_range`, which counts from 0 as in Marker, chooses of `count`."""
        chosen = _pages(self.options.get("page_range"))
        return [number for number in range(1, count + 1) if chosen is None or number - 1 in chosen]

    def fingerprint(self) -> str:
        """Return our rules, the versions, the mode and the options, or raise `SettingsError` without Marker."""
        told = {name: value for name, value in self.options.items() if not _SECRET.search(name)}
        digest = hashlib.sha256(json.dumps([told, self.images], sort_keys=True).encode()).hexdigest()[:10]
        name, how = ("marker-text", f"text-layer/{LAYOUT}") if self.mode == TEXT else ("marker", self.mode)
        versions = "+".join(f"{package}/{_version(package)}" for package in PACKAGES)
        return f"{name}/{RULES}+{versions}+{how}+{digest}"


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise SettingsError(f"{package} is not installed: `make marker`, or choose another converter") from None


def _pages(chosen: object) -> set[int] | None:
    """Return the pages, counted from 0, of a list or of text like "0,5-10"."""
    if chosen is None:
        return None
    if isinstance(chosen, list) and chosen and all(isinstance(page, int) and page >= 0 for page in chosen):
        return set(chosen)
    if not isinstance(chosen, str) or not _RANGE.fullmatch(chosen.replace(" ", "")):
        raise SettingsError(f'marker_options: page_range {chosen!r} is neither a list of pages nor like "0,5-10"')
    parts = [part.partition("-") for part in chosen.replace(" ", "").split(",")]
    return {page for first, _, last in parts for page in range(int(first), int(last or first) + 1)}
