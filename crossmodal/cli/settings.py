"""`crossmodal settings`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings, SettingSource, describe_settings


@click.command("settings")
@json_option
@click.pass_obj
def settings_command(settings: Settings, as_json: bool) -> None:
    """Show every setting with its value and its source.

    The source is the command line, an environment variable, the file `settings.toml` in the home, or the default.
    """
    rows = describe_settings(settings)
    if as_json:
        print_json({"settings": [asdict(row) | {"value": _format_json(row.value)} for row in rows]})
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        source = row.environment_variable if row.source is SettingSource.ENVIRONMENT else row.source
        value = ", ".join(row.value) if isinstance(row.value, tuple) else row.value
        click.echo(f"{row.name:{width}} {value!s:30} {source}")


def _format_json(value: Any) -> Any:
    return str(value) if isinstance(value, Path | SecretStr) else value
