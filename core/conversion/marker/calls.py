"""Marker's calls of its vision model, counted: Marker itself takes a dead server for pages without text."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from core.errors import InferenceDown

RETRIES = 2  # of a request, by surya, 1.5 s and 3 s later; also how often it asks again for a text that repeats itself
DEAD = RETRIES + 1  # calls in a row that fail, none succeeding in between, and the server is given up


class Calls:
    """What Marker's predictors take for surya's `SuryaInferenceManager`: servers by URL, never one of its own.

    surya's own would try each request 12 times, and go on to the next one when the server is dead. Of several servers,
    by commas, the first is asked, and the next when that one is dead.
    """

    def __init__(self) -> None:
        from surya.settings import settings  # type: ignore[import-untyped, import-not-found, unused-ignore]

        self._settings = settings
        urls = [url.strip() for url in (settings.SURYA_INFERENCE_URL or "").split(",") if url.strip()]
        self._clients = [_Client(url, settings.VLLM_API_KEY) for url in urls]
        self.clear()

    def clear(self) -> None:
        """Count from 0 again."""
        self._asked = self._failed = 0
        for client in self._clients:
            client.clear()

    def counts(self) -> dict[str, int]:
        """Return how many requests there were, how many failed, and how many answers ended at their limit of length."""
        return {"asked": self._asked, "failed": self._failed, "cut": sum(client.cut for client in self._clients)}

    def start(self) -> None:
        """Do nothing: the server runs already."""

    def stop(self) -> None:
        """Do nothing: the server is not ours to stop."""

    def capacity(self) -> int:
        """Return how many requests this process may have under way."""
        return self._settings.SURYA_INFERENCE_PARALLEL or DEAD

    def generate(self, batch: list[Any]) -> list[Any]:
        """Return surya's answers to its requests, or raise `InferenceDown` when every server is evidently dead."""
        why = "no server is named: set surya_inference_url"
        for client in tuple(self._clients):
            try:
                answers = self._asked_of(client, batch)
            except _Down as down:
                why = f"{DEAD} calls in a row failed: {down}"
                self._clients.append(self._clients.pop(0))
                continue
            self._asked += len(answers)
            self._failed += sum(answer.error for answer in answers)
            return answers
        raise InferenceDown("inference_unavailable", why)

    def _asked_of(self, client: _Client, batch: list[Any]) -> list[Any]:
        from surya.inference.backends.openai_client import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
            chat_completions_batch,
        )

        answers: list[Any] = chat_completions_batch(
            batch, client=client, model_name=self._settings.SURYA_MODEL_CHECKPOINT, max_retries=RETRIES,
            timeout=self._settings.SURYA_INFERENCE_TIMEOUT_SECONDS, max_workers=self.capacity(),
            request_logprobs_default=self._settings.SURYA_INFERENCE_LOGPROBS,
        )  # fmt: skip
        return answers


class _Down(BaseException):
    """Leaves surya's threads, which swallow every `Exception`."""


class _Client:
    """As much of an OpenAI client as surya uses (`client.chat.completions.create`), called from several threads."""

    def __init__(self, url: str, key: str) -> None:
        from openai import OpenAI

        self._completions = OpenAI(api_key=key, base_url=url, max_retries=0).chat.completions
        self._lock = threading.Lock()
        self.chat = self.completions = self
        self.clear()

    def clear(self) -> None:
        self.cut = self._row = 0

    def create(self, **request: Any) -> Any:
        if self._row >= DEAD:
            raise _Down("given up")
        with _Watch(self._note):
            answer = self._completions.create(**request)
            how = answer.choices[0].finish_reason
        with self._lock:
            self.cut += how == "length"
        return answer

    def _note(self, error: BaseException | None) -> None:
        """Count failures in a row; what is wrong with one request (a status of 4xx) says nothing of the server."""
        if error and getattr(error, "status_code", 500) in (400, 413, 422):
            return
        with self._lock:
            self._row = self._row + 1 if error else 0
            if self._row >= DEAD:
                raise _Down(" ".join(f"{type(error).__name__}: {error}".split())[:200])


class _Watch:
    """Tells how a block ended."""

    def __init__(self, note: Callable[[BaseException | None], None]) -> None:
        self._note = note

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._note(error)
