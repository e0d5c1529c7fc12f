"""The chat models of a run: loading them by name, counting what they use, and an end to it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from core.errors import ModelBudgetSpent, SettingsError


@dataclass(frozen=True)
class Usage:
    """What the models of a run have used: calls begun, tokens read and written as the providers report them."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Return all tokens."""
        return self.input_tokens + self.output_tokens


class Meter(BaseCallbackHandler):
    """Counts what every model it is attached to uses, and refuses calls once `budget` tokens are spent (0: never).

    A call that has begun is not broken off, so the last ones may go over the budget by what they were asked for.
    """

    raise_error = True  # LangChain would log a refusal and make the call all the same

    def __init__(self, budget: int = 0) -> None:
        self.budget = budget
        self.usage = Usage()
        self._lock = threading.Lock()

    @property
    def spent(self) -> bool:
        """Tell whether no further call is allowed."""
        return bool(self.budget) and self.usage.tokens >= self.budget

    def on_chat_model_start(self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **kwargs: Any) -> None:
        """Count a call, or raise `ModelBudgetSpent`."""
        if self.spent:
            raise ModelBudgetSpent(f"{self.usage.tokens} of {self.budget} tokens are used up")
        with self._lock:
            self.usage = Usage(self.usage.calls + 1, self.usage.input_tokens, self.usage.output_tokens)

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Add what an answer has used."""
        for message in (generation.message for each in response.generations for generation in _chats(each)):
            if isinstance(message, AIMessage) and message.usage_metadata:
                used = message.usage_metadata
                with self._lock:
                    self.usage = Usage(
                        self.usage.calls,
                        self.usage.input_tokens + used["input_tokens"],
                        self.usage.output_tokens + used["output_tokens"],
                    )


def _chats(generations: Sequence[Any]) -> list[ChatGeneration]:
    return [generation for generation in generations if isinstance(generation, ChatGeneration)]


def metered(model: BaseChatModel | str | None, meter: Meter) -> BaseChatModel | None:
    """Return `model`, loaded when it is a name like "openai:gpt-5-mini", with `meter` attached; None without one.

    Blocking when it has to load. Raises SettingsError when the model cannot be had.
    """
    if not model:
        return None
    chat = _loaded(model) if isinstance(model, str) else model
    callbacks = chat.callbacks if isinstance(chat.callbacks, list) else []
    return chat.model_copy(update={"callbacks": [*callbacks, meter]})


def _loaded(name: str) -> BaseChatModel:
    try:
        load = import_module("langchain.chat_models").init_chat_model
    except ImportError as error:
        raise SettingsError(
            f"the model {name!r} needs LangChain: pip install 'academic-lit-review[llm]' and its provider's package"
        ) from error
    try:
        chat: BaseChatModel = load(name)
    except ImportError as error:
        raise SettingsError(f"the model {name!r} needs another package: {error}") from error
    except ValueError as error:  # LangChain's word for an unknown provider, pydantic's for a missing key
        raise SettingsError(f"the model {name!r} cannot be used, write it as provider:name: {error}") from error
    return chat
