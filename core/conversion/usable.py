"""What of Marker this machine can use, and what to do about the rest; found out without importing any of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata

from core.conversion.marker.services import LAYOUT, VISION, needed
from core.settings import Settings

INSTALL = "run `make marker`, or `pip install 'academic-lit-review[marker]'`"
_SERVER = "inference server"
#: What Marker is made of: without one of these distributions it does not start.
_PARTS = ("marker-pdf", "surya-ocr", "torch")
_GPU = "/dev/nvidia0"  # there with a GPU and its driver; nvidia-smi may take seconds on a busy one


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _requires(distribution: str) -> Sequence[str]:
    return metadata.requires(distribution) or ()


@dataclass(frozen=True)
class Machine:
    """Where the facts come from: versions of distributions (empty: not installed) and what they need, programs, files.

    Its questions read the disk: ask them in a thread.
    """

    version: Callable[[str], str] = _version
    requires: Callable[[str], Sequence[str]] = _requires
    which: Callable[[str], str | None] = shutil.which
    exists: Callable[[str], bool] = os.path.exists


@dataclass(frozen=True)
class Fact:
    """One thing Marker needs or can use: whether it is there, what was `found`, and what to do if it is missed.

    What is not `sure` may still turn out not to work.
    """

    name: str
    ok: bool
    found: str
    advice: str = ""
    sure: bool = True


def facts(settings: Settings, machine: Machine | None = None) -> tuple[Fact, ...]:
    """Return everything there is to know, needed or not."""
    here = machine or Machine()
    return (
        library(here),
        torchvision(here),
        gpu(here),
        _program("docker", "starts the inference server on a GPU", here),
        _program("llama-server", "starts the inference server without docker, slowly without a GPU", here),
        server(settings, here),
        service(settings),
    )


def library(machine: Machine) -> Fact:
    """Tell whether Marker is installed."""
    versions = {part: machine.version(part) for part in _PARTS}
    missing = [part for part, version in versions.items() if not version]
    if "marker-pdf" in missing:
        return Fact("marker", False, "Marker is not installed", INSTALL)
    if missing:
        return Fact("marker", False, f"Marker is installed without {' and '.join(missing)}", INSTALL)
    return Fact("marker", True, f"marker-pdf {versions['marker-pdf']} with torch {versions['torch']}")


def torchvision(machine: Machine) -> Fact:
    """Tell whether torchvision is in nobody's way: one made for another torch breaks every import of transformers."""
    mine, torch = machine.version("torchvision"), machine.version("torch")
    if not mine or not torch:
        return Fact("torchvision", True, f"torchvision {mine or 'is not installed, and not needed'}")
    found = f"torchvision {mine} beside torch {torch}"
    if _made_for(torch, mine, machine.requires("torchvision")):
        return Fact("torchvision", True, found)
    return Fact("torchvision", False, f"{found}: it cannot be imported", "run `pip uninstall torchvision`")


def _made_for(torch: str, torchvision: str, requires: Sequence[str]) -> bool:
    """Tell whether a torchvision was built for this torch: same build (`+cpu`, `+cu128`), and the version it names."""
    (version, _, build), (_, _, other) = torch.partition("+"), torchvision.partition("+")
    pinned = [match[1] for need in requires if (match := re.match(r"torch\s*\(?==\s*([\w.]+)", need))]
    return build == other and (not pinned or version in pinned)


def gpu(machine: Machine) -> Fact:
    """Tell whether there is an NVIDIA GPU with its driver."""
    if machine.exists(_GPU) or machine.which("nvidia-smi"):
        return Fact("gpu", True, "an NVIDIA GPU")
    return Fact("gpu", False, "no NVIDIA GPU", "without one Marker's vision model needs a server elsewhere")


def _program(name: str, purpose: str, machine: Machine) -> Fact:
    path = machine.which(name)
    return Fact(name, path is not None, path or f"{name} is not installed", "" if path else f"{purpose}; optional")


def server(settings: Settings, machine: Machine) -> Fact:
    """Tell where Marker's models run: on servers that are named, on such as can be started, or nowhere."""
    wanted = needed(settings.marker_mode, settings.marker_options)
    missing = [each for each in wanted if not each.named(settings)]
    if not missing:
        return Fact(_SERVER, True, "its servers are named in the settings" if wanted else "it needs no model as set up")
    if not settings.marker_start_server:
        names = " and no ".join(f"{each.what} server" for each in missing)
        advice = f"name one with LIT_REVIEW_{missing[0].setting.upper()}"
        return Fact(_SERVER, False, f"Marker has no {names} named, and none may be started", advice)
    if LAYOUT in missing and not (machine.version("torchvision") and torchvision(machine).ok):
        advice = "name one with LIT_REVIEW_FAST_LAYOUT_SERVER_URL, or take marker_mode balanced"
        return Fact(_SERVER, False, "Marker's fast layout server cannot be started without torchvision", advice)
    return _vision(machine) if VISION in missing else Fact(_SERVER, True, "its vision model is named in the settings")


def _vision(machine: Machine) -> Fact:
    """Tell whether this machine can start the server of the vision model."""
    if gpu(machine).ok and machine.which("docker"):
        return Fact(_SERVER, True, "docker can start its inference server on the GPU", sure=False)
    if machine.which("llama-server"):
        return Fact(_SERVER, True, "llama-server can start its inference server", sure=False)
    advice = (
        "name one with LIT_REVIEW_SURYA_INFERENCE_URL, or install docker on a machine with a GPU, "
        "or llama-server (llama.cpp)"
    )
    return Fact(_SERVER, False, "no inference server for Marker is named or can be started", advice)


def service(settings: Settings) -> Fact:
    """Tell whether there is a Marker job service to ask."""
    if settings.marker_base_url:
        return Fact("marker service", True, "a Marker job service is named in the settings")
    return Fact("marker service", False, "no Marker job service is named", "name it with LIT_REVIEW_MARKER_BASE_URL")
