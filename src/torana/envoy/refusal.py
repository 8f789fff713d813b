"""What Envoy's word on something it refuses means to a user. In: its message. Out: the reason, and what can be done."""

from __future__ import annotations

from torana.gateway.finding import Finding

_REMEDIES = {
    "Permission denied": (
        "this user may not open the port; use a port from 1024 on, run as root, or allow it with "
        "`sysctl net.ipv4.ip_unprivileged_port_start=0`"
    ),
    "Address already in use": "another process has the port on this address; stop it, or use another port",
    "Cannot assign requested address": "the address is not one of this machine's; ask for another one",
}
_DUMP = "goo.gle/debug"
_LONGEST = 2_000


def of_bind(message: str) -> Finding:
    """Why a bind is not open, or not as it should be, with the remedy where that is known."""
    for sign, remedy in _REMEDIES.items():
        if sign in message:
            return Finding("PortUnavailable", f"{message} ({remedy})")
    return Finding("Invalid", f"the proxy rejected the listeners of this port: {message}")


def readable(message: str) -> str:
    """The message without the resource that Envoy may write out in it (1.40), keys and all; not too long."""
    before, dump, after = message.partition(_DUMP)
    if dump:
        message = before + after.rpartition("\n: ")[2]
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
