"""Where the services are, and the skips that say what is missing."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pika
import pytest
import urllib3
from minio import Minio
from minio.error import MinioException
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker
from proxy import Proxy

from mstc_cloud_worker import Client, Data, Worker, connect

WORK_QUEUE = "mstc.queue.work"


@dataclass(frozen=True)
class Services:
    """The services that the environment names; the defaults are the contract's."""

    broker_host: str = os.environ.get("WORK_QUEUE_HOST") or "localhost"
    broker_port: int = int(os.environ.get("WORK_QUEUE_PORT") or 5672)
    broker_user: str = os.environ.get("WORK_QUEUE_USER") or "guest"
    broker_password: str = os.environ.get("WORK_QUEUE_PASS") or "guest"
    store_host: str = os.environ.get("MINIO_SERVICE_HOST") or "localhost"
    store_port: int = int(os.environ.get("MINIO_SERVICE_PORT") or 9000)
    store_user: str = os.environ.get("MINIO_ROOT_USER") or "minioadmin"
    store_password: str = os.environ.get("MINIO_ROOT_PASSWORD") or "minioadmin"

    def connect(self) -> BlockingConnection:
        """A connection to the broker, without the client under test."""
        return BlockingConnection(
            pika.ConnectionParameters(
                host=self.broker_host,
                port=self.broker_port,
                credentials=pika.PlainCredentials(self.broker_user, self.broker_password),
                socket_timeout=30,
                stack_timeout=30,
            )
        )

    def minio(self) -> Minio:
        """A connection to the store, without the client under test."""
        return Minio(
            f"{self.store_host}:{self.store_port}",
            access_key=self.store_user,
            secret_key=self.store_password,
            secure=False,
            http_client=urllib3.PoolManager(timeout=10, retries=urllib3.Retry(1)),
        )


@pytest.fixture(scope="session")
def services() -> Services:
    return Services()


@pytest.fixture(scope="session")
def image() -> str:
    """The image of the test job: MSTC_TEST_IMAGE, else mstc/python-test."""
    return os.environ.get("MSTC_TEST_IMAGE") or "mstc/python-test"


@pytest.fixture(scope="session")
def quick_image(image: str) -> str:
    """An image whose jobs print SUCCESS and FILE_PREFIX, if possible at once."""
    return os.environ.get("MSTC_TEST_QUICK_IMAGE") or image


@pytest.fixture(scope="session")
def timeout_s() -> float:
    """The longest a reply may take: MSTC_TEST_TIMEOUT_S, else 120 seconds."""
    return float(os.environ.get("MSTC_TEST_TIMEOUT_S") or 120)


@pytest.fixture(scope="session")
def broker(services: Services) -> None:
    """Skips where no broker answers."""
    try:
        services.connect().close()
    except (AMQPError, OSError) as e:
        pytest.skip(
            f"no RabbitMQ broker at {services.broker_host}:{services.broker_port}"
            f" (WORK_QUEUE_HOST, WORK_QUEUE_PORT): {str(e) or repr(e)}"
        )


@pytest.fixture(scope="session")
def store(services: Services) -> Minio:
    """Skips where no object store answers."""
    minio = services.minio()
    try:
        minio.list_buckets()
    except (MinioException, urllib3.exceptions.HTTPError) as e:
        pytest.skip(
            f"no object store at {services.store_host}:{services.store_port}"
            f" (MINIO_SERVICE_HOST, MINIO_SERVICE_PORT): {e}"
        )
    return minio


@pytest.fixture(scope="session")
def worker(services: Services, broker: None, store: Minio) -> None:
    """Skips where nobody consumes the work queue."""
    connection = services.connect()
    try:
        queue = connection.channel().queue_declare(WORK_QUEUE, passive=True)
    except ChannelClosedByBroker as e:
        pytest.skip(f"no worker at this broker: {e}")
    else:
        if queue.method.consumer_count == 0:
            pytest.skip(f"no worker at this broker: {WORK_QUEUE} has no consumer")
    finally:
        connection.close()


@pytest.fixture
def client(broker: None) -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.fixture
def connected(worker: None, bucket: str) -> Iterator[Worker]:
    """The worker, with a bucket of its own."""
    with connect(bucket=bucket) as connected:
        yield connected


@pytest.fixture
def proxy(services: Services, broker: None) -> Iterator[Proxy]:
    proxy = Proxy(services.broker_host, services.broker_port)
    yield proxy
    proxy.cut()


@pytest.fixture
def data(store: Minio) -> Data:
    return Data()


@pytest.fixture
def bucket(store: Minio) -> Iterator[str]:
    """A new bucket, emptied and removed afterwards."""
    name = f"mstc.test-{uuid.uuid4()}"
    store.make_bucket(name)
    yield name
    for entry in store.list_objects(name, recursive=True):
        store.remove_object(name, str(entry.object_name))
    store.remove_bucket(name)
