"""What does the echo server answer to an HTTP request? Pure: request in, answer out.

The shape is that of the Gateway API project's `echo-basic`: the request as JSON, header names in Go's canonical form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec

from torana.embedded.echo.settings import Context

Headers = Sequence[tuple[str, str]]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class Request(msgspec.Struct, frozen=True):
    """One request as it came. `headers` keep order, case and repeats; the `Host` header is in `host`."""

    method: str
    target: str
    proto: str
    host: str
    headers: tuple[tuple[str, str], ...]
    form: str = ""
    """Body of a form, else empty."""


class Answer(msgspec.Struct, frozen=True):
    """What to send. `delay_s` passes first. `reset`: break the connection instead."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_s: float = 0.0
    reset: bool = False
    log: str = ""


def canonical(name: str) -> str:
    """A header name as Go's net/http writes it: `x-my-id` becomes `X-My-Id`; an invalid one stays."""
    return "-".join(part.capitalize() for part in name.split("-")) if _TOKEN.match(name) else name


def parse_duration(text: str) -> float:
    """Seconds of a Go duration such as `1m30s`. Raises `ValueError`."""
    if text == "0":
        return 0.0
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"invalid duration {text!r}")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def text_answer(status: int, text: str) -> Answer:
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return Answer(status, headers, text.encode() + b"\n")


def answer(
    request: Request,
    context: Context,
    http_port: str,
    client: str,
    tls: dict[str, Any] | None,
    attempts: dict[str, int],
) -> Answer:
    """`attempts` counts the calls of `/retry` per uuid, and is changed."""
    path = re.sub(r"/{2,}", "/", request.target.partition("?")[0])
    if path == "/health":
        return Answer(200, (("Content-Type", "text/plain; charset=utf-8"),), b"OK")
    if path.startswith("/status/"):
        code = path.removeprefix("/status/")
        valid = code.isdigit() and 100 <= int(code) <= 999
        return Answer(int(code)) if valid else text_answer(400, f"invalid status code {code!r}")
    if path.startswith("/retry/"):
        refused = _refuse_first_attempts(request, attempts)
        if refused is not None:
            return refused
    return echo(request, context, http_port, client, tls)


def echo(request: Request, context: Context, http_port: str, client: str, tls: dict[str, Any] | None) -> Answer:
    line = f"Echoing back request made to {request.target} to client ({client})"
    try:
        delay_s = parse_duration(_parameter(request, "delay") or "0")
    except ValueError as error:
        return text_answer(500, str(error))
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(canonical(name), []).append(value)
    headers.pop("Transfer-Encoding", None)
    body: dict[str, Any] = {
        "path": request.target,
        "host": request.host,
        "method": request.method,
        "proto": request.proto,
        "headers": headers,
        "httpPort": http_port,
        **msgspec.to_builtins(context),
    }
    if tls is not None:
        body["tls"] = tls
    asked = _asked_headers(headers.get("X-Echo-Set-Header", []))
    return Answer(
        200,
        (*asked, ("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")),
        msgspec.json.format(msgspec.json.encode(body), indent=1),
        delay_s,
        log=line,
    )


def _asked_headers(values: list[str]) -> tuple[tuple[str, str], ...]:
    asked: dict[str, str] = {}
    for pair in ",".join(values).split(","):
        name, colon, value = pair.strip().partition(":")
        if colon and _TOKEN.match(name):
            asked[name] = f"{asked[name]},{value.strip()}" if name in asked else value.strip()
    return tuple(asked.items())


def _refuse_first_attempts(request: Request, attempts: dict[str, int]) -> Answer | None:
    """An answer that is no success while the caller's uuid has attempts to fail left; None after that."""
    uuid, wanted = _parameter(request, "uuid"), _parameter(request, "succeedAfter")
    code, delay = _parameter(request, "responseCode"), _parameter(request, "delayRetry")
    if not uuid or not wanted.isdigit() or (code and not code.isdigit()):
        return text_answer(400, "/retry needs the query parameters uuid and succeedAfter, a number")
    try:
        delay_s = parse_duration(delay or "0")
    except ValueError as error:
        return text_answer(400, str(error))
    attempts[uuid] = attempts.get(uuid, 0) + 1
    if attempts[uuid] > int(wanted):
        del attempts[uuid]
        return None
    return Answer(int(code or 0), delay_s=delay_s, reset=not code)


def _parameter(request: Request, name: str) -> str:
    query = request.target.partition("?")[2]
    for source in (query, request.form):
        if source:
            found = parse_qs(source, keep_blank_values=True).get(name)
            if found:
                return found[0]
    return ""
