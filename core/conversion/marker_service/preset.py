"""Which of the service's presets the settings ask for, and what texts made by it are cached under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from core.errors import SettingsError
from core.settings import Settings

#: What the preset "quality" is beside "balanced"; no other option of Marker can be told to the service.
_QUALITY = ("force_ocr", "use_llm")


def preset(settings: Settings) -> str:
    """Return the preset for the mode and options of Marker, or raise `SettingsError` for options it cannot carry."""
    lost = sorted(set(settings.marker_options) - set(_QUALITY))
    if lost:
        raise SettingsError(
            f"the Marker job service knows presets, not the options {', '.join(lost)}: remove them from marker_options"
        )
    return "quality" if any(settings.marker_options.get(name) for name in _QUALITY) else settings.marker_mode


def definition(name: str, presets: Mapping[str, Any]) -> str:
    """Return a preset's name with a digest of what the service says it is; `SettingsError` if it has others only."""
    if not presets:
        return name
    if name not in presets:
        raise SettingsError(f"the Marker job service has no preset {name!r}, only {', '.join(sorted(presets))[:200]}")
    canonical = json.dumps(presets[name], sort_keys=True)
    return f"{name}/{hashlib.sha256(canonical.encode()).hexdigest()[:10]}"
