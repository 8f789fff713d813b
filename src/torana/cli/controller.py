"""`torana controller`: the gateway controller as a process, for `torana up` and for real clusters alike."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from torana.cli.component import log_level_option, run_component
from torana.proxy.limits import SHARDS_ABOVE, TREES_ABOVE

CONTROLLER_NAME = "torana.dev/gateway-controller"


@click.command()
@click.option(
    "--kubeconfig",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="How to reach the API server. Default: $KUBECONFIG, else the Pod's service account, else ~/.kube/config.",
)
@click.option(
    "--controller-name",
    "controller_names",
    multiple=True,
    default=(CONTROLLER_NAME,),
    show_default=True,
    help="GatewayClasses with this spec.controllerName are ours. May be given more than once.",
)
@click.option("--xds-host", default="0.0.0.0", show_default=True, help="Address to serve Envoys on.")
@click.option("--xds-port", type=int, default=18000, show_default=True, help="Port to serve Envoys on.")
@click.option("--xds-name", default="", help="Address at which Envoys find --xds-port. Default: --xds-host.")
@click.option("--health-host", default="0.0.0.0", show_default=True, help="Address of /healthz, /readyz, /metrics.")
@click.option("--health-port", type=int, default=8081, show_default=True, help="Port of the same.")
@click.option(
    "--namespace",
    default="torana-system",
    show_default=True,
    envvar="POD_NAMESPACE",
    help="Where the controller keeps its own Secrets.",
)
@click.option(
    "--shards-above",
    type=click.IntRange(min=0),
    default=SHARDS_ABOVE,
    show_default=True,
    envvar="TORANA_SHARDS_ABOVE",
    show_envvar=True,
    help="Route tables with more hosts than this are split into shards.",
)
@click.option(
    "--trees-above",
    type=click.IntRange(min=0),
    default=TREES_ABOVE,
    show_default=True,
    envvar="TORANA_TREES_ABOVE",
    show_envvar=True,
    help="Hosts with more routes than this are matched by a prefix tree.",
)
@click.option("--home", type=click.Choice(["cluster", "embedded"]), default="cluster", hidden=True)
@log_level_option
def command(
    kubeconfig: Path | None,
    controller_names: tuple[str, ...],
    xds_host: str,
    xds_port: int,
    xds_name: str,
    health_host: str,
    health_port: int,
    namespace: str,
    shards_above: int,
    trees_above: int,
    home: Literal["embedded", "cluster"],
    log_level: str,
) -> None:
    """Run the gateway controller alone, against any Kubernetes.

    It makes each Gateway's proxy, configures the Envoys over xDS and writes statuses.
    """
    from torana.controller.main import ControllerOptions, run

    options = ControllerOptions(
        kubeconfig=kubeconfig,
        controller_names=controller_names,
        xds_host=xds_host,
        xds_port=xds_port,
        xds_name=xds_name,
        health_host=health_host,
        health_port=health_port,
        namespace=namespace,
        shards_above=shards_above,
        trees_above=trees_above,
        home=home,
    )
    run_component(run(options), log_level)
