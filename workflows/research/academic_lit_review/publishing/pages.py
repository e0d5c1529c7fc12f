"""The templates of what is published: everything put into them is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

FOLDER = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template(name: str) -> Template:
    """Return a template by the name of its file; blocking."""
    return _environment().get_template(name)


def source(name: str) -> str:
    """Return a file beside the templates as it is; blocking."""
    return (FOLDER / name).read_text("utf-8")
