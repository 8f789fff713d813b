"""What a user can do about a listener that Envoy could not open. In: Envoy's message. Out: the same with the remedy."""

from __future__ import annotations

_REMEDIES = {
    "Permission denied": (
        "this user may not open the port; use a port from 1024 on, run as root, or allow it with "
        "`sysctl net.ipv4.ip_unprivileged_port_start=0`"
    ),
    "Address already in use": "another process has the port on this address; stop it, or use another port",
    "Cannot assign requested address": "the address is not one of this machine's; ask for another one",
}


def with_remedy(message: str) -> str:
    """The message, and what to do, where that is known."""
    return next((f"{message} ({remedy})" for sign, remedy in _REMEDIES.items() if sign in message), message)
