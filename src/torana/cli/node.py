"""`torana node`: the embedded node with its small controllers as a process (started by `torana up`)."""

from __future__ import annotations

from pathlib import Path

import click

from torana.cli.component import log_level_option, run_component


@click.command(hidden=True)
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
@click.option("--kubeconfig", type=click.Path(path_type=Path), required=True)
@click.option("--pod-network", default="127.88.0.0/16")
@click.option("--balancer-network", default="127.77.0.0/16")
@click.option("--image", "images", multiple=True)
@click.option("--image-file", type=click.Path(path_type=Path))
@log_level_option
def command(
    data_dir: Path,
    kubeconfig: Path,
    pod_network: str,
    balancer_network: str,
    images: tuple[str, ...],
    image_file: Path | None,
    log_level: str,
) -> None:
    """Run the embedded node."""
    from torana.embedded.node.main import NodeOptions, serve

    options = NodeOptions(
        data_dir=data_dir,
        kubeconfig=kubeconfig,
        images=images,
        image_file=image_file,
        pod_network=pod_network,
        balancer_network=balancer_network,
    )
    run_component(serve(options), log_level)
