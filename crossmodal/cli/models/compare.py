"""`crossmodal models compare`."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.evaluation.model_comparison import Comparison, ModelResult
    from search.open_home import OpenHome
    from search.records import Retriever


@click.command("compare")
@click.argument("first")
@click.argument("second")
@click.option("--role", type=click.Choice(["visual", "semantic"]), help="Their role, if the names are ambiguous.")
@click.option(
    "--questions", default=500, show_default=True, type=click.IntRange(10), help="Maximum number of questions."
)
@click.option(
    "--cases", type=click.Path(path_type=Path, dir_okay=False), help="Also use the queries of this evaluation file."
)
@json_option
@click.pass_obj
def compare_command(
    settings: Settings,
    first: str,
    second: str,
    role: str | None,
    questions: int,
    cases: Path | None,
    as_json: bool,
) -> None:
    """Show which of two models finds more in this library.

    The queries are generated from the library: images are searched by their descriptions or file names and by edited
    copies, texts by their endings. Nothing is changed.
    """
    from search.encoders.registry import guess_retriever
    from search.evaluation.model_comparison import compare_results
    from search.open_home import open_home
    from search.records import Retriever

    with open_home(settings) as library:
        retriever = Retriever(role) if role else guess_retriever(first) or Retriever.SEMANTIC
        results = _rank(library, retriever, (first, second), questions, cases)
    comparison = compare_results(*results)
    if as_json:
        models = [_describe(result) for result in results]
        figures = asdict(comparison) | {"better": comparison.better}
        print_json({"questions": len(results[0].ranks), "copies": results[0].copies, "models": models} | figures)
    else:
        _print_comparison(results, comparison)


def _print_comparison(results: list["ModelResult"], comparison: "Comparison") -> None:
    for result in results:
        memory = f", {result.megabytes:.0f} MiB" if result.megabytes is not None else ""
        click.echo(
            f"{result.name}: R@1 {result.recall(1):.1%}, R@10 {result.recall(10):.1%}, MRR {result.reciprocal:.3f}; "
            f"{result.rate:.1f}/s, {result.query_ms:.0f} ms per query{memory}"
        )
    interval = f"{comparison.gain:+.3f} MRR, 95 % from {comparison.low:+.3f} to {comparison.high:+.3f}"
    copies = results[0].copies
    questions = f"{len(results[0].ranks)} questions" + (f", {copies} of them by a copy of the image" if copies else "")
    if comparison.better is None:
        click.echo(f"No significant difference ({questions}; {interval})")
    else:
        click.echo(f"{results[comparison.better].name} finds more in this library ({questions}; {interval})")


def _rank(
    library: "OpenHome", retriever: "Retriever", names: tuple[str, str], limit: int, cases: Path | None
) -> list["ModelResult"]:
    from search.encoders.registry import load_image_encoder, load_text_encoder
    from search.errors import UsageError
    from search.evaluation.cases import read_cases
    from search.evaluation.model_comparison import MIN_SAMPLE, rank_images, rank_texts
    from search.evaluation.synthetic_queries import list_captioned, list_captions_of, list_clozes, list_copied
    from search.records import Retriever

    folder, machine = library.home.models, library.machine
    if retriever is Retriever.SEMANTIC:
        clozes = list_clozes(library, limit)
        if len(clozes) < MIN_SAMPLE:
            raise UsageError(f"The library has only {len(clozes)} suitable passages; at least {MIN_SAMPLE} are needed")
        return [rank_texts(partial(load_text_encoder, name, folder, machine), clozes) for name in names]
    captioned = list_captioned(library, limit)
    if cases is not None:
        captioned += list_captions_of(read_cases(cases), library)
    if len(captioned) < MIN_SAMPLE:
        raise UsageError(
            f"The library has only {len(captioned)} images with a description or a name made of words; "
            f"at least {MIN_SAMPLE} are needed. Pass queries with relevant images by --cases."
        )
    copied = list_copied(library, limit)
    return [rank_images(partial(load_image_encoder, name, folder, machine), captioned, copied) for name in names]


def _describe(result: "ModelResult") -> dict[str, Any]:
    return {
        "name": result.name,
        "dimension": result.dimension,
        "recall@1": result.recall(1),
        "recall@10": result.recall(10),
        "mrr": result.reciprocal,
        "per_second": result.rate,
        "query_ms": result.query_ms,
        "megabytes": result.megabytes,
    }
