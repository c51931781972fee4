"""Groups of commands that import a command only when it is called.

The module names are strings, imported with `importlib`: importing every command's module would take most of a second,
and `crossmodal --help` must be quick. The architecture test reads these strings as imports, so that the import rule
holds for them too.
"""

import importlib
from collections.abc import Mapping
from typing import Any

import click

# Name of the command: its module and a one-line description.
Commands = Mapping[str, tuple[str, str]]


class LazyGroup(click.Group):
    """A group that imports a command only when it is called.

    The command NAME is the attribute `NAME_command` of its module.
    """

    def __init__(self, *args: Any, lazy: Commands | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lazy = lazy or {}

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the command names in the order of the table."""
        return list(self.lazy)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import a command. Return None if it does not exist."""
        return load_command(self.lazy, name) if name in self.lazy else None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.lazy.items()])


def load_command(commands: Commands, name: str) -> click.Command:
    """Import one of the commands of a table."""
    command: click.Command = getattr(importlib.import_module(commands[name][0]), f"{name.replace('-', '_')}_command")
    return command
