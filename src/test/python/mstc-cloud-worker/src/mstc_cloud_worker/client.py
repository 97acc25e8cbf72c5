"""Requests to the worker and its replies, over RabbitMQ."""

import json
import logging
import os
import ssl
import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import (
    AMQPError,
    ChannelWrongStateError,
    ConnectionWrongStateError,
    NackError,
    UnroutableError,
)

from mstc_cloud_worker import _environment
from mstc_cloud_worker.errors import (
    BrokerUnavailable,
    ClientClosed,
    RequestInDoubt,
    RequestNotAccepted,
    WaitTimeout,
)
from mstc_cloud_worker.reply import Reply

EXCHANGE = "mstc.exchange"
QUEUE = "mstc.queue.work"

_HEARTBEAT_S = 30
_CLOSE_S = 10.0
_BACKOFF_S = (0.1, 5.0)
_REMEMBERED_REPLIES = 10_000
_NOT_SENT = (ChannelWrongStateError, ConnectionWrongStateError)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Publication:
    """A request being sent; `accepted` is running from the first attempt on."""

    body: bytes
    properties: pika.BasicProperties
    accepted: "Future[None]" = field(default_factory=Future)


@dataclass(frozen=True, eq=False)
class _Arrival:
    """A reply, and how to acknowledge it."""

    body: bytes
    channel: BlockingChannel
    delivery_tag: int


