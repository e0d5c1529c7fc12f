"""The three services that run Marker's models, and which of them a way to run Marker asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.settings import Settings


@dataclass(frozen=True)
class Service:
    """One service: what it is called, the setting that names a running one, surya's variable for it, its model.

    `module` is the program that serves it; the vision model has none, surya starts a vLLM or llama.cpp server for it.
    """

    what: str
    setting: str
    variable: str
    checkpoint: str
    model: str
    module: str = ""

    def named(self, settings: Settings) -> list[str]:
        """Return the base addresses that the settings name, each ending in /v1."""
        given: str = getattr(settings, self.setting)
        return [_base(url.strip()) for url in given.split(",") if url.strip()]


#: Model ids as surya-ocr 0.22 expects them from `/v1/models`.
VISION = Service(
    "vision model", "surya_inference_url", "SURYA_INFERENCE_URL", "SURYA_MODEL_CHECKPOINT", "datalab-to/surya-ocr-2"
)
LAYOUT = Service(
    "fast layout",
    "fast_layout_server_url",
    "FAST_LAYOUT_SERVER_URL",
    "FAST_LAYOUT_MODEL_CHECKPOINT",
    "hf://datalab-to/surya_layout2",
    "surya.fast_layout.server",
)
ERRORS = Service(
    "OCR error",
    "ocr_error_server_url",
    "OCR_ERROR_SERVER_URL",
    "OCR_ERROR_MODEL_CHECKPOINT",
    "s3://ocr_error_detection/2025_02_18",
    "surya.ocr_error.server",
)
SERVICES = (VISION, LAYOUT, ERRORS)


def needed(mode: str, options: Mapping[str, Any]) -> tuple[Service, ...]:
    """Return the services that Marker asks in `mode` (balanced, fast, or text: none) with these options.

    Fast mode wants the vision model as well: for equations, scanned pages and garbled blocks.
    """
    forced = options.get("force_layout_block") is not None
    if mode == "text" or (options.get("disable_ocr") and forced):
        return ()
    if options.get("disable_ocr"):
        return (LAYOUT,)
    return SERVICES if mode == "fast" and not forced else (VISION, ERRORS)


def _base(url: str) -> str:
    url = url.rstrip("/")
    return url if url.endswith("/v1") else f"{url}/v1"
