"""What the answers of job services are made of, read with a grain of salt: what only informs must not fail a job."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) and value >= 0 else None


#: A text, also where the service wrote a number.
Text = Annotated[str, BeforeValidator(_text)]
MaybeText = Annotated[str | None, BeforeValidator(_text)]

#: A number that is not negative; None for anything else.
MaybeCount = Annotated[int | None, BeforeValidator(_count)]

#: A job's id becomes a segment of a path, so it may be neither `..` nor contain a slash.
JobId = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._:~=-]{0,199}$")]


class Answer(BaseModel):
    """What a service answered; fields it adds are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