class Client:
    """Submits requests to the worker and receives its replies.

    It is a context manager. A thread of its own talks to the broker, so heartbeats are answered
    while the program computes. Every method may be called from any thread, and any number of
    requests may be in flight. A lost connection is reopened until the client is closed.

    Replies come to a queue of this client. By default that queue lives as long as the connection:
    a reply that arrives just as the connection breaks may be lost. A `reply_queue` is durable:
    replies that came while nobody was connected are received afterwards, also by the next process
    that uses its name and knows the correlation ids. It serves one client at a time, and stays
    until it is deleted by hand.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        user: str | None = None,
        password: str | None = None,
        *,
        tls: bool | ssl.SSLContext = False,
        reply_queue: str | None = None,
        connect_timeout: float = 10.0,
    ) -> None:
        """Does not connect yet.

        Args:
            host: else WORK_QUEUE_HOST, else localhost.
            port: else WORK_QUEUE_PORT, else 5672, with TLS 5671.
            user: else WORK_QUEUE_USER, else guest.
            password: else WORK_QUEUE_PASS, else guest.
            tls: True for TLS with the system's certificate authorities, or a context of your own.
            reply_queue: name of a durable queue for the replies.
            connect_timeout: seconds for one attempt to connect.

        Raises:
            ValueError: the port is not a port.
        """
        self._host = _environment.text(host, "WORK_QUEUE_HOST", "localhost")
        self._port = _environment.port(port, "WORK_QUEUE_PORT", 5671 if tls else 5672)
        self._user = _environment.text(user, "WORK_QUEUE_USER", "guest")
        self._password = _environment.text(password, "WORK_QUEUE_PASS", "guest")
        self._tls = ssl.create_default_context() if tls is True else tls or None
        self._durable = reply_queue is not None
        # The client names it, so that the address stays the same after a reconnect.
        self._reply_queue = reply_queue or f"mstc.reply.{uuid.uuid4()}"
        self._connect_timeout = connect_timeout

        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._connection: BlockingConnection | None = None
        self._failure = "not connected yet"
        self._end = "the client is closed"
        self._outbox: deque[_Publication] = deque()
        self._acknowledgements: deque[_Arrival] = deque()
        # Guards what is below; signalled when a reply arrives or the client ends.
        self._changed = threading.Condition()
        self._arrivals: dict[str, _Arrival] = {}
        self._taken: OrderedDict[str, None] = OrderedDict()

    @property
    def reply_queue(self) -> str:
        """The name of the queue the replies come to."""
        return self._reply_queue

    def __enter__(self) -> "Client":
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connects, in one attempt; blocks for about `connect_timeout` at most.

        Raises:
            BrokerUnavailable: no connection; the message names the address and the reason.
            ClientClosed: this client was opened before; make a new one.
        """
        if self._thread is not None:
            raise ClientClosed("a client can be opened only once")
        connected: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._serve, args=(connected,), name="mstc-cloud-worker-client", daemon=True
        )
        self._thread.start()
        connected.result()

    def close(self) -> None:
        """Disconnects, within 10 seconds; waiting callers get `ClientClosed`. May be repeated.

        Replies that were received but not taken by `wait` stay in a durable reply queue; with any
        other queue they are lost.
        """
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        self._wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_S)

    def submit(
        self,
        request: Mapping[str, Any],
        *,
        message_id: str | None = None,
        timeout: float = 30.0,
    ) -> str:
        """Sends a request and blocks until the broker has stored it.

        Without a connection it waits for one.

        Args:
            request: the fields of the worker's contract, such as image, jobName and inputBucket.
            message_id: makes the request idempotent: the worker runs all requests with the same id
                once, and answers each with that job's reply.
            timeout: in seconds.

        Returns:
            The correlation id, to `wait` with.

        Raises:
            WaitTimeout: not confirmed in time; the message says whether it may have been queued.
            RequestInDoubt: the connection broke meanwhile, and the request has no `message_id`.
            RequestNotAccepted: the broker refused it.
            ClientClosed: the client is not open.
            TypeError: the request has a value that JSON cannot express.
            ValueError: likewise; or the `message_id` is empty.
        """
        if message_id == "":
            raise ValueError("the message_id is empty; leave it out for a request without one")
        correlation_id = str(uuid.uuid4())
        publication = _Publication(
            json.dumps(dict(request), allow_nan=False).encode(),
            pika.BasicProperties(
                content_type="application/json",
                delivery_mode=pika.DeliveryMode.Persistent.value,
                correlation_id=correlation_id,
                reply_to=self._reply_queue,
                message_id=message_id,
            ),
        )
        with self._changed:
            self._require_open()
            self._outbox.append(publication)
        self._wake()
        try:
            publication.accepted.result(timeout)
        except FutureTimeoutError:
            if publication.accepted.cancel():
                raise WaitTimeout(
                    f"a connection to send a request, which was not sent{self._state()}", timeout
                ) from None
            if not publication.accepted.done():
                raise WaitTimeout(
                    f"the confirmation of request {correlation_id}, which may have been queued"
                    + self._state(),
                    timeout,
                ) from None
            publication.accepted.result()
        return correlation_id

    def wait(self, correlation_id: str, timeout: float | None = None) -> Reply:
        """Blocks until the reply to a submitted request arrives, and takes it.

        A job ends at its `timeOut` at the latest, but nobody knows how long a request waits for its
        turn, or for a broker, store or cluster that is unavailable. So there is no default limit.

        May be repeated after a timeout. A reply can be taken once.

        Args:
            correlation_id: from `submit`; with a durable reply queue, also an earlier process's.
            timeout: in seconds; None is as long as it takes.

        Raises:
            WaitTimeout: no reply in time.
            MalformedReply: what came is not a valid reply.
            ClientClosed: the client is not open, or was closed while waiting.
            ValueError: this client has already taken the reply.
        """
        deadline = time.monotonic() + (timeout or 0.0)
        with self._changed:
            while correlation_id not in self._arrivals:
                if correlation_id in self._taken:
                    raise ValueError(f"the reply to request {correlation_id} was taken before")
                self._require_open()
                remaining = None
                if timeout is not None:
                    remaining = deadline - time.monotonic()
                    if remaining <= 0:
                        raise WaitTimeout(
                            f"the reply to request {correlation_id} in queue {self._reply_queue}"
                            + self._state(),
                            timeout,
                        )
                self._changed.wait(remaining)
            arrival = self._arrivals.pop(correlation_id)
            self._taken[correlation_id] = None
            if len(self._taken) > _REMEMBERED_REPLIES:
                self._taken.popitem(last=False)
            self._acknowledgements.append(arrival)
        self._wake()
        return Reply.parse(arrival.body, correlation_id)

    def run(
        self,
        request: Mapping[str, Any],
        timeout: float | None = None,
        *,
        message_id: str | None = None,
    ) -> Reply:
        """Submits a request and waits for its reply.

        Args:
            request: as for `submit`.
            timeout: in seconds, for both together; None is the default timeout of `submit`, and
                then no limit for the reply.
            message_id: as for `submit`.

        Raises:
            As `submit` and `wait` do.
        """
        if timeout is None:
            return self.wait(self.submit(request, message_id=message_id))
        deadline = time.monotonic() + timeout
        correlation_id = self.submit(request, message_id=message_id, timeout=timeout)
        return self.wait(correlation_id, max(0.0, deadline - time.monotonic()))

    def _require_open(self) -> None:
        if self._thread is None:
            raise ClientClosed("the client is not open; use it as a context manager")
        if self._closing.is_set():
            raise ClientClosed(self._end)

    def _state(self) -> str:
        if self._connection is not None:
            return ""
        return f" (no connection to {self._address()}: {self._failure})"

    def _address(self) -> str:
        return f"{self._host}:{self._port}"

    def _wake(self) -> None:
        """Makes the client's thread check for work."""
        connection = self._connection
        if connection is not None:
            try:
                connection.add_callback_threadsafe(lambda: None)
            except ConnectionWrongStateError:
                _log.debug("the connection is lost; its thread looks by itself once reconnected")

    # Everything below runs on the client's own thread.

    def _serve(self, connected: "Future[None]") -> None:
        try:
            self._keep_connected(connected)
        finally:
            self._closing.set()
            with self._changed:
                self._changed.notify_all()
                outbox, self._outbox = self._outbox, deque()
            for publication in outbox:
                if publication.accepted.running():
                    publication.accepted.set_exception(_in_doubt(publication, self._end))
                elif publication.accepted.set_running_or_notify_cancel():
                    publication.accepted.set_exception(
                        ClientClosed(f"{self._end}; the request was not sent")
                    )

    def _keep_connected(self, connected: "Future[None]") -> None:
        backoff, longest = _BACKOFF_S
        while not self._closing.is_set():
            connection: BlockingConnection | None = None
            try:
                connection = self._connect()
                channel = self._prepare(connection)
                self._connection = connection
                if not connected.done():
                    connected.set_result(None)
                backoff = _BACKOFF_S[0]
                _log.info("connected to %s", self._address())
                self._converse(connection, channel)
            except (AMQPError, OSError) as e:
                self._failure = _describe(e)
                if not connected.done():
                    connected.set_exception(
                        BrokerUnavailable(
                            f"no connection to the broker at {self._address()}: {self._failure}"
                        )
                    )
                    return
                if self._connection is None:
                    _log.debug("no connection to %s: %s", self._address(), self._failure)
                else:
                    _log.warning("connection to %s lost: %s", self._address(), self._failure)
            except BaseException as e:
                # Nothing above sees it otherwise: waiting callers get it as ClientClosed.
                self._end = f"the client ended: {e!r}"
                if not connected.done():
                    connected.set_exception(e)
                return
            finally:
                self._connection = None
                _close(connection)
            self._closing.wait(backoff)
            backoff = min(2 * backoff, longest)

    def _connect(self) -> BlockingConnection:
        return BlockingConnection(
            pika.ConnectionParameters(
                host=self._host,
                port=self._port,
                credentials=pika.PlainCredentials(self._user, self._password),
                ssl_options=pika.SSLOptions(self._tls, self._host) if self._tls else None,
                heartbeat=_HEARTBEAT_S,
                # No blocked_connection_timeout: if a broker short of memory or disk blocks the
                # connection, it continues when the broker does, and a new one would be blocked too.
                socket_timeout=self._connect_timeout,
                stack_timeout=self._connect_timeout,
                client_properties={"connection_name": f"mstc-cloud-worker client {os.getpid()}"},
            )
        )

    def _prepare(self, connection: BlockingConnection) -> BlockingChannel:
        channel = connection.channel()
        # Exactly as the worker declares them; otherwise its declaration or ours would fail.
        channel.exchange_declare(EXCHANGE, exchange_type="direct", durable=True)
        channel.queue_declare(QUEUE, durable=True)
        channel.queue_bind(QUEUE, EXCHANGE, routing_key=QUEUE)
        channel.queue_declare(
            self._reply_queue,
            durable=self._durable,
            exclusive=not self._durable,
            auto_delete=not self._durable,
        )
        channel.confirm_delivery()
        channel.add_on_cancel_callback(lambda _: channel.close())
        channel.basic_consume(
            self._reply_queue,
            on_message_callback=self._receive,
            # A durable queue keeps a reply until the program has taken it.
            auto_ack=not self._durable,
            exclusive=True,
        )
        return channel

    def _converse(self, connection: BlockingConnection, channel: BlockingChannel) -> None:
        while True:
            self._acknowledge(channel)
            if self._closing.is_set():
                return
            self._send(channel)
            connection.process_data_events(time_limit=None)
            if not channel.is_open:
                raise ChannelWrongStateError("the broker closed the channel or the reply queue")

    def _send(self, channel: BlockingChannel) -> None:
        while self._outbox and channel.is_open:
            publication = self._outbox[0]
            if not (
                publication.accepted.running()
                or publication.accepted.set_running_or_notify_cancel()
            ):
                self._outbox.popleft()
                continue
            try:
                channel.basic_publish(
                    EXCHANGE, QUEUE, publication.body, publication.properties, mandatory=True
                )
            except (NackError, UnroutableError) as e:
                self._outbox.popleft()
                publication.accepted.set_exception(
                    RequestNotAccepted(f"the broker refused the request: {_describe(e)}")
                )
            except _NOT_SENT:
                raise
            except (AMQPError, OSError) as e:
                if publication.properties.message_id is None:
                    self._outbox.popleft()
                    publication.accepted.set_exception(_in_doubt(publication, _describe(e)))
                raise
            else:
                self._outbox.popleft()
                publication.accepted.set_result(None)

    def _acknowledge(self, channel: BlockingChannel) -> None:
        while self._acknowledgements:
            arrival = self._acknowledgements.popleft()
            # What an earlier channel delivered is redelivered, and dropped in _receive.
            if self._durable and arrival.channel is channel:
                channel.basic_ack(arrival.delivery_tag)

    def _receive(
        self,
        channel: BlockingChannel,
        method: pika.spec.Basic.Deliver,
        properties: pika.BasicProperties,
        body: bytes,
    ) -> None:
        arrival = _Arrival(body, channel, method.delivery_tag or 0)
        correlation_id = properties.correlation_id
        if correlation_id is None:
            _log.warning("dropped a reply without a correlation id: %r", body[:200])
            self._acknowledgements.append(arrival)
            return
        with self._changed:
            if correlation_id in self._taken:
                # The worker replies at least once; all replies to a request are equal.
                self._acknowledgements.append(arrival)
                return
            doubled = self._arrivals.get(correlation_id)
            if doubled is not None:
                self._acknowledgements.append(doubled)
            self._arrivals[correlation_id] = arrival
            self._changed.notify_all()


def _in_doubt(publication: _Publication, reason: str) -> RequestInDoubt:
    return RequestInDoubt(
        f"the connection ended before the broker confirmed request "
        f"{publication.properties.correlation_id}, which may have been queued: {reason}"
    )


def _describe(error: Exception) -> str:
    return str(error) or repr(error)


def _close(connection: BlockingConnection | None) -> None:
    if connection is not None and connection.is_open:
        try:
            connection.close()
        except (AMQPError, OSError) as e:
            _log.debug("closing the connection: %s", _describe(e))
