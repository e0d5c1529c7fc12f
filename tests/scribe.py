"""A chat model that answers what a function makes of its messages: text, or an error to raise."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

Answer = Callable[[str], "str | Exception"]


class Scribe(BaseChatModel):
    """Knows each request by its whole text; `heard` keeps them. Each answer counts `tokens`."""

    answer: Any
    heard: list[str] = Field(default_factory=list)
    tokens: int = 100

    @property
    def _llm_type(self) -> str:
        return "scribe"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        asked = "\n".join(str(message.text) for message in messages)
        self.heard.append(asked)
        answer = self.answer(asked)
        if isinstance(answer, Exception):
            raise answer
        used = {"input_tokens": self.tokens, "output_tokens": 0, "total_tokens": self.tokens}
        message = AIMessage(answer, usage_metadata=used)  # type: ignore[arg-type]
        return ChatResult(generations=[ChatGeneration(message=message)])


def passages(asked: str) -> dict[str, dict[str, Any]]:
    """Return the evidence that a request holds, by the names it has there."""
    found = re.search(r"<evidence>\n(.*?)\n</evidence>", asked, re.S)
    lines = [json.loads(line) for line in found[1].splitlines()] if found else []
    return {line["id"]: line for line in lines}


def passage(*claims: tuple[str, list[str]]) -> str:
    """Return a section of these sentences, in the form asked for."""
    return json.dumps({"paragraphs": [{"sentences": [{"text": text, "evidence": names} for text, names in claims]}]})


def revision(*claims: tuple[int, str, list[str]]) -> str:
    """Return sentences written anew, in the form asked for."""
    return json.dumps({"sentences": [{"number": at, "text": text, "evidence": names} for at, text, names in claims]})


def faithful(asked: str) -> str:
    """Return a section that says what its passages say."""
    return passage(*((each["quote"], [name]) for name, each in passages(asked).items()))
