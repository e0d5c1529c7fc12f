"""Ask a service whether it is up, whether it has the right model, and how much it does at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from core.conversion.marker.services import Service
from core.errors import FetchError, InferenceDown, SettingsError
from core.http.client import HttpClient

PROBE_S = 5.0  # a busy server answers late; a hung one never
LOOK_S = 1.0  # between two looks at one that is coming up
#: Requests at a time, where a server does not tell: vLLM as surya sets it up for its default card of 24 GB
#: (`surya.inference.backends.vllm`), anything else as surya's clients take it.
VLLM_CAPACITY = 32
CAPACITY = 8
_HIDDEN = ("http_401", "http_403")  # /health is open and /v1/models asks for the key, which the workers have


class Probe:
    """Asks one service at its base address."""

    def __init__(self, http: HttpClient, service: Service, base: str) -> None:
        self.service = service
        self.base = base
        self._root = base.removesuffix("/v1")
        self._http = http.service(base, timeout_s=PROBE_S)

    async def check(self) -> None:
        """Return when it is up; raise `InferenceDown` if it is not, `SettingsError` if it has another model."""
        try:
            await self._http.fetch(f"{self._root}/health")
            models = await self._models()
        except FetchError as error:
            said = f"the {self.service.what} server at {self.base}: {error}"
            raise InferenceDown("inference_unavailable", said) from error
        if models is not None and self.service.model not in models:
            raise SettingsError(
                f"the server at {self.base} ({self.service.setting}) has the model {', '.join(models) or 'none'}, "
                f"but the {self.service.what} of Marker is {self.service.model}: name the server that has it"
            )

    async def wait(self, wait_s: float) -> None:
        """Return when it is up; one that is still loading its model may take `wait_s` seconds, others no time."""
        clock = asyncio.get_running_loop().time
        over = clock() + wait_s
        while True:
            try:
                return await self.check()
            except InferenceDown as error:
                if not _loading(error) or clock() >= over:
                    raise
            await asyncio.sleep(LOOK_S)

    async def capacity(self) -> int:
        """Return how many requests it works on at a time, as far as it tells."""
        slots = (await self._asked("props")).get("total_slots")  # llama.cpp
        if isinstance(slots, int) and slots > 0:
            return slots
        return VLLM_CAPACITY if "version" in await self._asked("version") else CAPACITY

    async def _asked(self, path: str) -> dict[str, Any]:
        try:
            answer = (await self._http.fetch(f"{self._root}/{path}", retry=False)).json()
        except FetchError:
            return {}
        return answer if isinstance(answer, dict) else {}

    async def _models(self) -> list[str] | None:
        try:
            answer = (await self._http.fetch(f"{self.base}/models")).json()
        except FetchError as error:
            if error.reason in _HIDDEN:
                return None
            raise
        listed = answer.get("data") if isinstance(answer, dict) else None
        return [str(each.get("id")) for each in listed or () if isinstance(each, dict)]


def _loading(error: InferenceDown) -> bool:
    """Tell whether the server is there and says, as llama.cpp does, that its model is not yet."""
    return isinstance(error.__cause__, FetchError) and error.__cause__.reason == "http_503"
