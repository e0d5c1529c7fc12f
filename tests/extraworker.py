"""A module that looks for what it needs when its function is looked up, and does not find it."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "read":
        raise AttributeError(name)
    try:
        import no_such_extra  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError(f"the extra cannot be loaded ({error}): run `make extra`") from error
    return no_such_extra.read
