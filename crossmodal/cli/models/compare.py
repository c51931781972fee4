"""`crossmodal models compare`."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.evaluation.model_comparison import ModelResult
    from search.library import Library
    from search.records import Retriever


@click.command("compare")
@click.argument("first")
@click.argument("second")
@click.option("--role", type=click.Choice(["visual", "semantic"]), help="Their role, if the names are ambiguous.")
@click.option("--questions", default=500, show_default=True, type=click.IntRange(10), help="At most so many.")
@click.option("--cases", type=click.Path(path_type=Path, dir_okay=False), help="Also ask what an evaluation file asks.")
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
    """Say which of two models serves this library better.

    Both are asked what the library can ask by itself: for its pictures by their descriptions or file names and by their
    copies, for its texts by their ends. Nothing is changed.
    """
    from search.encoders.registry import guess_retriever
    from search.evaluation.model_comparison import compare_results
    from search.library import open_library
    from search.records import Retriever

    with open_library(settings) as library:
        retriever = Retriever(role) if role else guess_retriever(first) or Retriever.SEMANTIC
        results = _show(library, retriever, (first, second), questions, cases)
    comparison = compare_results(*results)
    if as_json:
        models = [_describe(one) for one in results]
        said = asdict(comparison) | {"better": comparison.better}
        print_json({"questions": len(results[0].ranks), "copies": results[0].copies, "models": models} | said)
        return
    for one in results:
        memory = f", {one.megabytes:.0f} MiB" if one.megabytes is not None else ""
        click.echo(
            f"{one.name}: R@1 {one.recall(1):.1%}, R@10 {one.recall(10):.1%}, MRR {one.reciprocal:.3f}; "
            f"{one.rate:.1f}/s, {one.query_ms:.0f} ms a query{memory}"
        )
    names = [one.name for one in results]
    interval = f"{comparison.gain:+.3f} MRR, 95 % from {comparison.low:+.3f} to {comparison.high:+.3f}"
    copies = results[0].copies
    asked = f"{len(results[0].ranks)} questions" + (f", {copies} of them by a copy," if copies else "")
    if comparison.better is None:
        click.echo(f"{asked} cannot tell them apart ({interval})")
    else:
        click.echo(f"{names[comparison.better]} serves this library better ({asked}: {interval})")


def _show(
    library: "Library", retriever: "Retriever", names: tuple[str, str], most: int, cases: Path | None
) -> list["ModelResult"]:
    from search.encoders.registry import load_image_encoder, load_text_encoder
    from search.errors import UsageError
    from search.evaluation.cases import read_cases
    from search.evaluation.model_comparison import MIN_SAMPLE, rank_images, rank_texts
    from search.evaluation.synthetic_queries import list_captioned, list_captions_of, list_clozes, list_copied
    from search.records import Retriever

    folder, machine = library.home.models, library.machine
    if retriever is Retriever.SEMANTIC:
        clozes = list_clozes(library, most)
        if len(clozes) < MIN_SAMPLE:
            raise UsageError(f"the library holds only {len(clozes)} passages to ask for; {MIN_SAMPLE} are the fewest")
        return [rank_texts(partial(load_text_encoder, name, folder, machine), clozes) for name in names]
    captioned = list_captioned(library, most)
    if cases is not None:
        captioned += list_captions_of(read_cases(cases), library)
    if len(captioned) < MIN_SAMPLE:
        raise UsageError(
            f"the library holds only {len(captioned)} pictures with a description, or a name made of words; "
            f"{MIN_SAMPLE} are the fewest. Give queries with their answers by --cases"
        )
    copied = list_copied(library, most)
    return [rank_images(partial(load_image_encoder, name, folder, machine), captioned, copied) for name in names]


def _describe(one: "ModelResult") -> dict[str, Any]:
    return {
        "name": one.name,
        "dimension": one.dimension,
        "recall@1": one.recall(1),
        "recall@10": one.recall(10),
        "mrr": one.reciprocal,
        "per_second": one.rate,
        "query_ms": one.query_ms,
        "megabytes": one.megabytes,
    }
