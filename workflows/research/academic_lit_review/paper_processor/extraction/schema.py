"""The form in which a chat model says what it has read: untrusted, checked here, and located afterwards."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field


def _listed(given: Any) -> Any:
    """Return a list where models write one item, none, or the JSON of a list."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return given
    if given is None:
        return []
    return [given] if isinstance(given, dict) else given


def _number(given: Any) -> Any:
    """Return the number of a question where models write "Q2" or nothing."""
    if isinstance(given, str):
        digits = "".join(c for c in given if c.isdigit())
        return int(digits) if 0 < len(digits) < 4 else None
    return given


_QUOTE = Field(
    description="One to three sentences copied from the text character for character: no ellipsis, no correction."
)


class Point(BaseModel):
    """One thing the text says."""

    statement: str = Field(description="It in one sentence of your own, with no number that is not in the quote.")
    quote: str = _QUOTE
    question: Annotated[int | None, BeforeValidator(_number)] = Field(
        default=None, description="The number of the research question it answers, if it answers one."
    )


class Quantity(BaseModel):
    """One measured or counted number."""

    value: Annotated[str, BeforeValidator(str)] = Field(description="The number as it is written in the quote.")
    unit: str = Field(default="", description="Its unit as it is written in the quote; empty if it has none.")
    of: str = Field(description="What was measured or counted.")
    quote: str = _QUOTE


class Reading(BaseModel):
    """What this part of the paper says. Leave a list empty when the part says nothing of the kind."""

    findings: Annotated[list[Point], BeforeValidator(_listed)] = Field(
        default=[], description="Results of this paper itself, the most important first."
    )
    methods: Annotated[list[Point], BeforeValidator(_listed)] = Field(
        default=[], description="How the study was done: design, material, sample, measurement."
    )
    limitations: Annotated[list[Point], BeforeValidator(_listed)] = Field(
        default=[], description="What the authors say their study cannot show."
    )
    future_work: Annotated[list[Point], BeforeValidator(_listed)] = Field(
        default=[], description="What the authors say is left to do."
    )
    numbers: Annotated[list[Quantity], BeforeValidator(_listed)] = Field(
        default=[], description="The numbers a review would compare between papers."
    )
