"""What Marker and the libraries under it raise becomes a reason with what to do."""

import pytest

from core.conversion.marker.trouble import Trouble, told
from core.errors import ConversionError, InferenceDown, SettingsError


def raised(name: str, base: type[Exception] = RuntimeError, message: str = "broken") -> Exception:
    """Return an error of a class with this name, as a library has that is not imported here."""
    error: Exception = type(name, (base,), {})(message)
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (raised("SpawnError"), "inference_unavailable"),
        (raised("ConnectError", type("HTTPError", (Exception,), {})), "inference_unavailable"),
        (raised("OutOfMemoryError"), "out_of_memory"),
        (RuntimeError("CUDA error: out of memory"), "out_of_memory"),
        (raised("PdfiumError", message="Failed to load document (Data format error)."), "damaged"),
        (raised("PdfiumError", message="Failed to load document (Incorrect password error)."), "encrypted"),
        (AssertionError("Invalid page range"), "conversion_failed"),
        (KeyError("text"), "conversion_failed"),
    ],
)
def test_each_kind_of_error_has_its_reason(error: Exception, reason: str) -> None:
    found = told(error)
    assert found.reason == reason
    assert isinstance(found, InferenceDown) is (reason == "inference_unavailable")


def test_the_first_words_of_the_error_are_kept_on_one_line() -> None:
    detail = told(ValueError("a\nb" + "c" * 1000)).detail
    assert detail.startswith("ValueError: a b")
    assert len(detail) <= 300


def test_our_own_errors_and_those_of_the_process_go_through() -> None:
    for error in (ConversionError("empty"), SettingsError("no"), MemoryError(), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, Trouble():
            raise error
        assert caught.value is error


def test_what_goes_wrong_before_any_paper_is_a_matter_of_the_settings() -> None:
    with pytest.raises(SettingsError, match="gemini_api_key"), Trouble(setup=True):
        raise AssertionError("you must set the configuration values `gemini_api_key`")
