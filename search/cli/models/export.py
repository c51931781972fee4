"""`crossmodal models export`."""

from dataclasses import asdict

import click

from search.cli.output import json_option, print_json
from search.records import Lane
from search.settings import Settings


@click.command("export")
@click.argument("name")
@click.option("--pictures", default=128, show_default=True, type=click.IntRange(16), help="How many to check it on.")
@json_option
@click.pass_obj
def export_command(settings: Settings, name: str, pictures: int, as_json: bool) -> None:
    """Turn a model into ONNX, checked against what it is made from.

    NAME is a picture model of open_clip. Each precision is checked on the library's own pictures: the cosine to torch's
    vectors, and agreement@10, which share of everyone's nearest ten stays the same. The fastest right way to run it,
    torch's among them, is used from then on.
    """
    from search.errors import UsageError
    from search.library import open_library
    from search.models.open_clip.export import export_towers
    from search.models.registry import EMBEDDED, find_card
    from search.samples import sample_pictures

    if name in EMBEDDED:
        raise UsageError(f"{name} is in ONNX already")
    library = open_library(settings)
    try:
        card, folder = find_card(name, Lane.PICTURE, library.home.models, library.machine)
        fit = card.preparation
        assert fit is not None
        pixels = [fit(one) for one in sample_pictures(library, pictures)]
        card, checks = export_towers(
            card, folder, library.home.models, library.machine, pixels, lambda line: click.echo(line, err=True)
        )
    finally:
        library.close()
    if as_json:
        rows = [asdict(one) | {"is_right": one.is_right} for one in checks]
        print_json({"model": card.name, "runtime": card.runtime, "rates": card.runtimes, "checks": rows})
        return
    for one in checks:
        mark = "" if one.is_right else "  not used"
        click.echo(
            f"{one.precision:13} {one.megabytes:7.1f} MiB  cosine {one.cosine:.4f}  agreement@10 {one.agreement:.2f}  "
            f"{one.rate:8.1f}/s{mark}"
        )
    rates = ", ".join(f"{way} {rate:.1f}/s" for way, rate in card.runtimes.items())
    click.echo(f"{card.name} runs by {card.runtime} from now on ({rates})")
