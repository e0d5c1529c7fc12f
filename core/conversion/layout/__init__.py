"""The text layer of a PDF becomes Markdown, by where and how its words are set."""

from core.conversion.layout.document import Extract, extract

__all__ = ["Extract", "extract"]
