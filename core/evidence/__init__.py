"""What a text says, and where."""

from core.evidence.index import Index
from core.evidence.locate import Located, find, locate

__all__ = ["Index", "Located", "find", "locate"]
