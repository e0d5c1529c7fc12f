"""Marker's exceptions, of which it has no class of its own, become reasons with what to do about them."""

from __future__ import annotations

from core.errors import ConversionError, InferenceDown, LitReviewError, SettingsError

_DOWN = ("SpawnError", "HTTPError", "OpenAIError")  # surya's, and the bases of httpx' and openai's


class Trouble:
    """A block in which what Marker raises leaves as a `ConversionError`, or of its `setup` as a `SettingsError`."""

    def __init__(self, *, setup: bool = False) -> None:
        self._setup = setup

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Exception) or isinstance(error, (LitReviewError, MemoryError)):
            return
        if self._setup:
            raise SettingsError(f"Marker does not start with these marker_options: {_message(error)}") from error
        raise told(error) from error


def told(error: Exception) -> ConversionError:
    """Return `error` as one of ours."""
    names = {kind.__name__ for kind in type(error).__mro__}
    message = _message(error)
    if names.intersection(_DOWN):
        return InferenceDown("inference_unavailable", message)
    if "OutOfMemoryError" in names or "out of memory" in message.lower():
        return ConversionError("out_of_memory", f"{message}; lower max_processing or marker_chunk_pages")
    if "PdfiumError" in names:
        locked = "password" in message.lower()
        return ConversionError("encrypted" if locked else "damaged", message)
    return ConversionError("conversion_failed", message)


def _message(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
