"""Edge: the xDS server that the Envoys of all Gateways connect to, over mutual TLS.

A stream belongs to the Gateway named in the peer's certificate, so a proxy can get nothing but its own configuration.
What to say is decided by `Session`; here its commands become bytes on a stream and events for the controller.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from urllib.parse import unquote, urlsplit

import grpc
import grpc.aio

from torana.api.kind import Ref
from torana.envoy import events
from torana.envoy import messages as pb
from torana.envoy.board import Board
from torana.envoy.delivery import Connected, Delivered, DeliveryEvent, Disconnected, Rejected
from torana.envoy.delta import read_request, write_response
from torana.envoy.leaving import Step, offer_at
from torana.envoy.resource import Key, Resource, ResourceType
from torana.envoy.session import Session

__all__ = ["Connected", "Delivered", "DeliveryEvent", "Disconnected", "Rejected", "XdsServer"]

_SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_METHOD = "DeltaAggregatedResources"
_OPTIONS = (
    # After a reconnect Envoy lists everything it holds: no limit on sizes.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 15_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
)

log = logging.getLogger(__name__)


class XdsServer:
    """Boards of Gateways and the streams of their Envoys. All methods are called on the event loop's thread."""

    def __init__(self, on_event: Callable[[DeliveryEvent], None] | None = None) -> None:
        self.on_event: Callable[[DeliveryEvent], None] = on_event or (lambda event: None)
        self.bytes_sent = 0
        self._boards: dict[Ref, Board] = {}
        self._streams: dict[Ref, set[_Stream]] = {}
        self._opening: set[Ref] = set()
        self._leaving: dict[tuple[Ref, str], Step] = {}
        self._server: grpc.aio.Server | None = None

    async def start(self, host: str, port: int, credentials: grpc.ServerCredentials) -> int:
        """Listens; returns the port, chosen by the system if 0 was asked for. Raises OSError when it cannot.

        `credentials` must ask clients for certificates.
        """
        server = grpc.aio.server(options=_OPTIONS)
        handler = grpc.stream_stream_rpc_method_handler(
            self._converse, request_deserializer=pb.DeltaDiscoveryRequest.FromString, response_serializer=None
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {_METHOD: handler}),))
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound = server.add_secure_port(target, credentials)
        except RuntimeError as error:
            raise OSError(f"xDS server: cannot listen on {target}: {error}") from error
        await server.start()
        self._server = server
        return int(bound)

    async def stop(self) -> None:
        """Ends all streams. The Envoys go on with what they have."""
        if self._server is not None:
            await self._server.stop(grace=None)

    def offer(self, gateway: Ref, revision: int, upserts: tuple[Resource, ...], removals: tuple[Key, ...] = ()) -> None:
        """The Gateway's proxies should change like this.

        The first offers of a Gateway, made without giving way to the event loop, must hold everything: what a
        connected Envoy has beyond them is taken away from it.
        """
        offer = events.Offered(revision, upserts, removals)
        if gateway not in self._boards:
            self._boards[gateway] = Board()
            self._opening.add(gateway)
            asyncio.get_running_loop().call_soon(self._open, gateway)
        self._boards[gateway].apply(offer)
        if gateway not in self._opening:
            for stream in tuple(self._streams.get(gateway, ())):
                stream.step(offer)

    def forget(self, gateway: Ref) -> None:
        """The Gateway is gone, and its Envoys soon will be: their ports close now, what they have begun they end."""
        self._boards.pop(gateway, None)
        self._opening.discard(gateway)
        for stream in tuple(self._streams.get(gateway, ())):
            if stream.is_begun:
                stream.leave(Step.CLOSED)
            else:
                stream.end()

    def leave(self, gateway: Ref, node: str, step: Step) -> None:
        """The node's Pod is ending: from now on it is offered what befits the step, and its word no longer counts."""
        is_news = (gateway, node) not in self._leaving
        self._leaving[gateway, node] = step
        streams = [stream for stream in self._streams.get(gateway, ()) if stream.node == node]
        for stream in streams:
            stream.leave(step)
        if is_news and streams:
            self._tell(Disconnected(gateway, node))

    def left(self, gateway: Ref, node: str) -> None:
        """The node's Pod is gone."""
        self._leaving.pop((gateway, node), None)

    def _open(self, gateway: Ref) -> None:
        if gateway in self._opening:
            self._opening.discard(gateway)
            for stream in tuple(self._streams.get(gateway, ())):
                if stream.is_begun:  # With a Gateway of the same name that is gone: it may come again.
                    stream.end()
                else:
                    stream.begin(self._boards[gateway])

    async def _converse(
        self, requests: AsyncIterator[pb.DeltaDiscoveryRequest], context: grpc.aio.ServicerContext
    ) -> None:
        gateway = gateway_of(context.auth_context())
        if gateway is None:
            await context.abort(
                grpc.StatusCode.PERMISSION_DENIED,
                "client certificate: must carry the URI spiffe://torana/gateway/<namespace>/<name>",
            )
            return
        first = await anext(aiter(requests), None)
        if first is None:
            return
        stream = _Stream(self, gateway, first.node)
        stream.leave(self._leaving.get((gateway, stream.node), Step.SERVING))
        self._replace(stream)
        stream.tell(Connected(gateway, stream.node, stream.address))
        if gateway in self._boards and gateway not in self._opening:
            stream.begin(self._boards[gateway])
        stream.receive(first)
        reading = asyncio.ensure_future(stream.read(requests))
        try:
            await stream.write(context)
        finally:
            reading.cancel()
            self._streams[gateway].discard(stream)
            if not any(other.node == stream.node for other in self._streams[gateway]):
                stream.tell(Disconnected(gateway, stream.node))

    def _replace(self, stream: _Stream) -> None:
        """A node that comes back may be faster than the news that its old stream broke: the new one counts."""
        streams = self._streams.setdefault(stream.gateway, set())
        for other in streams:
            if other.node == stream.node:
                other.end()
        streams.add(stream)

    def _tell(self, event: DeliveryEvent) -> None:
        try:
            self.on_event(event)
        except Exception:  # A bug in the listener must not end the conversation with a proxy.
            log.exception("xDS event of Gateway %s failed: %r", event.gateway, type(event).__name__)


