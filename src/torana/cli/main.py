"""Which commands does `torana` have? Names and one line each; the code of a command is imported when it is called."""

from __future__ import annotations

import importlib

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "quickstart": (
        "torana.cli.quickstart",
        "Try it: a Gateway, a route and a backend, a request through them, all gone after.",
    ),
    "up": ("torana.cli.up", "Run a Kubernetes for this machine with Gateways on it."),
    "status": ("torana.cli.status", "Show Gateways, routes and what is wrong with them."),
    "controller": ("torana.cli.controller", "Run the gateway controller alone, against any Kubernetes."),
    "doctor": ("torana.cli.doctor", "Check whether this machine has what `up` needs."),
    "version": ("torana.cli.version", "Print versions."),
}
HIDDEN: dict[str, str] = {"apiserver": "torana.cli.apiserver", "node": "torana.cli.node"}
"""Components that `up` starts; not for people."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = HIDDEN.get(cmd_name) or COMMANDS.get(cmd_name, ("",))[0]
        if not module:
            return None
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `torana quickstart`. After `torana up`, use kubectl as with any cluster.",
)
@click.version_option(package_name="torana", message="torana %(version)s")
def main() -> None:
    """Torana: the Kubernetes Gateway API on Envoy, with or without a cluster."""


if __name__ == "__main__":
    main(prog_name="torana")
