"""A stand-in for the three services that run Marker's models, with faults that a test switches on and off.

It speaks what surya-ocr 0.22 speaks to them. The layout it finds is real (bands of ink); what it reads is invented, of
about the length of what is printed, and never repeats itself, which surya would take for a decoder that is stuck.
As a program it is one of the services alone, as a server that was started would be: `python -m tests.surya --port N`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from core.conversion.marker.services import ERRORS, LAYOUT, VISION, Service
from tests.ink import bands, length, picture_of, scaled

#: What a test may switch on: "hang" answers nothing at all, "mute" only no question, "locked" tells its model to nobody.
FAULTS = ("error", "hang", "loading", "locked", "mute", "slow", "json", "soup", "cut")
PATHS = {"vision": VISION, "layout": LAYOUT, "errors": ERRORS}
SLOW_S = 0.3


@dataclass(frozen=True)
class Asked:
    """One request: of which service, and for what (layout, page, block, infer)."""

    service: Service
    kind: str


@dataclass
class Surya:
    """The services at one port; `die` and `serve` end and begin them, `fault` is what is wrong at the moment."""

    fault: str = ""
    garbled: bool = False  # what the PDFs' own text is found to be
    slots: int = 8
    alone: Service | None = None
    models: dict[Service, str] = field(default_factory=lambda: {each: each.model for each in PATHS.values()})
    asked: list[Asked] = field(default_factory=list)
    looks: int = 0
    dies_after: int | None = None  # requests
    port: int = 0
    under_way: int = 0
    peak: int = 0

    def __post_init__(self) -> None:
        self.words = itertools.count()
        self.lock = threading.Lock()
        self.news = threading.Condition()
        self.over = threading.Event()
        self.dead = threading.Event()

    def serve(self) -> None:
        """Begin to answer, at the same port as before."""
        self.over.clear()
        self.dead.clear()
        self._server = _Server(self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), name="surya", daemon=True).start()

    def die(self) -> None:
        """End at once, in the middle of whatever is asked."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self.dead.set()

    def base(self, name: str) -> str:
        """Return the address of a service by its name in `PATHS`."""
        return f"http://127.0.0.1:{self.port}/{name}/v1"

    def settings(self) -> dict[str, Any]:
        """Return the settings that lead to all of it."""
        return {service.setting: self.base(name) for name, service in PATHS.items()}

    def count(self, kind: str = "") -> int:
        """Return how many requests there were, of one kind or of all."""
        return sum(not kind or each.kind == kind for each in self.asked)

    def until(self, state: Callable[[], bool], timeout_s: float = 60.0) -> bool:
        """Wait, in a thread, until `state` is true; it is looked at whenever something is asked."""
        with self.news:
            return self.news.wait_for(state, timeout_s)

    def note(self, asked: Asked) -> None:
        with self.news:
            self.asked.append(asked)
            self.news.notify_all()
        if self.dies_after is not None and len(self.asked) > self.dies_after:
            self.dies_after = None
            threading.Thread(target=self.die).start()
            self.over.wait()


