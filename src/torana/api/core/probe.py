"""How is a container asked whether it is started, alive or ready?"""

from __future__ import annotations

from typing import Annotated

from torana.api.field import ApiStruct, Field

_PORT = "Port to ask, as number or as name of a container port."


class ExecAction(ApiStruct, kw_only=True):
    """Runs a command in the container."""

    command: Annotated[
        tuple[str, ...], Field("Command and arguments, run without a shell. Status 0 is success.", list_type="atomic")
    ] = ()


class HTTPGetHeader(ApiStruct, kw_only=True):
    """A header of a request."""

    name: Annotated[str, Field("Name of the header.")]
    value: Annotated[str, Field("Value of the header.")]


class HTTPGetAction(ApiStruct, kw_only=True):
    """Makes an HTTP request. A status from 200 to 399 is success."""

    path: Annotated[str, Field("Path to ask for.", default="/")] = "/"
    port: Annotated[int | str, Field(_PORT, int_or_string=True)]
    host: Annotated[str, Field("Host to ask. When absent, the Pod's address.")] = ""
    scheme: Annotated[str, Field("HTTP, or HTTPS without checking the certificate.", default="HTTP")] = "HTTP"
    http_headers: Annotated[tuple[HTTPGetHeader, ...], Field("Headers to send.", list_type="atomic")] = ()


class TCPSocketAction(ApiStruct, kw_only=True):
    """Opens a connection."""

    port: Annotated[int | str, Field(_PORT, int_or_string=True)]
    host: Annotated[str, Field("Host to connect to. When absent, the Pod's address.")] = ""


class GRPCAction(ApiStruct, kw_only=True):
    """Asks the gRPC health service."""

    port: Annotated[int, Field("Port to ask.", format="int32")]
    service: Annotated[str, Field("Name of the service to ask about.", default="")] = ""


class SleepAction(ApiStruct, kw_only=True):
    """Waits."""

    seconds: Annotated[int, Field("How long.", format="int64")]


class Probe(ApiStruct, kw_only=True):
    """A question put to a container again and again. One of the actions is set."""

    exec: Annotated[ExecAction | None, Field("Run a command.")] = None
    http_get: Annotated[HTTPGetAction | None, Field("Make an HTTP request.")] = None
    tcp_socket: Annotated[TCPSocketAction | None, Field("Open a connection.")] = None
    grpc: Annotated[GRPCAction | None, Field("Ask the gRPC health service.")] = None
    initial_delay_seconds: Annotated[int, Field("How long to wait before the first time.", format="int32")] = 0
    timeout_seconds: Annotated[int, Field("How long an answer may take.", default=1, format="int32")] = 1
    period_seconds: Annotated[int, Field("How often to ask.", default=10, format="int32")] = 10
    success_threshold: Annotated[
        int, Field("How many good answers in a row are needed after a failure.", default=1, format="int32")
    ] = 1
    failure_threshold: Annotated[
        int, Field("How many bad answers in a row make a failure.", default=3, format="int32")
    ] = 3
    termination_grace_period_seconds: Annotated[
        int | None, Field("Time to end in after a failure, instead of the Pod's.", format="int64")
    ] = None


class LifecycleHandler(ApiStruct, kw_only=True):
    """Something done at a turn in a container's life. One of the actions is set."""

    exec: Annotated[ExecAction | None, Field("Run a command.")] = None
    http_get: Annotated[HTTPGetAction | None, Field("Make an HTTP request.")] = None
    tcp_socket: Annotated[TCPSocketAction | None, Field("No longer used.")] = None
    sleep: Annotated[SleepAction | None, Field("Wait.")] = None


class Lifecycle(ApiStruct, kw_only=True):
    """What is done at the turns of a container's life."""

    post_start: Annotated[LifecycleHandler | None, Field("After the container has started.")] = None
    pre_stop: Annotated[LifecycleHandler | None, Field("Before the container is told to end.")] = None
    stop_signal: Annotated[str, Field("Signal that tells the container to end.")] = ""
