"""`crossmodal models adapt`."""

import click

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings


@click.command("adapt")
@click.option("--captions", default=5000, show_default=True, type=click.IntRange(50), help="At most so many captions.")
@json_option
@click.pass_obj
def adapt_command(settings: Settings, captions: int, as_json: bool) -> None:
    """Train a small adapter on the library's own captions and on feedback.

    Captions are what the pictures' descriptions, titles and file names say; feedback is what people have said of hits.
    It is judged by a fifth of the texts at a time, after training without them; unless it helps there, it is refused.
    One that helps is kept, having learned from nine tenths, and is used by `crossmodal models use NAME`; this needs no
    picture to be read again. Needs the `clip` extra.
    """
    from search.evaluation.adapter_evaluation import adapt_model
    from search.library import open_library

    with open_library(settings) as library:
        name, comparison, (before, after) = adapt_model(library, captions, lambda line: click.echo(line, err=True))
    interval = f"{comparison.gain:+.3f}, 95 % from {comparison.low:+.3f} to {comparison.high:+.3f}"
    judged = f"MRR {before:.3f} before, {after:.3f} after, by texts not trained on ({interval})"
    if as_json:
        figures = {
            "gain": comparison.gain,
            "low": comparison.low,
            "high": comparison.high,
            "before": before,
            "after": after,
        }
        print_json({"model": name} | figures)
    else:
        click.echo(judged)
        way = f"use it with `crossmodal models use {name}`" if name else "refused: it does not help; nothing is kept"
        click.echo(way)
    if name is None:
        raise click.exceptions.Exit(1)
