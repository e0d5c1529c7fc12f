"""The table of converters, and the choice of one by its name in the settings."""

from __future__ import annotations

from collections.abc import Callable

from core.conversion.converter import Converter
from core.conversion.text_layer import TextLayerConverter
from core.errors import SettingsError
from core.settings import Settings

ENGINES: dict[str, Callable[[Settings], Converter]] = {"text-layer": TextLayerConverter}

#: The best engine that is usable everywhere; `auto` takes it.
DEFAULT = "text-layer"


def choose(settings: Settings) -> Converter:
    """Return the engine `settings.converter` names, not yet entered."""
    name = DEFAULT if settings.converter == "auto" else settings.converter
    if name not in ENGINES:
        raise SettingsError(f"unknown converter {name!r}: choose one of auto, {', '.join(sorted(ENGINES))}")
    return ENGINES[name](settings)
