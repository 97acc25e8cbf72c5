"""A standalone worker that tests may stop and start, from the sources around this project."""

import os
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

LAUNCHER = Path(__file__).parents[6] / "mstc"
CATALOGUE = '[{image: "tests/short", command: [sh, -c, "sleep 1; echo SUCCESS"]}]'
START_S = 120


@dataclass
class Standalone:
    """`./mstc standalone` on ports of its own."""

    folder: Path
    broker_port: int
    store_port: int
    http_port: int
    processes: list["subprocess.Popen[bytes]"] = field(init=False, default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        """What `connect` needs."""
        return {
            "broker_host": "127.0.0.1",
            "broker_port": self.broker_port,
            "store_host": "127.0.0.1",
            "store_port": self.store_port,
            "http_url": f"http://localhost:{self.http_port}",
        }

    def start(self) -> None:
        """Starts it, and waits until it takes requests."""
        with (self.folder / "output").open("ab") as output:
            process = subprocess.Popen(
                [
                    str(LAUNCHER),
                    "standalone",
                    f"--folder={self.folder / 'data'}",
                    f"--broker-port={self.broker_port}",
                    f"--store-port={self.store_port}",
                    f"--set=mstc.http.port={self.http_port}",
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "MSTC_RUNTIME_LOCAL_CATALOGUE": CATALOGUE},
            )
        self.processes.append(process)
        deadline = time.monotonic() + START_S
        while not self._ready():
            text = (self.folder / "output").read_text(errors="replace")
            assert process.poll() is None, text
            assert time.monotonic() < deadline, text
            time.sleep(0.1)

    def kill(self) -> None:
        """Ends it without notice, like a machine that loses its power."""
        self.processes[-1].kill()
        self.processes[-1].wait()

    def stop(self) -> None:
        """Ends it as one ends a service."""
        self.processes[-1].terminate()
        self.processes[-1].wait(60)

    def _ready(self) -> bool:
        try:
            url = f"http://localhost:{self.http_port}/health/ready"
            return urllib3.request("GET", url, timeout=5, retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
