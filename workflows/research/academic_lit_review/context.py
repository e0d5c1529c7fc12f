"""The settings of one run: the form LangGraph Studio shows, and the way agent code hands over its own objects."""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from core.settings import Settings


class Context(BaseModel):
    """How to run: everything has a working default."""

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    converter: Literal["auto", "text-layer", "marker", "marker-text", "marker-service", "routed"] | None = Field(
        None,
        title="Converter",
        description="Engine that turns PDFs into Markdown; empty: as configured. auto: the best that can be used here. "
        "text-layer: the text of the PDF, laid out by rules. marker: Marker with its vision model, also for scans. "
        "marker-text: Marker without model weights. marker-service: a Marker job service elsewhere. routed: simple "
        "papers by text-layer, scans, formulas and tables by Marker.",
    )
    upgrade: bool = Field(
        False, title="Upgrade texts", description="Make again the texts that a lesser engine has made."
    )
    max_downloads: int | None = Field(
        None, ge=1, le=64, title="Downloads", description="Transfers at a time; empty: as configured."
    )
    max_processing: int | None = Field(
        None, ge=1, le=64, title="Workers", description="Papers converted at a time; empty: as configured."
    )
    retry_failed: bool = Field(
        False, title="Retry failed papers", description="Ask again for papers an earlier run could not have."
    )

    settings: SkipJsonSchema[Settings | None] = Field(None, exclude=True)
    store: SkipJsonSchema[Any] = Field(None, exclude=True)
    http: SkipJsonSchema[Any] = Field(None, exclude=True)
    engine: SkipJsonSchema[Any] = Field(None, exclude=True)
    on_event: SkipJsonSchema[Any] = Field(None, exclude=True)

    def dependencies(self) -> dict[str, Any]:
        """Return the keyword arguments of `run_paper_pipeline`."""
        changes = self.model_dump(include={"converter", "max_downloads", "max_processing"}, exclude_none=True)
        changes |= {"upgrade": True} if self.upgrade else {}
        settings = (self.settings or Settings()).model_copy(update=changes)
        given = {"store": self.store, "http": self.http, "converter": self.engine, "on_event": self.on_event}
        return {"settings": settings, "retry_failed": self.retry_failed, **given}


def get_context(runtime: Runtime[Context]) -> Context:
    """Return the run's context, or the defaults: in the library LangGraph hands over None when none is given."""
    return runtime.context or Context()
