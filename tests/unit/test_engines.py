"""Which engine is taken, and why; on machines that are only described."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Self, get_args

import pytest

from core.conversion import usable
from core.conversion.engines import ENGINES, NAMES, Choice, Pick, choose, opened, pick
from core.conversion.usable import Machine
from core.errors import SettingsError
from core.settings import Settings
from tests.fakes import HeldConverter
from workflows.research.academic_lit_review import cli
from workflows.research.academic_lit_review.context import Context

MARKER = {"marker-pdf": "2.0.0", "surya-ocr": "0.22.1", "torch": "2.13.0+cpu"}
SERVER = "http://gpu1:8000/v1"
SERVICE = "http://gpu2:8001"


def machine(installed: dict[str, str] | None = None, *programs: str, gpu: bool = False) -> Machine:
    """Return a machine with these distributions and programs."""
    return Machine(
        version=lambda name: (installed or {}).get(name, ""),
        requires=lambda name: ["numpy", "torch==2.13.0"] if name == "torchvision" else [],
        which=lambda name: f"/usr/bin/{name}" if name in programs else None,
        exists=lambda path: gpu,
    )


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


BARE, WITH_MARKER = machine(), machine(MARKER)
WORKSTATION = machine(MARKER, "docker", gpu=True)


@pytest.mark.parametrize(
    ("here", "given", "picked"),
    [
        (BARE, {}, Pick("text-layer", "Marker is not installed")),
        (BARE, {"surya_inference_url": SERVER}, Pick("text-layer", "Marker is not installed")),
        (WITH_MARKER, {}, Pick("text-layer", "no inference server for Marker is named or can be started")),
        (
            WITH_MARKER,
            {"surya_inference_url": SERVER},
            Pick("marker", "marker-pdf 2.0.0 with torch 2.13.0+cpu; its vision model is named in the settings"),
        ),
        (
            WITH_MARKER,
            {"surya_inference_url": SERVER, "ocr_error_server_url": SERVER, "marker_start_server": False},
            Pick("marker", "marker-pdf 2.0.0 with torch 2.13.0+cpu; its servers are named in the settings"),
        ),
        (
            WITH_MARKER,
            {"surya_inference_url": SERVER, "marker_start_server": False},
            Pick("text-layer", "Marker has no OCR error server named, and none may be started"),
        ),
        (
            WITH_MARKER,
            {"surya_inference_url": SERVER, "marker_mode": "fast"},
            Pick("text-layer", "Marker's fast layout server cannot be started without torchvision"),
        ),
        (
            WITH_MARKER,
            {"marker_options": {"disable_ocr": True, "force_layout_block": "Text"}},
            Pick("marker", "marker-pdf 2.0.0 with torch 2.13.0+cpu; it needs no model as set up"),
        ),
        (
            WORKSTATION,
            {},
            Pick(
                "marker",
                "marker-pdf 2.0.0 with torch 2.13.0+cpu; docker can start its inference server on the GPU",
                certain=False,
            ),
        ),
        (
            WORKSTATION,
            {"marker_start_server": False},
            Pick(
                "text-layer", "Marker has no vision model server and no OCR error server named, and none may be started"
            ),
        ),
        (
            machine(MARKER, "llama-server"),
            {},
            Pick(
                "marker",
                "marker-pdf 2.0.0 with torch 2.13.0+cpu; llama-server can start its inference server",
                certain=False,
            ),
        ),
        (
            WITH_MARKER,
            {"marker_options": {"disable_ocr": True}},
            Pick("text-layer", "Marker's fast layout server cannot be started without torchvision"),
        ),
        (BARE, {"marker_base_url": SERVICE}, Pick("marker-service", "a Marker job service is named in the settings")),
    ],
)
def test_auto_takes_the_best_engine_that_can_be_used(here: Machine, given: dict[str, Any], picked: Pick) -> None:
    assert pick(settings(**given), here) == picked


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"surya_inference_url": SERVER, "marker_base_url": SERVICE}, "marker"),
        ({"marker_base_url": SERVICE}, "marker-service"),
    ],
)
def test_what_the_user_names_goes_before_what_could_be_started(given: dict[str, Any], name: str) -> None:
    assert pick(settings(**given), WORKSTATION).name == name


@pytest.mark.parametrize(
    ("name", "here", "told"),
    [
        ("marker", BARE, "make marker"),
        ("marker", BARE, "pip install 'academic-lit-review[marker]'"),
        ("marker", WITH_MARKER, "LIT_REVIEW_SURYA_INFERENCE_URL"),
        ("marker-text", BARE, "make marker"),
        ("marker-service", WORKSTATION, "LIT_REVIEW_MARKER_BASE_URL"),
        ("routed", BARE, "make marker"),
        ("routed", WITH_MARKER, "LIT_REVIEW_SURYA_INFERENCE_URL"),
    ],
)
def test_an_engine_that_is_named_and_cannot_be_used_says_what_to_do(name: str, here: Machine, told: str) -> None:
    with pytest.raises(SettingsError, match=f"the converter {name} cannot be used") as caught:
        pick(settings(converter=name), here)
    assert told in str(caught.value)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="unknown converter 'magic'") as caught:
        choose(settings(converter="magic"))
    assert all(name in str(caught.value) for name in NAMES)


def test_the_text_layer_can_be_had_everywhere() -> None:
    choice = choose(settings(converter="text-layer"), BARE)

    assert (choice.converter.name, choice.spare) == ("text-layer", None)
    assert all(engine.about for engine in ENGINES.values())


class Unstartable(HeldConverter):
    """An engine whose server does not start."""

    async def __aenter__(self) -> Self:
        raise SettingsError("docker has no GPU")


async def test_what_was_only_hoped_for_gives_way_to_the_spare_engine() -> None:
    spare = HeldConverter()

    async with opened(Choice(Unstartable(), "docker is there", spare)) as choice:
        assert choice == Choice(spare, "held cannot be used: docker has no GPU")


async def test_what_was_named_stops_the_run_when_it_cannot_be_used() -> None:
    with pytest.raises(SettingsError, match="docker has no GPU"):
        async with opened(Choice(Unstartable(), "named in the settings")):
            pass


def test_every_name_can_be_chosen_in_studio_and_is_named_by_the_command_line() -> None:
    [literal, _] = get_args(Context.model_fields["converter"].annotation)
    told = str(Context.model_fields["converter"].description)

    assert get_args(literal) == NAMES
    assert cli.CONVERTERS.replace(" or ", ", ").split(", ") == list(NAMES)
    assert [name for name in NAMES if f"{name}: " not in told] == []


def test_looking_for_engines_imports_none_of_them() -> None:
    code = (
        "import sys\n"
        "from core.conversion.engines import choose\nfrom core.settings import Settings\n"
        "from core.conversion import usable\n"
        "usable.facts(Settings()), choose(Settings(converter='text-layer'))\n"
        "heavy = {'torch', 'marker', 'surya', 'transformers', 'ray', 'httpx'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("versions", "ok"),
    [
        ({"torch": "2.13.0+cpu", "torchvision": "0.28.0"}, False),
        ({"torch": "2.14.1", "torchvision": "0.28.0"}, False),
        ({"torch": "2.13.0", "torchvision": "0.28.0"}, True),
        ({"torch": "2.13.0+cpu", "torchvision": "0.28.0+cpu"}, True),
        ({"torch": "2.13.0+cpu"}, True),
        ({}, True),
    ],
)
def test_a_torchvision_of_another_torch_is_noticed(versions: dict[str, str], ok: bool) -> None:
    fact = usable.torchvision(machine(versions))

    assert fact.ok is ok
    assert ("pip uninstall torchvision" in fact.advice) is not ok


def test_half_a_marker_is_none() -> None:
    fact = usable.library(machine({"marker-pdf": "2.0.0", "surya-ocr": "0.22.1"}))

    assert (fact.ok, fact.found) == (False, "Marker is installed without torch")


def test_every_fact_that_is_missing_says_what_to_do() -> None:
    found = usable.facts(settings(), BARE)

    assert [fact.name for fact in found] == [
        "marker", "torchvision", "gpu", "docker", "llama-server", "inference server", "marker service",
    ]  # fmt: skip
    assert all(fact.found for fact in found)
    assert all(fact.advice for fact in found if not fact.ok)
