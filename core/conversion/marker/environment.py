"""The environment of Marker's workers: surya's settings, which it reads when it is imported."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from core.conversion.marker.services import SERVICES, VISION, Service
from core.settings import Settings

#: Where nobody listens (port 9 is RFC 863's, long out of use): a server with an address is not started by surya.
NOWHERE = "http://127.0.0.1:9/v1"

#: Requests under way for each that the server works on, as in Marker's own batch command: workers also do other things.
OVERLAP = 1.5

_FIXED = {
    "FONT_PATH": os.devnull,  # else a font is fetched, for files that are no PDF
    "TORCH_DEVICE": "cpu",  # the devices belong to the servers
    "SURYA_INFERENCE_BACKEND": "vllm",  # only to keep surya from looking for a GPU: the client is the same
    "DETECTOR_SERVER_URL": NOWHERE,
    **{
        f"{each}_AUTOSTART": "false"
        for each in ("SURYA_INFERENCE", "FAST_LAYOUT_SERVER", "OCR_ERROR_SERVER", "DETECTOR_SERVER")
    },
}


def environments(
    settings: Settings, bases: Mapping[Service, Sequence[str]], capacities: Sequence[int], slots: int
) -> list[dict[str, str]]:
    """Return the environment of each of `slots` workers, given the addresses of the services that run.

    `capacities` are those of the vision model's servers, divided among the workers that are bound to each.
    """
    hosts = sorted({urlsplit(base).hostname or "" for each in bases.values() for base in each})
    direct = ",".join(part for part in (settings.no_proxy, *hosts) if part)
    common = {
        **_FIXED,
        **{service.checkpoint: service.model for service in SERVICES},
        "SURYA_INFERENCE_TIMEOUT_SECONDS": f"{settings.inference_request_s:g}",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
    return [{**common, **_bound(bases, capacities, slot, slots)} for slot in range(slots)]


def _bound(bases: Mapping[Service, Sequence[str]], capacities: Sequence[int], slot: int, slots: int) -> dict[str, str]:
    """Return what is particular to one slot: its server of each kind, and its share of the vision model's.

    Its other servers of the vision model follow its own, by commas, for when that one is gone (`calls.py`).
    """
    bound = {}
    for service in SERVICES:
        known = bases.get(service) or (NOWHERE,)
        first = slot % len(known)
        bound[service.variable] = ",".join([*known[first:], *known[:first]]) if service is VISION else known[first]
    servers = len(bases.get(VISION, ())) or 1
    sharing = len(range(slot % servers, slots, servers))
    capacity = capacities[slot % servers] if capacities else 1
    return {**bound, "SURYA_INFERENCE_PARALLEL": str(max(1, math.ceil(capacity * OVERLAP / sharing)))}
