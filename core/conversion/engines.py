"""The table of converters, and the choice of one by its name in the settings; none is imported before it is chosen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from core.conversion import usable
from core.conversion.converter import Converter
from core.conversion.usable import Fact, Machine
from core.errors import SettingsError
from core.settings import Settings


@dataclass(frozen=True)
class Pick:
    """The name of an engine, and why it was taken; `certain` unless it may turn out that it cannot be started."""

    name: str
    why: str
    certain: bool = True


@dataclass(frozen=True)
class Choice:
    """An engine, not yet entered, and why it was taken; if it cannot be entered, `spare` may be taken instead."""

    converter: Converter
    why: str
    spare: Converter | None = None

    def instead(self, error: SettingsError) -> Choice:
        """Return what to take when the engine could not be entered; raise `error` when there is nothing."""
        if self.spare is None:
            raise error
        return Choice(self.spare, f"{self.converter.name} cannot be used: {error}")


@dataclass(frozen=True)
class Engine:
    """One engine of the table: what it is, how to make it, and what it needs."""

    about: str
    make: Callable[[Settings, Machine], Converter]
    needs: Callable[[Settings, Machine], tuple[Fact, ...]]

    def missing(self, settings: Settings, machine: Machine) -> Fact | None:
        """Return the first thing it needs that is not there."""
        return next((fact for fact in self.needs(settings, machine) if not fact.ok), None)


def _named(place: str) -> Callable[[Settings, Machine], Converter]:
    """Return what makes the class at `place` ("module:class"), importing it then."""

    def make(settings: Settings, machine: Machine) -> Converter:
        module, _, name = place.partition(":")
        kind: Any = getattr(import_module(module), name)
        converter: Converter = kind(settings)
        return converter

    return make


def _routed(settings: Settings, machine: Machine) -> Converter:
    from core.conversion.routed import RoutedConverter

    simple, thorough = (ENGINES[name].make(settings, machine) for name in (PLAIN, _thorough(settings, machine)))
    return RoutedConverter(simple, thorough, settings)


def _nothing(settings: Settings, machine: Machine) -> tuple[Fact, ...]:
    return ()


def _library(settings: Settings, machine: Machine) -> tuple[Fact, ...]:
    return (usable.library(machine),)


def _marker(settings: Settings, machine: Machine) -> tuple[Fact, ...]:
    return usable.library(machine), usable.server(settings, machine)


def _service(settings: Settings, machine: Machine) -> tuple[Fact, ...]:
    return (usable.service(settings),)


def _either(settings: Settings, machine: Machine) -> tuple[Fact, ...]:
    return ENGINES[_thorough(settings, machine)].needs(settings, machine)


def _thorough(settings: Settings, machine: Machine) -> str:
    """Return what reads the hard papers: what the user has named before what this machine could start by itself."""
    local = bool(settings.surya_inference_url) and usable.library(machine).ok
    return "marker-service" if settings.marker_base_url and not local else "marker"


#: The engine that can be used everywhere.
PLAIN = "text-layer"

ENGINES: dict[str, Engine] = {
    PLAIN: Engine(
        "the text layer of the PDF, laid out by rules; needs nothing",
        _named("core.conversion.text_layer:TextLayerConverter"),
        _nothing,
    ),
    "marker": Engine(
        "Marker with its vision model: scans, formulas and tables too; needs the extra [marker] and a server",
        _named("core.conversion.marker.engine:MarkerConverter"),
        _marker,
    ),
    "marker-text": Engine(
        "Marker on the text layer, without model weights; needs the extra [marker]",
        _named("core.conversion.marker.engine:MarkerTextConverter"),
        _library,
    ),
    "marker-service": Engine(
        "a Marker job service elsewhere; needs its address",
        _named("core.conversion.marker_service:MarkerServiceConverter"),
        _service,
    ),
    "routed": Engine(
        "simple papers by text-layer, scans, formulas and tables by Marker or its service; needs one of them",
        _routed,
        _either,
    ),
}

#: What `Settings.converter` may be.
NAMES = ("auto", *ENGINES)


def choose(settings: Settings, machine: Machine | None = None) -> Choice:
    """Return the engine `settings.converter` names, or for `auto` the best that can be used, and why it was taken.

    Blocking: it looks around the disk. Raises SettingsError, with what to do, when the engine named cannot be used.
    """
    here = machine or Machine()
    picked = pick(settings, here)
    spare = None if picked.certain else ENGINES[PLAIN].make(settings, here)
    return Choice(ENGINES[picked.name].make(settings, here), picked.why, spare)


def pick(settings: Settings, machine: Machine) -> Pick:
    """Return which engine `choose` takes, without making it."""
    name = settings.converter
    if name == "auto":
        return _best(settings, machine)
    if name not in ENGINES:
        raise SettingsError(f"unknown converter {name!r}: choose one of {', '.join(NAMES)}")
    if missing := ENGINES[name].missing(settings, machine):
        raise SettingsError(f"the converter {name} cannot be used: {missing.found}; {missing.advice}")
    return Pick(name, "named in the settings")


def _best(settings: Settings, machine: Machine) -> Pick:
    """Return Marker where it can be used, else the text layer."""
    name = _thorough(settings, machine)
    if missing := ENGINES[name].missing(settings, machine):
        return Pick(PLAIN, missing.found)
    needs = ENGINES[name].needs(settings, machine)
    return Pick(name, "; ".join(fact.found for fact in needs), certain=all(fact.sure for fact in needs))


@asynccontextmanager
async def opened(choice: Choice) -> AsyncIterator[Choice]:
    """Enter the engine of `choice`, or its spare when that proves impossible; give the choice that holds."""
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(choice.converter)
        except SettingsError as error:
            choice = choice.instead(error)
            await stack.enter_async_context(choice.converter)
        yield choice
