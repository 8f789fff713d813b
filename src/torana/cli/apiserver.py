"""`torana apiserver`: the embedded API server as a process (started by `torana up`)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from torana.cli.component import log_level_option, run_component


@click.command(hidden=True)
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
@click.option("--port", type=int, required=True)
@click.option("--channel", type=click.Choice(["experimental", "standard"]), default="experimental")
@log_level_option
def command(data_dir: Path, port: int, channel: Literal["experimental", "standard"], log_level: str) -> None:
    """Run the embedded API server."""
    from torana.embedded.apiserver.main import ApiServerOptions, serve

    run_component(serve(ApiServerOptions(data_dir=data_dir, host="127.0.0.1", port=port, channel=channel)), log_level)
