"""`torana up`: a Kubernetes for this machine, with Gateways on it, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from torana.cli.controller import CONTROLLER_NAME


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("~/.local/share/torana"),
    show_default=True,
    envvar="TORANA_DATA_DIR",
    help="Where everything is kept. Start again with the same one and all is as before.",
)
@click.option("--port", type=int, default=6443, show_default=True, help="Port of the API server; 0 takes a free one.")
@click.option(
    "--controller-name",
    "controller_names",
    multiple=True,
    default=(CONTROLLER_NAME,),
    show_default=True,
    help="GatewayClasses with this spec.controllerName are ours. May be given more than once.",
)
@click.option(
    "--image",
    "images",
    multiple=True,
    metavar="PATTERN=COMMAND",
    help="Run containers whose image matches PATTERN as COMMAND of this machine. May be given more than once.",
)
@click.option(
    "--image-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A YAML file with such mappings under `images:`.",
)
@click.option(
    "--channel",
    type=click.Choice(["experimental", "standard"]),
    default="experimental",
    show_default=True,
    help="Release channel of the Gateway API to install.",
)
@click.option("--log-level", default="INFO", type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"]), hidden=True)
def command(
    data_dir: Path,
    port: int,
    controller_names: tuple[str, ...],
    images: tuple[str, ...],
    image_file: Path | None,
    channel: Literal["experimental", "standard"],
    log_level: str,
) -> None:
    """Run a Kubernetes for this machine, with Gateways on it.

    It runs an API server, a node that runs Pods as processes, and the gateway controller, until Ctrl-C. Use kubectl
    with the kubeconfig it prints. Gateways get loopback addresses of this machine.
    """
    import asyncio

    from torana.cli.screen.show import show_stack
    from torana.cli.stack.lock import Locked
    from torana.cli.stack.options import StackOptions
    from torana.cli.stack.ports import PortTaken
    from torana.cli.stack.share import NoShare

    options = StackOptions(
        data_dir=data_dir.expanduser().absolute(),
        port=port,
        controller_names=controller_names,
        images=images,
        image_file=image_file.absolute() if image_file else None,
        channel=channel,
        log_level=log_level,
    )
    try:
        asyncio.run(show_stack(options))
    except (Locked, NoShare, PortTaken) as error:
        raise click.ClickException(str(error)) from error
