"""What can go wrong between a program and the worker."""


class MstcError(Exception):
    """The base of every error that this package raises itself."""


class BrokerUnavailable(MstcError):
    """The first connection to the broker failed, or the broker refused its declarations."""


class ClientClosed(MstcError):
    """The client is not open, or was closed while something waited for it."""


class RequestNotAccepted(MstcError):
    """The broker refused the request. It was not queued; submitting it again is safe."""


class RequestInDoubt(MstcError):
    """The connection broke before the broker confirmed the request.

    It may or may not be queued. A request with a `message_id` is never in doubt: it is sent again.
    """


class WaitTimeout(MstcError, TimeoutError):
    """Something did not arrive in time.

    Attributes:
        awaited: what was waited for.
        timeout: how long, in seconds.
    """

    def __init__(self, awaited: str, timeout: float) -> None:
        super().__init__(f"waited {timeout:g} s for {awaited}")
        self.awaited = awaited
        self.timeout = timeout


class MalformedReply(MstcError, ValueError):
    """A reply that violates the contract.

    Attributes:
        body: the reply as received.
    """

    def __init__(self, message: str, body: bytes) -> None:
        super().__init__(message)
        self.body = body


class StoreError(MstcError):
    """The object store refused an operation, or does not answer."""


class ObjectNotFound(StoreError):
    """A bucket or an object that does not exist."""


class WorkerUnavailable(MstcError):
    """The worker's HTTP API is not known, does not answer, or refused what it was asked."""


class JobNotFound(WorkerUnavailable):
    """The worker has no job of that name on record, or none yet: its request may still wait."""


class ForkedProcess(MstcError, RuntimeError):
    """A worker or a job was used in a process that was forked from the one that connected."""
