"""The inference servers of a run: attached to or started here, checked before the first paper, gone with the run."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from core.conversion.marker.environment import NOWHERE
from core.conversion.marker.probe import CAPACITY, VLLM_CAPACITY
from core.conversion.marker.server import InferenceServer
from core.conversion.marker.services import ERRORS, LAYOUT, SERVICES, VISION, needed
from core.errors import InferenceDown, SettingsError
from core.settings import Settings
from tests.ports import free_port
from tests.surya import Surya, surya

ROOT = Path(__file__).parents[2]
ENDING_S = 10.0  # for processes that end by themselves; they take a fraction of a second


def settings(**options: Any) -> Settings:
    quick = {"retry_base_s": 0.01, "inference_start_s": 30.0, "inference_wait_s": 30.0, "marker_start_server": False}
    return Settings(_env_file=None, **{**quick, **options})


@pytest.fixture
def stand_in() -> Iterator[Surya]:
    with surya() as one:
        yield one


# --- which services ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "options", "services"),
    [
        ("balanced", {}, (VISION, ERRORS)),
        ("balanced", {"force_ocr": True}, (VISION, ERRORS)),
        ("balanced", {"disable_ocr": True}, (LAYOUT,)),
        ("fast", {}, SERVICES),
        ("fast", {"disable_ocr": True}, (LAYOUT,)),
        ("fast", {"force_layout_block": "Text"}, (VISION, ERRORS)),
        ("fast", {"disable_ocr": True, "force_layout_block": "Text"}, ()),
        ("text", {}, ()),
    ],
)
def test_a_mode_asks_for_the_services_it_uses(mode: str, options: dict[str, Any], services: tuple[Any, ...]) -> None:
    assert needed(mode, options) == services


async def test_what_a_mode_does_not_use_is_pinned_to_where_nobody_listens(stand_in: Surya) -> None:
    """Else surya would start it, in every worker."""
    async with InferenceServer(settings(**stand_in.settings())) as server:
        env = server.env()

    assert env["SURYA_INFERENCE_URL"] == stand_in.base("vision")
    assert env["OCR_ERROR_SERVER_URL"] == stand_in.base("errors")
    assert env["FAST_LAYOUT_SERVER_URL"] == env["DETECTOR_SERVER_URL"] == NOWHERE


async def test_without_weights_nothing_is_asked_and_everything_is_pinned() -> None:
    async with InferenceServer(settings(surya_inference_url="http://127.0.0.1:1"), mode="text") as server:
        await server.healthy()

        assert [server.env()[service.variable] for service in SERVICES] == [NOWHERE] * 3


# --- attaching --------------------------------------------------------------------------------------------------------


async def test_a_server_with_another_model_is_refused_with_both_names(stand_in: Surya) -> None:
    stand_in.models[VISION] = "somebody/else"

    with pytest.raises(SettingsError, match=r"surya_inference_url.*somebody/else.*datalab-to/surya-ocr-2"):
        await entered(settings(**stand_in.settings()))


async def test_a_server_that_is_not_there_is_an_error_before_the_first_paper(stand_in: Surya) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(SettingsError, match=rf"{nobody}/v1.*converter='text-layer'"):
        await entered(settings(**{**stand_in.settings(), "ocr_error_server_url": nobody}))


async def test_a_server_that_still_loads_its_model_is_waited_for(stand_in: Surya) -> None:
    stand_in.fault = "loading"
    async with asyncio.TaskGroup() as group:
        entering = group.create_task(entered(settings(**stand_in.settings())))
        await asyncio.to_thread(stand_in.until, lambda: stand_in.looks > 2)
        stand_in.fault = ""

    assert entering.result()


async def test_a_server_that_tells_its_model_only_with_the_key_is_taken(stand_in: Surya) -> None:
    stand_in.fault = "locked"

    assert await entered(settings(**stand_in.settings()))


async def test_what_no_setting_names_and_nothing_may_start_is_named_with_the_ways_out(stand_in: Surya) -> None:
    with pytest.raises(SettingsError, match=r"OCR error.*ocr_error_server_url.*llama-server.*disable_ocr"):
        await entered(settings(surya_inference_url=stand_in.base("vision")))


async def test_a_cluster_needs_servers_that_all_its_nodes_reach(stand_in: Surya) -> None:
    with pytest.raises(SettingsError, match="every node"):
        await entered(
            settings(ray_address="auto", marker_start_server=True, ocr_error_server_url=stand_in.base("errors"))
        )


async def test_addresses_may_leave_out_their_version(stand_in: Surya) -> None:
    bare = {name: url.removesuffix("/v1") + "/" for name, url in stand_in.settings().items()}

    assert (await entered(settings(**bare)))["SURYA_INFERENCE_URL"] == stand_in.base("vision")


# --- capacity ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slots", "told"), [(6, 6), (0, VLLM_CAPACITY), (-1, CAPACITY)])
async def test_capacity_is_what_the_server_tells_or_that_of_its_kind(stand_in: Surya, slots: int, told: int) -> None:
    stand_in.slots = slots
    async with InferenceServer(settings(**stand_in.settings())) as server:
        assert server.capacity == told


async def test_the_capacity_is_divided_among_the_workers(stand_in: Surya) -> None:
    async with InferenceServer(settings(**stand_in.settings(), inference_capacity=20)) as server:
        shares = [int(env["SURYA_INFERENCE_PARALLEL"]) for env in server.envs(3)]

    assert shares == [10, 10, 10]  # half as much again: a worker does not ask all the time


async def test_each_slot_is_bound_to_one_device_and_goes_to_the_next_when_that_is_gone(stand_in: Surya) -> None:
    with surya(slots=2) as other:
        urls = f"{stand_in.base('vision')}, {other.base('vision')}"
        async with InferenceServer(settings(**{**stand_in.settings(), "surya_inference_url": urls})) as server:
            bound = [(env["SURYA_INFERENCE_URL"], env["SURYA_INFERENCE_PARALLEL"]) for env in server.envs(3)]

            assert server.capacity == 10

    mine, others = stand_in.base("vision"), other.base("vision")
    assert bound == [(f"{mine},{others}", "6"), (f"{others},{mine}", "3"), (f"{mine},{others}", "6")]


async def test_one_of_several_devices_may_be_away(stand_in: Surya) -> None:
    with surya() as other:
        urls = f"{stand_in.base('vision')},{other.base('vision')}"
        async with InferenceServer(settings(**{**other.settings(), "surya_inference_url": urls})) as server:
            await asyncio.to_thread(stand_in.die)
            await server.healthy()

            await asyncio.to_thread(other.die)
            with pytest.raises(InferenceDown):
                await server.healthy()


async def test_workers_go_past_a_proxy_to_the_servers(stand_in: Surya) -> None:
    async with InferenceServer(settings(**stand_in.settings(), no_proxy="intranet")) as server:
        assert server.env()["no_proxy"] == "intranet,127.0.0.1"


# --- going away -------------------------------------------------------------------------------------------------------


async def test_a_server_that_went_away_is_noticed_and_so_is_its_return(stand_in: Surya) -> None:
    async with InferenceServer(settings(**stand_in.settings())) as server:
        await asyncio.to_thread(stand_in.die)
        with pytest.raises(InferenceDown):
            await server.healthy()

        stand_in.serve()
        await server.healthy()


async def test_a_server_that_hangs_is_away(stand_in: Surya) -> None:
    async with InferenceServer(settings(**stand_in.settings())) as server:
        stand_in.fault = "hang"

        with pytest.raises(InferenceDown, match="timeout"):
            await server.healthy()


# --- starting one -----------------------------------------------------------------------------------------------------

SERVER = """
import runpy, sys
sys.argv += ["--service", "errors"]
{first}
runpy.run_module("tests.surya", run_name="__main__")
"""
RUN = """
import asyncio, json, sys
from core.conversion.marker.server import InferenceServer
from core.settings import Settings

