from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """Make a blocking call on the event loop an error, as `langgraph dev` does."""
    with blockbuster_ctx(scanned_modules=["core", "workflows"]):
        yield
