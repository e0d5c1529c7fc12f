"""A file on its way to a service: every byte of it, once, and nothing left behind."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import FetchError
from core.http import HttpClient
from core.http.upload import Upload
from core.settings import MIB, Settings
from tests.leftovers import tasks
from tests.rawserver import raw_server, says_nothing


class Desk:
    """A service that takes files in and answers with what it got, or with one of `refusals` first."""

    def __init__(self, *refusals: int) -> None:
        self.url = ""
        self.taken = 0
        self._refusals = list(refusals)

    async def take(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            content = await file.read()
            fields = {name: value for name, value in form.items() if name != "file"}
        self.taken += 1
        if self._refusals:
            return JSONResponse({}, self._refusals.pop(0))
        said = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "type": file.content_type}
        return JSONResponse(said | {"name": file.filename, "fields": fields})


@asynccontextmanager
async def open_desk(*refusals: int) -> AsyncGenerator[Desk]:
    desk = Desk(*refusals)
    app = Starlette(routes=[Route("/files", desk.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup(sockets=[listener])
        desk.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield desk
        finally:
            await server.shutdown(sockets=[listener])


def whole(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)


@asynccontextmanager
async def listening(*answers: bytes) -> AsyncGenerator[tuple[str, list[int]]]:
    """Serve a connection for each answer: the first bytes of a request get an empty one, the whole of it any other."""
    lengths: list[int] = []
    left = list(answers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        lengths.append(int(head.partition(b"content-length:")[2].split()[0]))
        answer, taken = left.pop(0), 0
        if answer:
            while (lengths[-1] - taken) and (piece := await reader.read(MIB)):
                taken += len(piece)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", lengths


@asynccontextmanager
async def client_of(url: str, **changes: Any) -> AsyncGenerator[HttpClient]:
    async with HttpClient(Settings(**({"max_tries": 3, "retry_base_s": 0.0} | changes))) as http:
        yield http.service(url)


async def send(http: HttpClient, url: str, path: Path, *, name: str = "a.pdf", **fields: str) -> dict[str, Any]:
    page = await http.upload(f"{url}/files", path, name=name, fields=fields)
    answer: dict[str, Any] = page.json()
    return answer


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, 3 * MIB + 17])
async def test_a_file_of_any_size_arrives_whole(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    path = tmp_path / "paper"
    path.write_bytes(content)
    async with open_desk() as desk, client_of(desk.url) as http:
        said = await send(http, desk.url, path, quality="fast", markdown_only="false")

    assert (said["size"], said["sha256"]) == (size, hashlib.sha256(content).hexdigest())
    assert (said["name"], said["type"]) == ("a.pdf", "application/pdf")
    assert said["fields"] == {"quality": "fast", "markdown_only": "false"}


@pytest.mark.parametrize(
    "name", ["a b.pdf", 'quo"te.pdf', "two\r\nlines: x.pdf", "Größe 论文.pdf", "../../etc/passwd", "-"]
)
async def test_a_file_arrives_whole_under_any_name(tmp_path: Path, name: str) -> None:
    content = b"\r\n--" + os.urandom(1000) + b"\r\n"
    path = tmp_path / name.replace("/", "_")
    path.write_bytes(content)
    async with open_desk() as desk, client_of(desk.url) as http:
        said = await send(http, desk.url, path, name=name)

    assert said["sha256"] == hashlib.sha256(content).hexdigest()


async def test_several_files_at_a_time_stay_apart(tmp_path: Path) -> None:
    contents = [os.urandom(MIB + number) for number in range(5)]
    paths = [tmp_path / str(number) for number in range(5)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    async with open_desk() as desk, client_of(desk.url) as http, asyncio.TaskGroup() as group:
        sent = [group.create_task(send(http, desk.url, path, name=path.name)) for path in paths]
    answers = [task.result() for task in sent]

    assert [answer["name"] for answer in answers] == list("01234")
    assert [answer["sha256"] for answer in answers] == [hashlib.sha256(content).hexdigest() for content in contents]


async def test_a_busy_service_is_asked_again_and_an_ill_one_is_not(tmp_path: Path) -> None:
    """After a 500 nobody knows whether a job has come of it."""
    path = tmp_path / "paper"
    path.write_bytes(b"%PDF" * 1000)
    async with open_desk(503, 429) as busy, client_of(busy.url) as http:
        assert (await send(http, busy.url, path))["size"] == 4000
    async with open_desk(500) as ill, client_of(ill.url) as http:
        with pytest.raises(FetchError, match="http_500"):
            await send(http, ill.url, path)

    assert (busy.taken, ill.taken) == (3, 1)


async def test_a_file_that_was_cut_off_on_its_way_is_sent_again_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "paper"
    path.write_bytes(bytes(64 * MIB))  # more than the kernel takes in
    async with listening(b"", whole(b"{}")) as (url, lengths), client_of(url) as http:
        assert await send(http, url, path) == {}

    assert lengths[1] > 64 * MIB


async def test_a_file_whose_answer_is_lost_is_not_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "paper"
    path.write_bytes(b"%PDF")
    async with listening(whole(b"{}")[:-1]) as (url, lengths), client_of(url) as http:
        with pytest.raises(FetchError, match="truncated"):
            await send(http, url, path)

    assert len(lengths) == 1


async def test_a_file_beyond_the_limit_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "paper"
    path.write_bytes(bytes(1001))
    async with open_desk() as desk, client_of(desk.url, max_download_bytes=1000) as http:
        with pytest.raises(FetchError, match="too_large"):
            await send(http, desk.url, path)

    assert desk.taken == 0


async def test_a_file_that_shrinks_while_it_is_sent_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "paper"
    path.write_bytes(bytes(3 * MIB))
    upload = await Upload.of(path, name="a.pdf", fields={}, most=4 * MIB)

    pieces = aiter(upload)
    await anext(pieces)
    os.truncate(path, 0)
    with pytest.raises(FetchError, match="truncated"):
        await anext(pieces)
    assert not upload.whole


async def test_a_cancelled_upload_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "paper"
    path.write_bytes(os.urandom(64 * MIB))
    async with raw_server(says_nothing) as server, client_of(server.url) as http:
        sending = asyncio.create_task(send(http, server.url, path))
        await server.asked.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

        assert tasks() == []
