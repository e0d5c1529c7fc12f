"""Stands in for `HttpClient` before a catalogue: what each address answers is written down, what was asked is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from core.errors import FetchError
from core.http import HttpClient, Page
from core.settings import Settings


@dataclass(frozen=True)
class Answer:
    body: object = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after_s: float | None = None
    reason: str = ""

    def give(self, url: str) -> Page:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        if self.status == 200 and not self.reason:
            return Page(url, 200, self.headers, body)
        status = None if self.reason else self.status
        raise FetchError(
            self.reason or f"http_{self.status}", "host", status=status, retry_after_s=self.retry_after_s, head=body
        )


@dataclass(frozen=True)
class Asked:
    url: str
    params: dict[str, Any]
    headers: dict[str, str]
    json: Any
    service: bool


class FakeHttp:
    """Gives its answers in turn, then repeats the last; `asked` keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [Answer()]
        self.asked: list[Asked] = []
        self._service = False

    @property
    def client(self) -> HttpClient:
        return cast(HttpClient, self)

    def service(self, base_url: str, **how: object) -> HttpClient:
        other = FakeHttp()
        other.answers, other.asked, other._service = self.answers, self.asked, True
        return other.client

    async def fetch(
        self, url: str, *, params: Any = None, headers: Any = None, json: Any = None, **how: object
    ) -> Page:
        self.asked.append(Asked(url, dict(params or {}), dict(headers or {}), json, self._service))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer.give(url)


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, contact_email="reader@library.net", **given)
