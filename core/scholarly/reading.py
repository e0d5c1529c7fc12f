"""The edge: answers of catalogues become checked values; what is missing or null is fine, what is wrong is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from core.errors import FetchError
from core.metadata import PaperMetadata

M = TypeVar("M", bound=BaseModel)

#: Years and counts that can be; others are no reason to refuse a record, and are not believed.
_YEARS = range(1000, 3000)
_MOST = 10**9


def _year(value: object) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 and int(text) in _YEARS else None


def _count(value: object) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= _MOST else None


Year = Annotated[int | None, BeforeValidator(_year)]
Count = Annotated[int | None, BeforeValidator(_count)]


class Shape(BaseModel):
    """What a catalogue sends: a null is as good as nothing, and what we do not use is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {key: _filled(value) for key, value in data.items() if value is not None}


class Camel(Shape):
    """The shape of those who write names `likeThis`."""

    model_config = ConfigDict(alias_generator=to_camel)


def _filled(value: Any) -> Any:
    return [part for part in value if part is not None] if isinstance(value, list) else value


def parsed(shape: type[M], body: bytes) -> M:
    """Return an answer in its shape; raise `FetchError("bad_answer")` when it has another."""
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise FetchError("bad_answer", f"not the answer of this catalogue: {_wrong(error)}") from error


def refuse_hollow(total: int | None, items: Sized, *, begins: bool) -> None:
    """Raise `bad_answer` for a first page that speaks of results and holds none: it is a fault, not an empty result."""
    if begins and total and not items:
        raise FetchError("bad_answer", f"tells of {total} results and gives none")


def readable(shape: type[M], items: Iterable[Any]) -> tuple[list[M], tuple[str, ...]]:
    """Return the records that have their shape, and for each of the others what is wrong with it."""
    records, unreadable = [], []
    for item in items:
        try:
            records.append(shape.model_validate(item))
        except ValidationError as error:
            unreadable.append(_wrong(error))
    return records, tuple(unreadable)


def _wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def record(source: str, **fields: Any) -> PaperMetadata:
    """Return the fields that have a value as what `source` knows of a paper."""
    known = {key: value for key, value in fields.items() if value not in (None, "", [], {})}
    return cast(PaperMetadata, {**known, "sources": [source]})
