"""`crossmodal models`."""

from pathlib import Path

import click

from search.cli.output import json_option, print_json
from search.settings import Settings


@click.group("models")
def models_command() -> None:
    """Show the models in use; build the embedded one."""


@models_command.command("list")
@json_option
@click.pass_obj
def list_command(settings: Settings, as_json: bool) -> None:
    """Show the models that a home uses."""
    from search.home import Home
    from search.models.registry import choose_models

    models = choose_models(Home(settings.home).models, settings.threads)
    rows: list[dict[str, object]] = [
        {
            "for": "picture",
            "name": models.picture.name,
            "dimension": models.picture.dimension,
            "fingerprint": models.picture.fingerprint,
        },
        {
            "for": "meaning",
            "name": models.meaning.name,
            "dimension": models.meaning.dimension,
            "fingerprint": models.meaning.fingerprint,
        },
        {"for": "speech", "name": models.speech.name},
    ]
    if as_json:
        print_json({"models": rows})
        return
    for row in rows:
        click.echo("  ".join(str(value) for value in row.values()))


@models_command.command("build-compact")
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Captioned photos: captions.tsv, train.txt, dev.txt, images/.",
)
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="ImageNet photos named wnid_name.jpg, only measured on.",
)
@click.option(
    "--cache",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where features are kept between runs.",
)
@click.option("--epochs", default=None, type=click.IntRange(1), help="Instead of the recipe's number.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where to write [default: the package itself].",
)
@json_option
def build_command(
    data: Path, photos: Path | None, cache: Path, epochs: int | None, out: Path | None, as_json: bool
) -> None:
    """Train the embedded picture model and write its package data (needs the `clip` extra)."""
    import dataclasses

    from search.models.compact import FOLDER
    from search.models.compact.training.build import build_compact
    from search.models.compact.training.fit import Recipe

    recipe = Recipe() if epochs is None else dataclasses.replace(Recipe(), epochs=epochs)

    def say(line: str) -> None:
        click.echo(line, err=True)

    figures = build_compact(data, photos, cache, recipe, say, out or FOLDER)
    if as_json:
        print_json(figures)
    else:
        click.echo(f"written to {out or FOLDER}: {figures['captions']}")
