"""`crossmodal models adapt`."""

import click

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings


@click.command("adapt")
@click.option(
    "--captions", default=5000, show_default=True, type=click.IntRange(50), help="Maximum number of captions."
)
@json_option
@click.pass_obj
def adapt_command(settings: Settings, captions: int, as_json: bool) -> None:
    """Train a small adapter on the library's own captions and on feedback.

    Captions are the descriptions, titles and file names of images; feedback is what users said about results. The
    adapter is evaluated by cross-validation with five folds. If it does not improve the results, it is discarded.
    Otherwise it is trained on nine tenths of the texts and saved; `crossmodal models use NAME` activates it without
    reading any image again. Needs the `clip` extra.
    """
    from search.evaluation.adapter_evaluation import adapt_model
    from search.open_home import open_home

    with open_home(settings) as library:
        adaptation = adapt_model(library, captions, lambda line: click.echo(line, err=True))
    comparison, before, after = adaptation.comparison, adaptation.reciprocal_before, adaptation.reciprocal_after
    interval = f"{comparison.gain:+.3f}, 95 % from {comparison.low:+.3f} to {comparison.high:+.3f}"
    summary = f"MRR {before:.3f} before, {after:.3f} after, on texts not used for training ({interval})"
    if as_json:
        figures = {
            "gain": comparison.gain,
            "low": comparison.low,
            "high": comparison.high,
            "before": before,
            "after": after,
        }
        print_json({"model": adaptation.name} | figures)
    else:
        click.echo(summary)
        use = f"To use it, run `crossmodal models use {adaptation.name}`."
        click.echo(use if adaptation.name else "No improvement; the adapter was discarded.")
    if adaptation.name is None:
        raise click.exceptions.Exit(1)
