"""`torana quickstart`: the whole way once, from nothing to an answered request, and nothing left behind."""

from __future__ import annotations

import click


@click.command()
@click.option("--timeout", "timeout_s", type=float, default=60.0, show_default=True, help="Seconds each step may take.")
def command(timeout_s: float) -> None:
    """Try it: a Gateway, a route and a backend, a request through them, all gone after.

    Runs everything in a temporary directory on loopback addresses. Uses kubectl when it is on PATH.
    """
    import asyncio

    from torana.cli.tour import Stopped, TourFailed, take_tour

    try:
        asyncio.run(take_tour(timeout_s))
    except Stopped:
        click.echo("stopped; nothing is left running", err=True)
        raise SystemExit(130) from None
    except TourFailed as error:
        raise click.ClickException(str(error)) from error
