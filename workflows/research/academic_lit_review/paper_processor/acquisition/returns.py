"""The way back from the converter: a paper whose file cannot be read goes on to places that may have its text."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import PaperError
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import Route
from workflows.research.academic_lit_review.paper_processor.board import Board


class Returns:
    """Holds the routes of papers in conversion that have places left, until it is known what became of them.

    The producer connects itself, lends routes and stays as long as one is out; the consumer says how each ended.
    """

    def __init__(self) -> None:
        self._lent: dict[str, Route] = {}
        self._again: Callable[[Route], None] = lambda route: None
        self._over: Callable[[], None] = lambda: None

    def connect(self, *, again: Callable[[Route], None], over: Callable[[], None]) -> None:
        """Let `again` take a route that goes on, and `over` know that one needs nothing more."""
        self._again, self._over = again, over

    def lend(self, route: Route) -> None:
        """Keep a route whose paper is about to be queued."""
        self._lent[route.paper_id] = route

    def done(self, paper_id: str) -> None:
        """Forget the route of a paper that has been read."""
        if self._lent.pop(paper_id, None):
            self._over()

    def failed(self, paper_id: str, error: PaperError, board: Board) -> bool:
        """Send a paper that could not be converted on its way again; False when there is no other place for it."""
        route = self._lent.pop(paper_id, None)
        if route is None:
            return False
        if not route.turn_back(error):
            self._over()
            return False
        board.tell("acquire", "waiting", paper_id, reason=error.reason, explanation=error.detail)
        self._again(route)
        return True
