"""`python -m training.compact`: train the bundled image model and write its package data (needs the `clip` extra)."""

import dataclasses
from pathlib import Path

import click

from crossmodal.cli.output import json_option, print_json
from search.encoders.compact.files import FOLDER
from training.compact.build import BuildFolders, build_compact
from training.compact.fit import TrainingRecipe


@click.command("training.compact")
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of captioned photos: captions.tsv, train.txt, dev.txt, images/.",
)
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of ImageNet photos named wnid_name.jpg, used for measurement only.",
)
@click.option(
    "--cache",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps features between runs.",
)
@click.option("--epochs", default=None, type=click.IntRange(1), help="Number of epochs [default: that of the recipe].")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder to write to [default: the package].",
)
@json_option
def main(data: Path, photos: Path | None, cache: Path, epochs: int | None, out: Path | None, as_json: bool) -> None:
    """Train the bundled image model and write its package data."""
    recipe = TrainingRecipe() if epochs is None else dataclasses.replace(TrainingRecipe(), epochs=epochs)

    def report_line(line: str) -> None:
        click.echo(line, err=True)

    figures = build_compact(BuildFolders(data, photos, cache, out or FOLDER), recipe, report_line)
    if as_json:
        print_json(figures)
    else:
        click.echo(f"written to {out or FOLDER}: {figures['captions']}")


main()
