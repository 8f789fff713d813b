"""How do rows look on a terminal? Rich tables; colour says only what a word says too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from torana.cli.screen.rows import ClassRow, GatewayRow, RouteRow
from torana.cli.stack.child import ChildState

STYLES = {"True": "green", "False": "red", "Unknown": "yellow"}


def class_table(rows: Iterable[ClassRow]) -> Table:
    table = _table("GatewayClasses", "name", "controller", "accepted", "says")
    for row in rows:
        table.add_row(row.name, row.controller, _state(row.accepted), row.message)
    return table


def gateway_table(rows: Iterable[GatewayRow]) -> Table:
    table = _table("Gateways", "gateway", "class", "address", "listeners", "programmed", "routes", "proxies", "says")
    for row in rows:
        table.add_row(
            f"{row.namespace}/{row.name}", row.gateway_class, "\n".join(row.addresses), "\n".join(row.listeners),
            _state(row.programmed), str(row.attached_routes), row.proxies, row.message,
        )  # fmt: skip
    return table


def route_table(rows: Iterable[RouteRow]) -> Table:
    table = _table("Routes", "route", "hostnames", "parent", "accepted", "refs", "says")
    for row in rows:
        table.add_row(
            f"{row.kind} {row.namespace}/{row.name}", "\n".join(row.hostnames) or "*", row.parent,
            _state(row.accepted), _state(row.resolved), row.message,
        )  # fmt: skip
    return table


def component_table(children: Sequence[ChildState], says: dict[str, str]) -> Table:
    table = _table("Components", "component", "pid", "restarts", "says")
    for child in children:
        said = says.get(child.name, "starting")
        style = "green" if said == "ok" else "yellow"
        table.add_row(child.name, str(child.pid or "-"), str(child.restarts), Text(said, style=style))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _state(status: str) -> Text:
    return Text(status, style=STYLES.get(status, ""))
