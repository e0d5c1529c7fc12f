"""What every converter of the tests has in common."""

from typing import Self

from core.conversion.converter import Converted, PageSpan


class Engine:
    """A converter without resources; a test's own adds `name` and `convert`."""

    name = "engine"
    rank = 10
    reads_scans = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        return None

    @property
    def fingerprint(self) -> str:
        """Return name and version."""
        return f"{self.name}/1"

    def deadline(self, pages: int) -> float:
        """Return enough seconds for anything that ends at all."""
        return 30.0 + 2.0 * pages

    def converted(self, text: str) -> Converted:
        """Return `text` as one page."""
        return Converted(text, (PageSpan(1, 0, len(text)),), self.name, self.fingerprint, self.rank)
