"""How Marker is set up: by mode and options of the settings, told in a fingerprint that shares no secret."""

import pytest

from core.conversion.marker.options import TEXT, MarkerOptions
from core.errors import SettingsError
from core.settings import Settings
from tests.marking import needs_marker


def made(mode: str = "", **options: object) -> MarkerOptions:
    return MarkerOptions.from_settings(Settings.model_validate({"marker_options": options}), mode)


def test_the_mode_is_that_of_the_settings_unless_another_is_asked_for() -> None:
    assert made().config()["mode"] == "balanced"
    assert MarkerOptions.from_settings(Settings(marker_mode="fast")).config()["mode"] == "fast"
    assert made(TEXT).config()["disable_ocr"] is True


def test_any_option_of_marker_is_passed_on() -> None:
    assert made(force_ocr=True, use_llm=True, LLMTableProcessor_max_rows=5).config() == {
        "pdftext_workers": 1, "disable_tqdm": True, "disable_links": True, "extract_images": False, "mode": "balanced",
        "force_ocr": True, "use_llm": True, "LLMTableProcessor_max_rows": 5,
    }  # fmt: skip


def test_a_configuration_is_new_each_time_for_marker_writes_into_it() -> None:
    options = made()
    options.config()["mode"] = "fast"
    assert options.config()["mode"] == "balanced"


def test_without_weights_nothing_may_ask_for_a_model() -> None:
    config = made(TEXT, force_ocr=True, disable_ocr=False).config()
    assert (config["force_ocr"], config["disable_ocr"]) == (False, True)


@pytest.mark.parametrize("taken", ["mode", "output_format", "renderer", "paginate_output", "extract_images"])
def test_what_is_decided_elsewhere_cannot_be_an_option(taken: str) -> None:
    with pytest.raises(SettingsError, match=taken):
        MarkerOptions.from_settings(Settings(marker_options={taken: "html"}))


def test_scans_are_read_unless_ocr_is_off() -> None:
    assert made().reads_scans
    assert not made(disable_ocr=True).reads_scans
    assert not made(TEXT).reads_scans


@pytest.mark.parametrize(
    ("chosen", "pages"), [(None, [1, 2, 3, 4]), ("0", [1]), ("0, 2-9", [1, 3, 4]), ([3, 1], [2, 4]), ("7", [])]
)
def test_a_page_range_counts_from_nought_as_in_marker(chosen: object, pages: list[int]) -> None:
    options = made() if chosen is None else made(page_range=chosen)
    assert options.pages(4) == pages
    assert "page_range" not in options.config()


@pytest.mark.parametrize("chosen", ["", "one", "3-", [], ["1"], [-1], {"a": 1}])
def test_a_page_range_that_is_none_is_refused_at_once(chosen: object) -> None:
    with pytest.raises(SettingsError, match="page_range"):
        made(page_range=chosen)


def test_it_survives_the_way_into_a_worker() -> None:
    options = made(disable_ocr=True, page_range=[1])
    assert MarkerOptions(**options.plain()) == options


@needs_marker
def test_the_fingerprint_names_what_made_the_text() -> None:
    assert made().fingerprint().startswith("marker/1+marker-pdf/2.")
    assert "+surya-ocr/0." in made().fingerprint()
    assert "+balanced+" in made().fingerprint()
    assert made(TEXT).fingerprint().startswith("marker-text/1+")
    prints = [made(), made("fast"), made(TEXT), made(force_ocr=True), made(page_range="1")]
    assert len({options.fingerprint() for options in prints}) == len(prints)


@needs_marker
def test_a_key_is_no_part_of_the_fingerprint() -> None:
    assert made(gemini_api_key="a").fingerprint() == made(gemini_api_key="b").fingerprint()