async def main():
    async with InferenceServer(Settings(_env_file=None, **json.loads(sys.argv[1]))):
        print("entered", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


DOCKER = """
import pathlib
with (pathlib.Path(__file__).parent / "docker.log").open("a") as log:
    log.write(" ".join(sys.argv[1:]) + chr(10))
if sys.argv[1] == "run":
    from tests.surya import main
    sys.argv += ["--port", sys.argv[sys.argv.index("-p") + 1].partition(":")[0]]
    main()
"""


class Machine:
    """A machine on which the OCR error server can be started, and does what the test says first."""

    def __init__(self, folder: Path, stand_in: Surya) -> None:
        self.folder = folder
        self._file = folder / "surya" / "ocr_error" / "server.py"
        self._file.parent.mkdir(parents=True)
        for package in (self._file.parent, self._file.parent.parent):
            (package / "__init__.py").touch()
        self.settings = settings(surya_inference_url=stand_in.base("vision"), marker_start_server=True)
        self.first("")

    def first(self, code: str) -> None:
        """Let the server do this before anything else."""
        self._file.write_text(SERVER.format(first=code))

    def servers(self) -> list[psutil.Process]:
        """Return the living processes of servers, whoever started them."""
        return [each for each in psutil.process_iter() if self._serves(each)]

    def _serves(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            words = process.cmdline()
            return "--port" in words and any(str(self.folder) in word for word in words)
        return False

    def until(self, servers: int) -> None:
        """Wait until so many are alive."""
        over = time.monotonic() + ENDING_S
        while len(self.servers()) != servers:
            assert time.monotonic() < over, self.servers()
            time.sleep(0.01)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Give a process of its own that has entered its server."""
        told = self.settings.model_dump(mode="json", include={"surya_inference_url", "marker_start_server"})
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", RUN, json.dumps(told), cwd=ROOT, env={**os.environ, "PYTHONPATH": str(self.folder)},
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stdout
            assert await process.stdout.readline() == b"entered\n"
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()


@pytest.fixture
def machine(tmp_path: Path, stand_in: Surya, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.syspath_prepend(str(tmp_path))
    one = Machine(tmp_path, stand_in)
    yield one
    one.until(servers=0)
    assert psutil.Process().children(recursive=True) == []


async def test_a_server_is_started_when_none_is_named_and_ends_with_the_run(machine: Machine) -> None:
    async with InferenceServer(machine.settings) as server:
        url = server.env()["OCR_ERROR_SERVER_URL"]
        assert len(machine.servers()) == 1

    assert machine.servers() == []
    assert await asyncio.to_thread(refused, url)


async def test_all_workers_share_the_one_that_was_started(machine: Machine) -> None:
    async with InferenceServer(machine.settings) as server:
        assert len({env["OCR_ERROR_SERVER_URL"] for env in server.envs(8)}) == 1
        assert len(machine.servers()) == 1


async def test_one_that_ends_at_its_start_is_noticed_at_once_with_its_last_words(machine: Machine) -> None:
    machine.first("sys.exit('no weights: CUDA out of memory')")
    begun = time.monotonic()

    with pytest.raises(
        SettingsError, match=r"(?s)exit status 1.*too little memory.*no weights.*converter='text-layer'"
    ):
        await entered(machine.settings)

    assert time.monotonic() - begun < machine.settings.inference_start_s / 2


async def test_one_that_never_answers_is_given_up(machine: Machine) -> None:
    machine.first("import time; time.sleep(1000)")

    with pytest.raises(SettingsError, match=r"within 2 s \(inference_start_s\)"):
        await entered(machine.settings.model_copy(update={"inference_start_s": 2.0}))


async def test_a_start_that_is_cancelled_leaves_nothing(machine: Machine) -> None:
    machine.first("import time; time.sleep(1000)")
    async with asyncio.TaskGroup() as group:
        entering = group.create_task(entered(machine.settings))
        await asyncio.to_thread(machine.until, servers=1)
        entering.cancel()

    assert machine.servers() == []


async def test_one_that_dies_is_started_again_at_the_same_port_while_papers_wait(machine: Machine) -> None:
    async with InferenceServer(machine.settings) as server:
        url = server.env()["OCR_ERROR_SERVER_URL"]
        machine.servers()[0].kill()

        await server.breaker.call(server.healthy)

        assert server.env()["OCR_ERROR_SERVER_URL"] == url


async def test_one_that_dies_again_stays_away(machine: Machine) -> None:
    async with InferenceServer(machine.settings.model_copy(update={"inference_wait_s": 3.0})) as server:
        machine.servers()[0].kill()
        await server.breaker.call(server.healthy)
        machine.servers()[0].kill()

        with pytest.raises(InferenceDown, match="ended again"):
            await server.breaker.call(server.healthy)


async def test_one_ends_with_a_run_that_is_killed(machine: Machine) -> None:
    async with machine.run() as run:
        assert len(machine.servers()) == 1
        run.kill()
        await asyncio.to_thread(machine.until, servers=0)


async def test_one_ends_with_its_keeper_and_is_started_again(machine: Machine) -> None:
    async with InferenceServer(machine.settings) as server:
        keeper = machine.servers()[0].parent()
        assert keeper
        keeper.kill()
        await asyncio.to_thread(machine.until, servers=0)

        await server.breaker.call(server.healthy)


@pytest.fixture
def tools(tmp_path: Path, stand_in: Surya, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Install programs that stand for the real ones; only the real surya knows how to call them."""
    if importlib.util.find_spec("surya") is None:
        pytest.skip("needs the extra [marker]")
    monkeypatch.setenv("HOME", str(tmp_path))  # surya writes its logs there
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def install(**programs: str) -> Settings:
        for name, code in programs.items():
            program = tmp_path / name.replace("_", "-")
            program.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n{code}")
            program.chmod(0o755)
        return settings(ocr_error_server_url=stand_in.base("errors"), marker_start_server=True)

    return install


async def test_without_a_gpu_the_vision_model_is_served_by_llama_cpp(
    tools: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURYA_INFERENCE_BACKEND", "llamacpp")
    monkeypatch.setenv("SURYA_INFERENCE_PARALLEL", "5")
    for file in ("MODEL", "MMPROJ"):
        monkeypatch.setenv(f"SURYA_GGUF_LOCAL_{file}_PATH", "/weights.gguf")

    async with InferenceServer(tools(llama_server="from tests.surya import main; main()")) as server:
        assert server.capacity == 5

    assert psutil.Process().children(recursive=True) == []


async def test_with_a_gpu_it_is_served_by_vllm_in_docker_and_its_container_is_removed(
    tools: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURYA_INFERENCE_BACKEND", "vllm")

    async with InferenceServer(tools(docker=DOCKER)) as server:
        assert server.capacity == VLLM_CAPACITY

    run, remove = [line.split() for line in (tmp_path / "docker.log").read_text().splitlines()]
    assert "-d" not in run  # it ends with us
    assert remove == ["rm", "--force", run[run.index("--name") + 1]]


async def test_a_machine_that_can_start_none_says_what_is_missing(
    tools: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURYA_INFERENCE_BACKEND", "llamacpp")

    with pytest.raises(SettingsError, match=r"(?s)llama-server binary not found.*surya_inference_url.*text-layer"):
        await entered(tools())


async def entered(given: Settings) -> dict[str, str]:
    """Return the environment of a worker, having entered and left."""
    async with InferenceServer(given) as server:
        return server.env()


def refused(url: str) -> bool:
    """Tell whether nobody listens there."""
    address = urlsplit(url)
    with socket.socket() as line:
        return line.connect_ex((address.hostname, address.port)) != 0
