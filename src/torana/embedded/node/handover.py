"""What becomes of connections that a proxy has not accepted yet when it closes its port?

During a rollout the old and the new Envoy of a Gateway listen on one address. Linux resets the connections that wait
at a socket which closes, unless it was told to hand them to another that listens there. Without that a rollout under
load loses a connection now and then.
"""

from __future__ import annotations

import logging
from pathlib import Path

SETTING = Path("/proc/sys/net/ipv4/tcp_migrate_req")
REMEDY = "sudo sysctl -w net.ipv4.tcp_migrate_req=1"

log = logging.getLogger(__name__)


def is_handed_over(setting: Path = SETTING) -> bool:
    """Waiting connections go over to who else listens on the address."""
    try:
        return setting.read_text().strip() != "0"
    except OSError:
        return False


def hand_over(setting: Path = SETTING) -> None:
    """Afterwards they do, where this user may say so. The setting is that of the machine's network, and stays."""
    if is_handed_over(setting):
        return
    try:
        setting.write_text("1")
        log.info("set net.ipv4.tcp_migrate_req=1: waiting connections outlive the proxy that they wait at")
    except OSError as error:
        log.info("a rollout may reset waiting connections (%s); %s prevents it", error.strerror, REMEDY)
