"""`torana doctor`: has this machine what `up` needs?"""

from __future__ import annotations

import click

MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "problem": "[red]problem[/]"}


@click.command()
@click.option("--port", type=int, default=6443, show_default=True, help="API port that `up` would use.")
@click.option("--output", "-o", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(port: int, output: str) -> None:
    """Check whether this machine has what `up` needs. Exits with 1 when there is a problem."""
    from torana.cli.machine import check_all

    checks = check_all(port)
    if output == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(checks), indent=2))
    else:
        from rich.console import Console

        console = Console(highlight=False)
        for check in checks:
            console.print(f"{check.name:11} {MARKS[check.verdict]}  ", end="")
            console.print(check.found, markup=False)
            if check.remedy:
                console.print(f"{'':11} -> {check.remedy}", markup=False)
    if any(check.verdict == "problem" for check in checks):
        raise SystemExit(1)
