"""Every way a catalogue of the loopback internet misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from core.loopback.call import World
from core.loopback.plan import Trouble

Handler = Callable[[Request], Awaitable[Response]]

#: What OpenAlex says when the day's money is gone: seconds to midnight, and what the request would have cost.
_BROKE = {
    "retry-after": "53578", "x-ratelimit-limit": "1000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "53578",
    "x-ratelimit-credits-required": "10",
}  # fmt: skip
_NO_MONEY = {"error": "Rate limit exceeded", "message": "Insufficient budget. Resets at midnight UTC."}
_CLOSED = "<!DOCTYPE html><html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>"


async def _hung(request: Request) -> Response:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


#: Answers of a catalogue in trouble, besides `http_<status>`; `hollow` and `error_in_200` depend on the catalogue.
ANSWERS: dict[str, Callable[[], Response]] = {
    "budget": lambda: JSONResponse(_NO_MONEY, 429, _BROKE),
    "burst": lambda: PlainTextResponse("Rate exceeded.", 429, {"retry-after": "1"}),
    "refused": lambda: JSONResponse({"message": "Too Many Requests. Please wait and try again.", "code": "429"}, 429),
    "payment": lambda: JSONResponse({"error": "Payment required"}, 402),
    "html": lambda: HTMLResponse(_CLOSED),
    "malformed": lambda: Response(b'{"results": [{"id": "https://open', media_type="application/json"),
    "wrong_shape": lambda: JSONResponse({"results": "none", "message": [], "data": 5, "resultList": True, "doi": 7}),
}
OWN = ("hollow", "error_in_200")
FAULTS = frozenset({*ANSWERS, *OWN, "hung"})


def known(fault: str) -> bool:
    """Tell whether `fault` can be named by a `Trouble`."""
    return fault in FAULTS or (fault.startswith("http_") and fault[5:].isdigit())


class Troubles:
    """The troubles of one catalogue, and how often each has struck."""

    def __init__(self, world: World, catalogue: str) -> None:
        self._planned = [trouble for trouble in world.plan.troubles if trouble.catalogue == catalogue]
        self._struck: dict[Trouble, int] = {}

    def strikes(self, path: str) -> str:
        """Return the fault that happens to a request for `path`, counting it; nothing if none does."""
        for trouble in self._planned:
            times = self._struck.get(trouble, 0)
            if trouble.path in path and (trouble.times is None or times < trouble.times):
                self._struck[trouble] = times + 1
                return trouble.fault
        return ""

    def guarded(self, handler: Handler, own: Mapping[str, Callable[[], Response]] | None = None) -> Handler:
        """Return `handler` with the troubles before it; `own` has the catalogue's answers for those in `OWN`."""
        answers = {**ANSWERS, **(own or {})}

        async def answer(request: Request) -> Response:
            fault = self.strikes(request.url.path)
            if fault == "hung":
                return await _hung(request)
            if fault.startswith("http_"):
                return PlainTextResponse(f"{fault[5:]}\n", int(fault[5:]))
            return answers[fault]() if fault else await handler(request)

        return answer