@contextmanager
def surya(**state: Any) -> Iterator[Surya]:
    """Give a stand-in that serves."""
    stand_in = Surya(**state)
    stand_in.serve()
    try:
        yield stand_in
    finally:
        if not stand_in.over.is_set():
            stand_in.die()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, state: Surya) -> None:
        self.state = state
        self.lines: set[socket.socket] = set()
        super().__init__(("127.0.0.1", state.port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.lines.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up, and so do we."""

    def hang_up(self) -> None:
        for line in tuple(self.lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *what: object) -> None:
        """Say nothing."""

    @property
    def state(self) -> Surya:
        return self.server.state

    def do_GET(self) -> None:
        service, path = self._service()
        with self.state.news:
            self.state.looks += 1
            self.state.news.notify_all()
        if self.state.fault == "hang":
            self.state.over.wait()
        if path == "/health":
            self._send({}, 503 if self.state.fault == "loading" else 200)
        elif path == "/v1/models" and self.state.fault == "locked":
            self._send({"error": "no key"}, 401)
        elif path == "/v1/models":
            self._send({"object": "list", "data": [{"id": self.state.models[service], "object": "model"}]})
        elif path == "/props" and service is VISION and self.state.slots:
            self._send({"total_slots": self.state.slots})  # as llama.cpp
        elif path == "/version" and service is VISION and not self.state.slots:
            self._send({"version": "0.20.1"})  # as vLLM
        else:
            self._send({"error": path}, 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self._counted():
            self._answer(self._service()[0], body)

    def _answer(self, service: Service, body: dict[str, Any]) -> None:
        if service is VISION:
            picture, prompt = _question(body)
            kind = {"Output": "layout", "OCR this image": "page"}.get(_opening(prompt), "block")
        else:
            kind = "infer"
        self.state.note(Asked(service, kind))
        if self.state.fault in ("hang", "mute"):
            self.state.over.wait()
        if self.state.fault == "slow":
            self.state.over.wait(SLOW_S)
        if self.state.fault == "error":
            self._send({"error": {"message": "switched on"}}, 500)
        elif service is VISION:
            self._send(_completion(self._read(kind, picture), body, cut=self.state.fault == "cut"))
        elif service is LAYOUT:
            self._send({"results": [_detected(picture_of(item)) for item in body["items"]]})
        else:
            verdict = {"label": "bad", "score": 1.0} if self.state.garbled else {"label": "good", "score": 0.0}
            self._send({"results": [verdict for _ in body["items"]]})

    def _read(self, kind: str, picture: Any) -> str:
        if self.state.fault == "json":
            return "I am sorry, as a language model I cannot [see"
        if self.state.fault == "soup":
            return "<div><table><<tr data-label=><td>&&lt;</p></div><!-- <style> " + self._words(3)
        if kind == "layout":
            return json.dumps([{"label": "Text", "bbox": scaled(box, picture), "count": 50} for box in bands(picture)])
        if kind == "block":
            return f"<p>{self._words(length((0, 0, *picture.size), picture))}</p>"
        return "\n".join(
            f'<div data-label="Text" data-bbox="{scaled(box, picture)}"><p>{self._words(length(box, picture))}</p></div>'
            for box in bands(picture)
        )

    def _words(self, number: int) -> str:
        with self.state.lock:
            return " ".join(f"seen{next(self.state.words)}" for _ in range(number))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self.state.lock:
            self.state.under_way += 1
            self.state.peak = max(self.state.peak, self.state.under_way)
        try:
            yield
        finally:
            with self.state.lock:
                self.state.under_way -= 1

    def _service(self) -> tuple[Service, str]:
        if self.state.alone:
            return self.state.alone, self.path
        name, _, rest = self.path.lstrip("/").partition("/")
        return PATHS[name], f"/{rest}"

    def _send(self, answer: Any, status: int = 200) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _question(body: dict[str, Any]) -> tuple[Any, str]:
    parts = {part["type"]: part for part in body["messages"][0]["content"]}
    return picture_of(parts["image_url"]["image_url"]["url"].partition(",")[2]), parts["text"]["text"]


def _opening(prompt: str) -> str:
    return prompt.partition(" ")[0] if prompt.startswith("Output") else prompt.partition(" to ")[0]


def _detected(picture: Any) -> dict[str, Any]:
    boxes = [
        {
            "polygon": [[x0, y0], [x1, y0], [x1, y1], [x0, y1]],
            "label": "Text",
            "raw_label": "Text",
            "position": number,
            "confidence": 0.9,
            "count": 0,
        }
        for number, (x0, y0, x1, y1) in enumerate(bands(picture))
    ]
    return {"bboxes": boxes, "image_bbox": [0, 0, *picture.size], "error": False}


def _completion(text: str, body: dict[str, Any], *, cut: bool) -> dict[str, Any]:
    token = {"token": "x", "logprob": -0.01, "bytes": None, "top_logprobs": []}
    choice = {
        "index": 0,
        "finish_reason": "length" if cut else "stop",
        "message": {"role": "assistant", "content": text[: len(text) // 2] if cut else text},
        "logprobs": {"content": [token]} if body.get("logprobs") else None,
    }
    usage = {"prompt_tokens": 10, "completion_tokens": len(text) // 4, "total_tokens": 10 + len(text) // 4}
    told = {"id": "stand-in", "object": "chat.completion", "created": 0, "model": body["model"]}
    return {**told, "choices": [choice], "usage": usage}


def main() -> None:
    """Be one service at the given port, whatever else a real one would be told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--service", choices=PATHS, default="vision")
    given, _ = parser.parse_known_args()
    sys.stderr.write("the stand-in loads its model\n")
    with surya(port=given.port, slots=given.parallel, alone=PATHS[given.service]) as stand_in:
        stand_in.over.wait()


if __name__ == "__main__":
    main()
