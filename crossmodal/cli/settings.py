"""`crossmodal settings`."""

import os
from collections.abc import Mapping
from dataclasses import fields
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
    settings: Settings = ctx.obj
    given = {name for name, value in ctx.find_root().params.items() if value is not None}
    rows = describe_settings(settings, given, os.environ)
    if as_json:
        print_json({"settings": rows})
        return
    for row in rows:
        source = row["variable"] if row["source"] == "environment" else row["source"]
        value = ", ".join(row["value"]) if isinstance(row["value"], list) else row["value"]
        click.echo(f"{row['name']:14} {value!s:30} {source}")


def describe_settings(settings: Settings, given: set[str], environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return every setting with its value, its environment variable and the source of the value.

    Args:
        settings: The settings in use.
        given: Names of the settings that were given on the command line.
        environ: The environment variables.
    """
    rows = []
    for field in fields(settings):
        variable = f"CROSSMODAL_{field.name.upper()}"
        source = "command line" if field.name in given else "environment" if environ.get(variable) else "default"
        value = getattr(settings, field.name)
        shown = str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        rows.append({"name": field.name, "value": shown, "source": source, "variable": variable})
    return rows
