"""The one connection of a worker to the broker."""

import json
import logging
import os
import uuid
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection

from mstc_cloud_worker.client import Client, _Publication
from mstc_cloud_worker.errors import ClientClosed, ForkedProcess, MalformedReply
from mstc_cloud_worker.reply import Reply

_log = logging.getLogger(__name__)


@dataclass
class _Pending:
    """A request without a reply, and its latest publication."""

    publication: _Publication
    reply: "Future[Reply]"


class Link(Client):
    """A client whose replies are futures, and that sends again what may have been lost.

    Every request has a message id, so one that is sent again is the same job. Done callbacks of
    the futures run on the link's thread: they must return at once.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._process = os.getpid()
        # Guarded by _changed.
        self._pending: dict[str, _Pending] = {}

    def require_own_process(self) -> None:
        """Checks that this process is the one that connected.

        Raises:
            ForkedProcess: it is a child of it, which has neither the thread nor the connection.
        """
        if os.getpid() != self._process:
            raise ForkedProcess(
                f"this process ({os.getpid()}) was forked from the one that connected "
                f"({self._process}), whose connection it cannot use: call connect() here, or start "
                'processes by multiprocessing.get_context("spawn")'
            )

    def send(self, fields: Mapping[str, Any], message_id: str) -> "Future[Reply]":
        """Sends a request, and does not wait for anything.

        The future gets the reply; or why there is none: RequestNotAccepted, MalformedReply, or
        ClientClosed, when the link is closed first. It cannot be cancelled.

        Raises:
            ClientClosed: the link is not open.
            ForkedProcess: as `require_own_process` does.
            TypeError: the request has a value that JSON cannot express.
        """
        self.require_own_process()
        correlation_id = str(uuid.uuid4())
        publication = _Publication(
            json.dumps(dict(fields), allow_nan=False).encode(),
            pika.BasicProperties(
                content_type="application/json",
                delivery_mode=pika.DeliveryMode.Persistent.value,
                correlation_id=correlation_id,
                reply_to=self.reply_queue,
                message_id=message_id,
            ),
        )
        reply: Future[Reply] = Future()
        reply.set_running_or_notify_cancel()
        with self._changed:
            self._require_open()
            self._pending[correlation_id] = _Pending(publication, reply)
            self._enqueue(publication)
        self._wake()
        return reply

    def close(self) -> None:
        """As `Client.close`; does nothing in a forked process, whose parent uses the connection."""
        if os.getpid() == self._process:
            super().close()

    def _enqueue(self, publication: _Publication) -> None:
        correlation_id = str(publication.properties.correlation_id)
        publication.accepted.add_done_callback(partial(self._sent, correlation_id))
        self._outbox.append(publication)

    def _sent(self, correlation_id: str, accepted: "Future[None]") -> None:
        error = accepted.exception()
        if error is not None:
            pending = self._take(correlation_id)
            if pending is not None:
                pending.reply.set_exception(error)

    def _take(self, correlation_id: str) -> _Pending | None:
        with self._changed:
            return self._pending.pop(correlation_id, None)

    # Everything below runs on the client's own thread.

    def _prepare(self, connection: BlockingConnection) -> BlockingChannel:
        channel = super()._prepare(connection)
        # A reply that came while there was no queue may be lost; the worker has it still.
        with self._changed:
            for pending in self._pending.values():
                if pending.publication.accepted.done():
                    pending.publication = _Publication(
                        pending.publication.body, pending.publication.properties
                    )
                    self._enqueue(pending.publication)
        return channel

    def _receive(
        self,
        channel: BlockingChannel,
        method: pika.spec.Basic.Deliver,
        properties: pika.BasicProperties,
        body: bytes,
    ) -> None:
        correlation_id = str(properties.correlation_id)
        pending = self._take(correlation_id)
        if pending is None:
            # The worker replies at least once; all replies to a request are equal.
            _log.debug("dropped a reply to %s, which was answered before", correlation_id)
            return
        try:
            reply = Reply.parse(body, correlation_id)
        except MalformedReply as e:
            pending.reply.set_exception(e)
        else:
            pending.reply.set_result(reply)

    def _serve(self, connected: "Future[None]") -> None:
        try:
            super()._serve(connected)
        finally:
            with self._changed:
                left, self._pending = self._pending, {}
            for pending in left.values():
                pending.reply.set_exception(
                    ClientClosed(f"{self._end}; the job may run on, and is found again by its key")
                )
