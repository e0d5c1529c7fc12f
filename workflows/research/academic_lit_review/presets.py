"""The quality presets: how many papers a review reads, how far it follows citations, how long it becomes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

from core.errors import InputError


@dataclass(frozen=True)
class Preset:
    """How thorough a review is.

    `min_citations` holds for papers older than `recency_years`; `recency_quota` is the share of the selection kept for
    younger ones. Citations are followed for `max_stages` stages at most, and no further after two that each made up
    less than the share `saturation` of the relevant papers then known.
    """

    max_papers: int
    max_stages: int
    target_words: int
    min_citations: int
    saturation: float
    recency_quota: float = 0.35
    recency_years: int = 2


PRESETS: dict[str, Preset] = {
    "test": Preset(5, 1, 2_000, 0, 0.25, 0.0),
    "quick": Preset(30, 2, 9_000, 5, 0.15),
    "standard": Preset(50, 3, 12_000, 10, 0.12),
    "comprehensive": Preset(100, 4, 17_500, 10, 0.10),
    "high_quality": Preset(250, 5, 22_000, 10, 0.10),
}
DEFAULT = "standard"

#: The least and the most that each setting may be; beyond it a review would be empty, or never end.
LIMITS: dict[str, tuple[float, float]] = {
    "max_papers": (1, 1_000),
    "max_stages": (0, 10),
    "target_words": (500, 100_000),
    "min_citations": (0, 10_000),
    "saturation": (0, 1),
    "recency_quota": (0, 1),
    "recency_years": (0, 50),
}


def chosen(quality: str | None = None, **single: float | None) -> Preset:
    """Return the preset called `quality` with `single` settings of it changed; raise one `InputError` on all mistakes.

    A setting that is None is as in the preset.
    """
    name = (quality or DEFAULT).strip().lower().replace("-", "_").replace(" ", "_")
    given = {key: value for key, value in single.items() if value is not None}
    wrong = [] if name in PRESETS else [f"there is no quality {quality!r}; there are: {', '.join(PRESETS)}"]
    wrong += [text for key, value in given.items() if (text := _mistake(key, value))]
    if wrong:
        raise InputError("\n".join(wrong))
    whole = {field.name for field in fields(Preset) if field.type == "int"}
    return replace(PRESETS[name], **{key: int(value) if key in whole else value for key, value in given.items()})  # type: ignore[arg-type]


def described(preset: Preset) -> dict[str, float]:
    """Return the settings of `preset` as plain values, for the state of a run."""
    return asdict(preset)


def _mistake(key: str, value: object) -> str:
    """Return what is wrong with a single setting, or nothing."""
    if key not in LIMITS:
        return f"there is no setting {key!r}; there are: {', '.join(LIMITS)}"
    least, most = LIMITS[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return f"{key} must be a number from {least:g} to {most:g}, not {value!r}"
    counted = PRESETS[DEFAULT].__getattribute__(key)
    return f"{key} must be a whole number, not {value!r}" if isinstance(counted, int) and value != int(value) else ""
