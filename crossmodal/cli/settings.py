"""`crossmodal settings`."""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings


@click.command("settings")
@json_option
@click.pass_context
def settings_command(ctx: click.Context, as_json: bool) -> None:
    """Show every setting with its value and its source.

    The source is the command line, an environment variable or the default.
    """
    rows = describe_settings(ctx)
    if as_json:
        print_json({"settings": [_serialize(row) for row in rows]})
        return
    for row in rows:
        source = row.environment_variable if row.source == "environment" else row.source
        value = ", ".join(row.value) if isinstance(row.value, tuple) else row.value
        click.echo(f"{row.name:14} {value!s:30} {source}")


def _serialize(row: "SettingRow") -> dict[str, Any]:
    value = str(row.value) if isinstance(row.value, Path) else row.value
    return {
        "name": row.name,
        "value": value,
        "source": row.source,
        "environment_variable": row.environment_variable,
    }


@dataclass(frozen=True)
class SettingRow:
    """One setting.

    Attributes:
        name: The name of the setting.
        value: The value in use.
        source: `command line`, `environment` or `default`.
        environment_variable: The variable that sets it.
    """

    name: str
    value: Any
    source: str
    environment_variable: str


def describe_settings(ctx: click.Context) -> list[SettingRow]:
    """Return every setting with its value and the source of the value."""
    settings: Settings = ctx.obj
    given = {name for name, value in ctx.find_root().params.items() if value is not None}
    rows = []
    for field in fields(settings):
        variable = f"CROSSMODAL_{field.name.upper()}"
        source = "command line" if field.name in given else "environment" if os.environ.get(variable) else "default"
        rows.append(SettingRow(field.name, getattr(settings, field.name), source, variable))
    return rows
