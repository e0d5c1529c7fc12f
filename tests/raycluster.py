"""A Ray cluster on the loopback network of this machine: nodes that are started, killed and gone in the end."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from tests.ports import free_port

ROOT = Path(__file__).parents[1]
START_S = 60.0
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_ENV = {
    "PYTHONPATH": str(ROOT),
    "RAY_USAGE_STATS_ENABLED": "0",
    "GRPC_ENABLE_FORK_SUPPORT": "0",  # with it the server behind ray:// fails to fork now and then (grpcio 1.81)
    "RAY_health_check_initial_delay_ms": "0",  # a killed node is missed within a second, not fifteen
    "RAY_health_check_period_ms": "300",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
}

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None or sys.platform != "linux", reason="the extra [ray] is not installed, or no Linux"
)


def ended(pid: int) -> bool:
    """Tell whether a process has ended, even if nobody has waited for it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Node:
    """One node: the process of `ray start` and all it has started."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def wait(self) -> None:
        """Return when it is part of the cluster."""
        over = time.monotonic() + START_S
        while b"will now block" not in self._log.read_bytes():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < over, self._log.read_text()
            time.sleep(0.05)

    @property
    def pids(self) -> set[int]:
        """Return the processes it has now."""
        return {process.pid for process in psutil.Process(self._process.pid).children(recursive=True)}

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process.poll() is None:
            processes = psutil.Process(self._process.pid).children(recursive=True)
            for process in (self._process, *processes):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            self._process.wait()
            over = time.monotonic() + 10
            while not all(ended(process.pid) for process in processes):
                assert time.monotonic() < over, processes
                time.sleep(0.01)


class Cluster:
    """A head and one more node, with two CPUs and one GPU (on paper) each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = free_port()
        self._client_port = free_port()
        self.nodes: list[Node] = []
        self.address = f"127.0.0.11:{self._port}"
        self.client = f"ray://127.0.0.11:{self._client_port}"

    def start(self) -> None:
        """Start both nodes."""
        self._start(
            "--head", f"--port={self._port}", f"--ray-client-server-port={self._client_port}",
            "--include-dashboard=false", f"--temp-dir={self.folder}",
        )  # fmt: skip
        self.add()

    def add(self) -> Node:
        """Start one more node."""
        return self._start(f"--address={self.address}")

    def _start(self, *options: str) -> Node:
        number = 11 + len(self.nodes)
        log = self.folder / f"node-{number}.log"
        command = [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", f"--node-ip-address=127.0.0.{number}"),
            *("--num-cpus=2", "--num-gpus=1", "--object-store-memory=80000000", "--disable-usage-stats", *options),
        ]
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, stdout=file, stderr=file, env={**os.environ, **_ENV, "TMPDIR": str(self.folder)}, start_new_session=True,
                preexec_fn=_end_with_parent,
            )  # fmt: skip
        self.nodes.append(Node(process, log))
        self.nodes[-1].wait()
        return self.nodes[-1]


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # which `ray start` hands on to what it started


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Give a cluster of two nodes; none of its processes is left in the end."""
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # its sockets have room for short paths only
    made = Cluster(folder)
    with pytest.MonkeyPatch.context() as environment:  # for the nodes, and for those who connect to them
        environment.setenv("RAY_AUTH_MODE", "token")  # its ports are open to the network
        environment.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        try:
            made.start()
            yield made
        finally:
            for node in made.nodes:
                node.kill()
            shutil.rmtree(folder, ignore_errors=True)
