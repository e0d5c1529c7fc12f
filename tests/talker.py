"""A chat model that says what a script says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict, Field

#: What is said next: words or a call, an error that is raised, or what a function makes of the messages.
Line = AIMessage | Exception | Callable[[Sequence[BaseMessage]], AIMessage]


class Talker(BaseChatModel):
    """Says the lines of `script` one after the other, the last one for ever; `heard` is what it was told each time."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    script: list[Any] = Field(default_factory=list)
    heard: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "talker"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.heard.append(messages)
        line: Line = self.script[min(len(self.heard), len(self.script)) - 1]
        if isinstance(line, Exception):
            raise line
        message = line if isinstance(line, AIMessage) else line(messages)
        return ChatResult(generations=[ChatGeneration(message=message)])


class ToolTalker(Talker):
    """The same with tools, by which LangChain asks for structured output."""

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        """Take the tools for granted."""
        return self.bind()


def call(form: str, tokens: tuple[int, int] = (100, 20), **fields: Any) -> AIMessage:
    """Return the answer that calls the tool `form` with `fields`."""
    calls = [{"name": form, "args": fields, "id": "1", "type": "tool_call"}]
    return AIMessage("", tool_calls=calls, usage_metadata=_usage(tokens))


def words(text: str | dict[str, Any], tokens: tuple[int, int] = (100, 20), **extra: Any) -> AIMessage:
    """Return an answer in words, or in JSON."""
    said = text if isinstance(text, str) else f"Here it is:\n```json\n{json.dumps(text)}\n```"
    return AIMessage(said, usage_metadata=_usage(tokens), **extra)


def _usage(tokens: tuple[int, int]) -> Any:
    return {"input_tokens": tokens[0], "output_tokens": tokens[1], "total_tokens": sum(tokens)}


class Busy(Exception):
    """What a provider raises with an HTTP status."""

    def __init__(self, status: int, retry_after: str = "") -> None:
        super().__init__(f"status {status}")
        self.status_code = status
        self.response = type("Response", (), {"headers": {"retry-after": retry_after} if retry_after else {}})()
