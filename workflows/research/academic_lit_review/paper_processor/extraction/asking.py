"""One question to a chat model, answered in a given form: asked again where that may help, with a reason if it did not.

Models are foreign code with errors of their own: this is the one place that knows them.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.output_parsers import PydanticOutputParser
from pydantic import BaseModel

from core.errors import LitReviewError
from core.streaming import Retry

log = logging.getLogger(__name__)

T = TypeVar("T", bound=BaseModel)

#: Tries for a model that is busy or down. What a Retry-After asks for is waited up to the cap, in seconds.
PATIENCE = Retry(on=(), attempts=5, base_s=1.0, cap_s=60.0)
_AGAIN = "Your last answer could not be used: {why}. Answer again, in the required form and nothing else."
_REFUSALS = ("refusal", "content_filter", "safety", "prohibited_content", "recitation", "blocklist")
_SORRY = re.compile(
    r"\s*(?:i(?:['\u2019]m| am) (?:sorry|unable|not able)|i (?:cannot|can['\u2019]t|won['\u2019]t|must decline)|"
    r"sorry\b|i apologi[sz]e|as an ai\b)",
    re.IGNORECASE,
)
_PASSING = re.compile(r"Timeout|Connect|ReadError|RemoteProtocol|Overloaded|RateLimit|ServerError|Unavailable")
_FINAL = re.compile(r"Authentication|PermissionDenied|NotFound")
#: What may be a key in the words of a provider, some of which repeat the one they refuse.
_KEY = re.compile(r"\b(?:sk|pk|key|api|bearer)[-_][\w*-]{6,}|\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}", re.IGNORECASE)
_FILTER = re.compile(r"content[ _](?:filter|management)|refus", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """An answer, or `why` there is none; `final`: no other question to this model will have one either."""

    value: T | None
    why: str = ""
    final: bool = False


async def ask(
    model: BaseChatModel, form: type[T], messages: Sequence[BaseMessage], *, patience: Retry = PATIENCE
) -> Reply[T]:
    """Return the answer of `model` to `messages` in the given form.

    A busy model is asked again after a pause; one that answers in another form is told so, once. Raises the errors of
    this project that callbacks of the model raise (`ModelBudgetSpent`), and no other.
    """
    talk, why = _Talk(model, form), ""
    for _ in range(2):
        asked = [*messages, HumanMessage(_AGAIN.format(why=why))] if why else messages
        heard = await _patiently(talk, asked, patience)
        if isinstance(heard, _Trouble):
            return Reply(None, heard.why, heard.final)
        value, why = talk.understand(heard)
        if value is not None or why.startswith("refused"):
            return Reply(value, why)
    return Reply(None, why)


class _Talk(Generic[T]):
    """How a model is asked for a form: by its own means, or in words when it has none."""

    def __init__(self, model: BaseChatModel, form: type[T]) -> None:
        self._model, self._form = model, form
        self._parser: PydanticOutputParser[T] = PydanticOutputParser(pydantic_object=form)
        try:
            self._structured: Any = model.with_structured_output(form, include_raw=True)
        except NotImplementedError:
            self._structured = None

    async def say(self, messages: Sequence[BaseMessage]) -> dict[str, Any]:
        if self._structured is not None:
            heard: dict[str, Any] = await self._structured.ainvoke(list(messages))
            return heard
        form = HumanMessage(self._parser.get_format_instructions())
        return {"raw": await self._model.ainvoke([*messages, form]), "parsed": None, "parsing_error": None}

    def understand(self, heard: dict[str, Any]) -> tuple[T | None, str]:
        """Return the answer in what was heard, or why there is none."""
        raw: AIMessage = heard["raw"]
        if isinstance(heard["parsed"], self._form):
            return heard["parsed"], ""
        text = str(raw.text)
        if _refused(raw, text):
            return None, f"refused: {_short(text) or 'without a word'}"
        try:
            return self._parser.parse(text), ""
        except OutputParserException as error:
            return None, f"malformed answer: {_short(str(heard['parsing_error'] or error))}"


def _refused(raw: AIMessage, text: str) -> bool:
    ended = {str(raw.response_metadata.get(key, "")).lower() for key in ("finish_reason", "stop_reason")}
    return bool(raw.additional_kwargs.get("refusal") or ended.intersection(_REFUSALS) or _SORRY.match(text))


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a model did not answer; `passing`: it may the next time; `wait_s`: how long it wants to be left alone."""

    why: str
    passing: bool
    final: bool
    wait_s: float


async def _patiently(talk: _Talk[T], messages: Sequence[BaseMessage], patience: Retry) -> dict[str, Any] | _Trouble:
    for attempt in itertools.count(1):
        try:
            return await talk.say(messages)
        except LitReviewError:
            raise
        except Exception as error:  # the boundary to providers, whose errors have no type in common
            trouble = _trouble(error)
            log.info("a chat model did not answer", exc_info=True)
        if not trouble.passing or attempt >= patience.attempts:
            break
        await asyncio.sleep(max(min(trouble.wait_s, patience.cap_s), patience.pause_s(attempt)))
    return trouble


def _trouble(error: Exception) -> _Trouble:
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    status, told = _status(error), f"{type(error).__name__}: {_short(_KEY.sub('***', str(error)))}"
    if _FILTER.search(names) or _FILTER.search(told):
        return _Trouble(f"refused: {told}", passing=False, final=False, wait_s=0)
    passing = bool(
        getattr(error, "is_retryable", False)
        or status in (408, 409, 425, 429)
        or status >= 500
        or (not status and _PASSING.search(names))
    )
    final = not passing and (status in (401, 402, 403, 404) or _FINAL.search(names) is not None)
    return _Trouble(told, passing, final, _wait_s(error))


def _status(error: Exception) -> int:
    response = getattr(error, "response", None)
    found = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    return found if isinstance(found, int) else 0


def _wait_s(error: Exception) -> float:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    told = str(headers.get("retry-after", ""))
    return float(told) if told.isdecimal() and len(told) < 6 else 0.0


def _short(text: str) -> str:
    return " ".join(text.split())[:300]
