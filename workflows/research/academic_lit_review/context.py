"""The settings of one run: the form LangGraph Studio shows, and the way agent code hands over its own objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from core.settings import Settings
from workflows.research.academic_lit_review.presets import DEFAULT, Preset, chosen

C = TypeVar("C", bound="Context")


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

    def configured(self) -> Settings:
        """Return the settings of the run; blocking where none were given, for a .env file is read."""
        changes = self.model_dump(include={"converter", "max_downloads", "max_processing"}, exclude_none=True)
        changes |= {"upgrade": True} if self.upgrade else {}
        return (self.settings or Settings()).model_copy(update=changes)

    def dependencies(self) -> dict[str, Any]:
        """Return the keyword arguments of `run_paper_pipeline`."""
        given = {"store": self.store, "http": self.http, "converter": self.engine, "on_event": self.on_event}
        return {"settings": self.configured(), "retry_failed": self.retry_failed, **given}


class ReviewContext(Context):
    """How to review: a preset, single settings of it changed, and a chat model if there is one."""

    quality: Literal["test", "quick", "standard", "comprehensive", "high_quality"] = Field(
        DEFAULT,  # type: ignore[arg-type]
        title="Quality",
        description="How many papers are read, how far citations are followed, how long the review becomes: "
        "5, 30, 50, 100 or 250 papers.",
    )
    max_papers: int | None = Field(
        None, ge=1, le=1000, title="Papers", description="Papers to be read; empty: as the quality says."
    )
    max_stages: int | None = Field(
        None, ge=0, le=10, title="Stages", description="How often citations are followed; empty: as the quality says."
    )
    target_words: int | None = Field(
        None, ge=500, le=100_000, title="Words", description="Length of the review; empty: as the quality says."
    )
    min_citations: int | None = Field(
        None,
        ge=0,
        le=10_000,
        title="Citations",
        description="How often older papers must be cited; empty: as the quality says.",
    )
    saturation: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Saturation",
        description="Share of new relevant papers below which citations are followed no further; empty: as the "
        "quality says.",
    )
    recency_quota: float | None = Field(
        None, ge=0, le=1, title="Young papers", description="Share kept for young papers; empty: as the quality says."
    )
    recency_years: int | None = Field(
        None, ge=0, le=50, title="Young", description="Years that a paper counts as young; empty: as the quality says."
    )
    include_retracted: bool = Field(
        False, title="Retracted papers", description="Use papers that were retracted, marked as such."
    )
    model: str = Field(
        "",
        title="Chat model",
        description="provider:name, e.g. anthropic:claude-sonnet-4-5; empty: a review of quotes, without a model.",
    )
    fast_model: str = Field(
        "", title="Fast model", description="For searching, judging and extracting; empty: the chat model does it."
    )
    token_budget: int = Field(
        0, ge=0, title="Tokens", description="Tokens after which no model is asked any more; 0: no limit."
    )
    approve_papers: bool = Field(
        False, title="Approve papers", description="Stop before papers are read, and ask which of them are to be."
    )
    ask_for_pdfs: bool = Field(
        False, title="Ask for PDFs", description="Stop when papers could not be had, and ask for a folder with them."
    )
    out: str = Field("", title="Folder", description="Where the files of the review are written; empty: nowhere.")

    chat: SkipJsonSchema[BaseChatModel | None] = Field(None, exclude=True)
    fast_chat: SkipJsonSchema[BaseChatModel | None] = Field(None, exclude=True)
    embeddings: SkipJsonSchema[Embeddings | None] = Field(None, exclude=True)
    catalogues: SkipJsonSchema[Any] = Field(None, exclude=True)

    @property
    def spoken(self) -> str:
        """Return how the model that writes is called."""
        live = self.chat or (None if self.model else self.fast_chat)
        return self.model or (str(getattr(live, "model_name", "") or live.get_name()) if live else self.fast_model)

    @property
    def modelled(self) -> bool:
        """Tell whether there is a chat model."""
        return bool(self.chat or self.fast_chat or self.model or self.fast_model)

    def preset(self) -> Preset:
        """Return the preset with the single settings in it."""
        return chosen(self.quality, **self.model_dump(include=set(Preset.__dataclass_fields__)))


def get_context(runtime: Runtime[C], kind: Callable[[], C] = Context) -> C:  # type: ignore[assignment]
    """Return the run's context, or the defaults: in the library LangGraph hands over None when none is given."""
    return runtime.context or kind()
