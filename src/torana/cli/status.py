"""`torana status`: Gateways, routes and what is wrong with them, from the API's statuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command()
@click.option(
    "--kubeconfig",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="How to reach the API server. Default: $KUBECONFIG, else ~/.kube/config.",
)
@click.option("--context", help="Context of the kubeconfig to use.")
@click.option("--namespace", "-n", default="", help="Only this namespace. Default: all.")
@click.option("--output", "-o", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(kubeconfig: Path | None, context: str | None, namespace: str, output: str) -> None:
    """Show Gateways, routes and what is wrong with them.

    Exits with 1 when something that was asked for is not so: a Gateway not programmed, a route not accepted.
    """
    import asyncio

    from torana.kube.errors import KubeError

    try:
        rows = asyncio.run(_read(kubeconfig, context, namespace))
    except KubeError as error:
        raise click.ClickException(str(error)) from error
    if output == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
    else:
        _print(rows)
    if any(row.programmed != "True" for row in rows["gateways"]) or any(
        "False" in (row.accepted, row.resolved) for row in rows["routes"]
    ):
        raise SystemExit(1)


async def _read(kubeconfig: Path | None, context: str | None, namespace: str) -> dict[str, Any]:
    """The rows of every table."""
    from torana.api.core.deployment import DEPLOYMENT
    from torana.api.gateway import GATEWAY
    from torana.api.gateway_class import GATEWAY_CLASS
    from torana.api.registry import KINDS
    from torana.cli.screen.rows import class_rows, gateway_rows, route_rows
    from torana.kube.client import Client
    from torana.kube.errors import ApiError

    async with Client.discover(kubeconfig, context) as client:
        classes, _ = await client.list(GATEWAY_CLASS)
        gateways, _ = await client.list(GATEWAY, namespace)
        deployments, _ = await client.list(DEPLOYMENT, namespace, "app.kubernetes.io/component=proxy")
        routes: list[dict[str, Any]] = []
        for kind in KINDS:
            if kind.is_custom and kind.kind.endswith("Route"):
                try:
                    items, _ = await client.list(kind, namespace)
                except ApiError as error:
                    if not error.is_not_found:  # a standard-channel server lacks some kinds
                        raise
                    continue
                routes += [{**item, "kind": kind.kind} for item in items]
    return {
        "gatewayClasses": class_rows(classes),
        "gateways": gateway_rows(gateways, deployments),
        "routes": route_rows(routes),
    }


def _print(rows: dict[str, Any]) -> None:
    from rich.console import Console

    from torana.cli.screen.tables import class_table, gateway_table, route_table

    # A pipe has no width: words are not to be broken there.
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 400
    if not any(rows.values()):
        console.print("no GatewayClasses, Gateways or routes yet")
    for name, table in (("gatewayClasses", class_table), ("gateways", gateway_table), ("routes", route_table)):
        if rows[name]:
            console.print(table(rows[name]))
            console.print()
