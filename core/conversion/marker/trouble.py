"""Marker's exceptions, of which it has no class of its own, become reasons with what to do about them."""

from __future__ import annotations

from core.errors import ConversionError, InferenceDown, PaperError

_DOWN = ("SpawnError", "HTTPError", "OpenAIError")  # surya's, and the bases of httpx' and openai's
_SETUP = "In order to use "  # how Marker's services say that an option is missing


class Trouble:
    """A block in which what Marker raises leaves as a `ConversionError`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, (PaperError, MemoryError)):
            raise told(error) from error


def told(error: Exception) -> ConversionError:
    """Return `error` as one of ours."""
    names = {kind.__name__ for kind in type(error).__mro__}
    message = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    if names.intersection(_DOWN):
        return InferenceDown("inference_unavailable", message)
    if "OutOfMemoryError" in names or "out of memory" in message.lower():
        return ConversionError("out_of_memory", f"{message}; lower max_processing or marker_chunk_pages")
    if "PdfiumError" in names:
        locked = "password" in message.lower()
        return ConversionError("encrypted" if locked else "damaged", message)
    if isinstance(error, AssertionError) and str(error).startswith(_SETUP):
        return ConversionError("conversion_failed", f"marker_options: {message}")
    return ConversionError("conversion_failed", message)