class _Stream:
    """One Envoy's stream: its session, and the responses that wait to be written."""

    def __init__(self, server: XdsServer, gateway: Ref, node: pb.Node) -> None:
        self.gateway = gateway
        self.node = str(node.id)
        self.address = str(node.metadata.fields["address"].string_value) if "address" in node.metadata.fields else ""
        self._server = server
        self._board: Board | None = None
        self._at = Step.SERVING
        self._session = Session()
        self._early: list[events.Event] = []
        self._outgoing: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._is_ended = False

    @property
    def is_begun(self) -> bool:
        return self._board is not None

    def begin(self, board: Board) -> None:
        """The board is complete: start with all of it, then what Envoy asked meanwhile."""
        self._board = board
        self._session = Session(board.quarantined())
        for rejected in board.refused.values():
            self._report(rejected)
        for event in (board.first_offer(), *self._early):
            self.step(event)
        self._early = []

    def receive(self, request: pb.DeltaDiscoveryRequest) -> None:
        for event in read_request(request):
            if self._board is None:
                self._early.append(event)
            else:
                self.step(event)

    def leave(self, step: Step) -> None:
        """Envoy goes on to this step of its leaving, if it was not there before."""
        if step is self._at:
            return
        self._at = step
        if self._board is not None:
            offer = self._board.first_offer()
            listeners = tuple(one for one in offer.upserts if one.type is ResourceType.LDS)
            self.step(events.Offered(offer.revision, listeners))

    def tell(self, event: DeliveryEvent) -> None:
        """To the controller, unless Envoy is leaving: then nothing waits for it, and nothing it refuses matters."""
        if self._at is Step.SERVING:
            self._server._tell(event)

    def step(self, event: events.Event) -> None:
        """Performs what the session says about this event."""
        if self._is_ended:
            return
        if isinstance(event, events.Offered):
            event = offer_at(self._at, event)
        for command in self._session.step(event):
            if isinstance(command, events.Send):
                self._outgoing.append(write_response(command))
                self._wake.set()
            elif isinstance(command, events.Delivered):
                self.tell(Delivered(self.gateway, self.node, command.revision))
            else:
                if self._board is not None and self._at is Step.SERVING:
                    self._board.note_refused(command)
                self._report(command)

    def end(self) -> None:
        self._is_ended = True
        self._wake.set()

    async def read(self, requests: AsyncIterator[pb.DeltaDiscoveryRequest]) -> None:
        """Until Envoy closes its side."""
        try:
            async for request in requests:
                self.receive(request)
        except Exception:
            log.exception("xDS conversation with %s of Gateway %s failed", self.node, self.gateway)
        finally:
            self.end()

    async def write(self, context: grpc.aio.ServicerContext) -> None:
        """Responses in order, until the end."""
        while not self._is_ended:
            while self._outgoing and not self._is_ended:
                response = self._outgoing.popleft()
                await context.write(response)
                self._server.bytes_sent += len(response)
            self._wake.clear()
            if not self._outgoing and not self._is_ended:
                await self._wake.wait()

    def _report(self, rejected: events.Rejected) -> None:
        self.tell(Rejected(self.gateway, self.node, rejected.type, rejected.name, rejected.message, rejected.version))


def gateway_of(auth_context: dict[str, list[bytes]]) -> Ref | None:
    """The Gateway that the peer's certificate names."""
    for uri in auth_context.get("peer_uri") or auth_context.get("peer_spiffe_id") or []:
        parts = urlsplit(uri.decode(errors="replace"))
        path = [unquote(part) for part in parts.path.split("/")]
        if (parts.scheme, parts.netloc) == ("spiffe", "torana") and len(path) == 4 and path[1] == "gateway":
            return Ref(path[2], path[3]) if path[2] and path[3] else None
    return None
