"""`crossmodal models build-compact`."""

from pathlib import Path

import click

from search.cli.output import json_option, print_json


@click.command("build-compact")
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
def build_compact_command(
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
