"""`crossmodal models list` and `get`."""

import click

from crossmodal.cli.output import json_option, print_json
from search.records.json_names import serialize_record
from search.settings import Settings


@click.command("list")
@json_option
@click.pass_obj
def list_command(settings: Settings, as_json: bool) -> None:
    """Show the models in use, and other models worth trying."""
    from search.encoders.presets import ROLES, list_presets, read_source
    from search.home import Home

    used = _read_used(settings)
    presets = list_presets(Home(settings.home).models)
    rows = [serialize_record(preset) | {"used": preset.name in used} for preset in presets]
    if as_json:
        print_json({"models": rows, "source": read_source()})
        return
    for role in ROLES:
        click.echo(f"{role}:")
        for preset in presets:
            if preset.role != role:
                continue
            mark = "*" if preset.name in used else "+" if preset.is_present else " "
            size = f"{preset.millions} M" if preset.millions else ""
            width = f"{preset.dimension}-d" if preset.dimension else ""
            figures = "  ".join(f"{name} {value:.1%}" for name, value in preset.figures.items())
            note = "  ".join(part for part in (figures, preset.note) if part)
            click.echo(f" {mark} {preset.name:52} {size:>7} {width:>7}  {preset.languages:14} {note}".rstrip())
    click.echo(f"* in use, + on this machine. M: million parameters; {read_source()}")


def _read_used(settings: Settings) -> set[str]:
    """Return the names of the models that the home uses, or would use if it does not exist yet."""
    from search.encoders.registry import BUNDLED, SPEECH_MODEL
    from search.home import Home

    if not Home(settings.home).catalog.exists():
        return set(BUNDLED)
    from search.storage.database import Database
    from search.storage.spaces import SpaceRole, Spaces

    database = Database(Home(settings.home).catalog)
    spaces = Spaces(database)
    used = {space.model for space in spaces.list_all() if space.role is SpaceRole.ACTIVE}
    used.add(spaces.read_speech_model() or SPEECH_MODEL)
    database.close()
    return used


@click.command("get")
@click.argument("name")
@click.pass_obj
def get_command(settings: Settings, name: str) -> None:
    """Download a model from its hub.

    NAME is a model that `models list` shows, an open_clip model (ARCHITECTURE/TAG), hf-hub:ID, a sentence-transformers
    model or a Whisper size. No other command downloads anything.
    """
    from search.encoders.hub import fetch_model
    from search.home import Home

    home = Home(settings.home)
    home.create()
    with DownloadBar() as note:
        folder = fetch_model(name, home.models, note)
    click.echo(f"Downloaded {name} to {folder}. To use it, run `crossmodal models use {name}`.")


class DownloadBar:
    """A progress bar on standard error for the files of a model."""

    def __enter__(self) -> "DownloadBar":
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        self._tasks: dict[str, object] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show how many bytes of a file are downloaded."""
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=total)
        self._bar.update(self._tasks[name], completed=done)  # type: ignore[arg-type]
