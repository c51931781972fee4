"""Groups of commands of which each is imported only when it is called."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

# name: (module, what it does in a line)
Commands = Mapping[str, tuple[str, str]]


class LazyGroup(click.Group):
    """A group whose commands are imported only when one is called; each is NAME_command of its module."""

    def __init__(self, *args: Any, lazy: Commands | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lazy = lazy or {}

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the command names in the order a newcomer meets them."""
        return list(self.lazy)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import a command; None when there is none of this name."""
        return load_command(self.lazy, name) if name in self.lazy else None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.lazy.items()])


def load_command(commands: Commands, name: str) -> click.Command:
    """Import one of the commands."""
    command: click.Command = getattr(importlib.import_module(commands[name][0]), f"{name.replace('-', '_')}_command")
    return command
