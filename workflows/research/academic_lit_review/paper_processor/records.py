"""Records from outside: checked with messages a person understands, and merged where they are of the same work."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from core.errors import InputError
from core.identifiers import unify
from core.metadata import PaperMetadata

_RECORDS = TypeAdapter(list[PaperMetadata])


def validated(papers: object) -> list[PaperMetadata]:
    """Return `papers` as records, each work once; raise `InputError` naming the first fields that cannot be used."""
    if not papers:
        raise InputError(
            "no papers given: `papers` needs at least one record, e.g. {'doi': '10.1371/journal.pone.0000308'}"
        )
    try:
        return list(unify(_RECORDS.validate_python(papers)).values())
    except ValidationError as error:
        told = [
            f"papers{''.join(f'[{part!r}]' for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()[:3]
        ]
        raise InputError(f"{error.error_count()} unusable fields: " + "; ".join(told)) from error
