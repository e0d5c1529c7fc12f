"""A small scholarly internet on 127.0.0.x, decided by a plan: the demo, the tests and the benchmarks run against it.

Needs the extra `[demo]` (Starlette and uvicorn).
"""

from core.loopback.faults import FAULTS
from core.loopback.internet import Internet
from core.loopback.leaflet import leaflets
from core.loopback.pages import LANDINGS
from core.loopback.plan import Plan, Route, Served, Trouble
from core.loopback.service import JOB_FAULTS
from core.loopback.traffic import Request

__all__ = [
    "FAULTS", "JOB_FAULTS", "LANDINGS", "Internet", "Plan", "Request", "Route", "Served", "Trouble", "leaflets",
]  # fmt: skip
