"""Python client of the MSTC Cloud Worker.

`Client` submits requests and receives replies through RabbitMQ, `Data` moves files to and from
the object store.
"""

from mstc_cloud_worker.client import Client
from mstc_cloud_worker.data import Data
from mstc_cloud_worker.errors import (
    BrokerUnavailable,
    ClientClosed,
    MalformedReply,
    MstcError,
    ObjectNotFound,
    RequestInDoubt,
    RequestNotAccepted,
    StoreError,
    WaitTimeout,
)
from mstc_cloud_worker.reply import LogObject, Reply

__all__ = [
    "BrokerUnavailable",
    "Client",
    "ClientClosed",
    "Data",
    "LogObject",
    "MalformedReply",
    "MstcError",
    "ObjectNotFound",
    "Reply",
    "RequestInDoubt",
    "RequestNotAccepted",
    "StoreError",
    "WaitTimeout",
]
