"""`crossmodal models export`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.encoders.export_checks import Check
    from search.encoders.manifest import ModelManifest
    from search.library import Library

# So many of the library's own show whether an export is right.
SAMPLE = 128


@click.command("export")
@click.argument("name")
@click.option("--role", type=click.Choice(["visual", "semantic"]), help="Its role, if the name is ambiguous.")
@click.option("--sample", default=SAMPLE, show_default=True, type=click.IntRange(16), help="How many to check it on.")
@json_option
@click.pass_obj
def export_command(settings: Settings, name: str, role: str | None, sample: int, as_json: bool) -> None:
    """Turn a model into ONNX, checked against what it is made from.

    NAME is a picture model of open_clip, or a sentence model. Each precision is checked on the library's own pictures
    or passages: the cosine to torch's vectors, and agreement@10, which share of everyone's nearest ten stays the same.
    The fastest right way to run it, torch's among them, is used from then on; by ONNX, a command starts in a second.
    """
    from search.library import open_library

    with open_library(settings) as library:
        manifest, checks = export_model(library, name, role, sample)
    if as_json:
        rows = [asdict(one) | {"is_right": one.is_right} for one in checks]
        print_json({"model": manifest.name, "runtime": manifest.runtime, "rates": manifest.runtimes, "checks": rows})
        return
    for one in checks:
        mark = "" if one.is_right else "  not used"
        click.echo(
            f"{one.precision:13} {one.megabytes:7.1f} MiB  cosine {one.cosine:.4f}  agreement@10 {one.agreement:.2f}  "
            f"{one.rate:8.1f}/s{mark}"
        )
    rates = ", ".join(f"{way} {rate:.1f}/s" for way, rate in manifest.runtimes.items())
    click.echo(f"{manifest.name} runs by {manifest.runtime} from now on ({rates})")


def _say(line: str) -> None:
    click.echo(line, err=True)


def export_model(library: "Library", name: str, role: str | None, count: int) -> "tuple[ModelManifest, list[Check]]":
    """Write a model as ONNX, checked on so many of the library's own; give its card and how each precision did.

    Raises UsageError for a model that is not exported, ModelError when it cannot be.
    """
    from search.encoders.open_clip.export import export_towers
    from search.encoders.registry import BUNDLED, find_manifest, guess_retriever
    from search.encoders.sentence.export import export_sentences
    from search.errors import UsageError
    from search.records import Retriever
    from search.samples import sample_images, sample_passages

    retriever = Retriever(role) if role else guess_retriever(name)
    if retriever not in {Retriever.VISUAL, Retriever.SEMANTIC}:
        raise UsageError(f"{name} is for speech: only picture and sentence models are exported")
    if name in BUNDLED:
        raise UsageError(f"{name} is in ONNX already")
    models, machine = library.home.models, library.machine
    manifest, folder = find_manifest(name, retriever, models, machine)
    if retriever is Retriever.SEMANTIC:
        return export_sentences(manifest, folder, models, machine, sample_passages(library, count), _say)
    fit = manifest.transform
    assert fit is not None
    pixels = [fit(one) for one in sample_images(library, count)]
    return export_towers(manifest, folder, models, machine, pixels, _say)
