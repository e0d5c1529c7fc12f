"""The presets are those of the design, and a wrong setting is told in words."""

import pytest

from core.errors import InputError
from workflows.research.academic_lit_review.presets import PRESETS, chosen, described


def test_the_presets_are_those_of_the_design() -> None:
    assert list(PRESETS) == ["test", "quick", "standard", "comprehensive", "high_quality"]
    assert [each.max_papers for each in PRESETS.values()] == [5, 30, 50, 100, 250]
    assert [each.max_stages for each in PRESETS.values()] == [1, 2, 3, 4, 5]
    assert [each.target_words for each in PRESETS.values()] == [2_000, 9_000, 12_000, 17_500, 22_000]
    assert [each.min_citations for each in PRESETS.values()] == [0, 5, 10, 10, 10]
    assert [each.saturation for each in PRESETS.values()] == [0.25, 0.15, 0.12, 0.10, 0.10]
    assert [each.recency_quota for each in PRESETS.values()] == [0, 0.35, 0.35, 0.35, 0.35]


def test_standard_is_the_default() -> None:
    assert chosen() == PRESETS["standard"]


def test_a_name_may_be_written_with_a_hyphen_and_in_capitals() -> None:
    assert chosen("High-Quality") == PRESETS["high_quality"]


def test_single_settings_change_a_preset_and_none_leaves_it() -> None:
    preset = chosen("quick", max_papers=12, min_citations=None, saturation=0.2)

    assert (preset.max_papers, preset.min_citations, preset.saturation) == (12, 5, 0.2)


def test_an_unknown_preset_is_told_with_the_names_there_are() -> None:
    with pytest.raises(InputError, match=r"no quality 'brilliant'; there are: test, quick, standard, comprehensive"):
        chosen("brilliant")


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        chosen("quick", max_papers=0, recency_quota=35, max_stages=1.5, depth=3)

    assert str(caught.value).splitlines() == [
        "max_papers must be a number from 1 to 1000, not 0",
        "recency_quota must be a number from 0 to 1, not 35",
        "max_stages must be a whole number, not 1.5",
        "there is no setting 'depth'; there are: max_papers, max_stages, target_words, min_citations, saturation, "
        "recency_quota, recency_years",
    ]


def test_a_preset_can_be_told_in_plain_values() -> None:
    assert described(chosen("test"))["target_words"] == 2_000
