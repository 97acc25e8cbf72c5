"""Python client of the MSTC Cloud Worker.

`connect` gives a `Worker`, which runs a job, or one for each of many files; `aconnect` is its twin
for asyncio. Beneath them, `Client` submits requests and receives replies through RabbitMQ, and
`Data` moves files to and from the object store.
"""

from mstc_cloud_worker._request import Options
from mstc_cloud_worker.aio import AsyncJob, AsyncJobs, AsyncResult, AsyncWorker, aconnect
from mstc_cloud_worker.client import Client
from mstc_cloud_worker.data import Data
from mstc_cloud_worker.errors import (
    BrokerUnavailable,
    ClientClosed,
    ForkedProcess,
    JobNotFound,
    MalformedReply,
    MstcError,
    ObjectNotFound,
    RequestInDoubt,
    RequestNotAccepted,
    StoreError,
    WaitTimeout,
    WorkerUnavailable,
)
from mstc_cloud_worker.failures import (
    ImageUnavailable,
    JobCancelled,
    JobEvicted,
    JobFailed,
    JobLost,
    JobOutOfMemory,
    JobTimedOut,
    RequestRejected,
)
from mstc_cloud_worker.job import Job, JobLog, Result
from mstc_cloud_worker.jobs import Jobs
from mstc_cloud_worker.reply import LogObject, Reply
from mstc_cloud_worker.worker import Settings, Worker, connect

__all__ = [
    "AsyncJob",
    "AsyncJobs",
    "AsyncResult",
    "AsyncWorker",
    "BrokerUnavailable",
    "Client",
    "ClientClosed",
    "Data",
    "ForkedProcess",
    "ImageUnavailable",
    "Job",
    "JobCancelled",
    "JobEvicted",
    "JobFailed",
    "JobLog",
    "JobLost",
    "JobNotFound",
    "JobOutOfMemory",
    "JobTimedOut",
    "Jobs",
    "LogObject",
    "MalformedReply",
    "MstcError",
    "ObjectNotFound",
    "Options",
    "Reply",
    "RequestInDoubt",
    "RequestNotAccepted",
    "RequestRejected",
    "Result",
    "Settings",
    "StoreError",
    "WaitTimeout",
    "Worker",
    "WorkerUnavailable",
    "aconnect",
    "connect",
]
