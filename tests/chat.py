"""A chat model that says what it is told to: for tests of what is asked of models, and of what becomes of answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from pydantic import PrivateAttr

Answer = dict[str, Any] | str | AIMessage | Exception


class Chat(BaseChatModel):
    """Answers by `script`, which is given the messages: arguments of the tool asked for, a text, a message, or an error."""

    script: Callable[[list[BaseMessage]], Answer]
    _asked: list[str] = PrivateAttr(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """Return all it was asked, a text for each call."""
        return self._asked

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self.bind(tool=getattr(tools[0], "__name__", "answer"))

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self._asked.append("\n".join(str(message.content) for message in messages))
        answer = self.script(messages)
        if isinstance(answer, Exception):
            raise answer
        return ChatResult(generations=[ChatGeneration(message=_message(answer, kwargs.get("tool", "")))])


def _message(answer: dict[str, Any] | str | AIMessage, tool: str) -> AIMessage:
    if isinstance(answer, dict):
        return AIMessage("", tool_calls=[{"name": tool, "args": answer, "id": "1"}])
    return AIMessage(answer) if isinstance(answer, str) else answer
