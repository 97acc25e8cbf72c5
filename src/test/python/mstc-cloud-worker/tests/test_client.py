"""The client when nothing answers: no services needed."""

import socket
from pathlib import Path

import pytest

from mstc_cloud_worker import BrokerUnavailable, Client, ClientClosed, Data


def closed_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def test_without_a_broker_the_error_names_the_address() -> None:
    port = closed_port()

    with pytest.raises(BrokerUnavailable, match=f"127.0.0.1:{port}"), Client("127.0.0.1", port):
        pass


def test_a_client_that_is_not_open_says_so() -> None:
    with pytest.raises(ClientClosed, match="not open"):
        Client().submit({"image": "a"})


@pytest.mark.parametrize("port", ["tcp://10.0.0.1:5672", "0", "65536", "-1", "five"])
def test_a_bad_port_names_its_variable(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("WORK_QUEUE_PORT", port)
    monkeypatch.setenv("MINIO_SERVICE_PORT", port)

    with pytest.raises(ValueError, match="WORK_QUEUE_PORT"):
        Client()
    with pytest.raises(ValueError, match="MINIO_SERVICE_PORT"):
        Data()


def test_files_of_the_same_object_name_are_refused_before_anything_is_uploaded(
    tmp_path: Path,
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mesh.dat").write_text(folder)

    with pytest.raises(ValueError, match=r"both become in/mesh\.dat"):
        Data("127.0.0.1", closed_port()).upload(
            "bucket", tmp_path / "a" / "mesh.dat", tmp_path / "b" / "mesh.dat", prefix="in/"
        )


def test_a_path_that_does_not_exist_is_refused_before_anything_is_uploaded(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        Data("127.0.0.1", closed_port()).upload("bucket", tmp_path / "missing")
