"""`crossmodal models export`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.encoders.export_checks import Check
    from search.encoders.manifest import ModelManifest
    from search.open_home import OpenHome

# Number of images or passages of the library that an export is checked on.
SAMPLE = 128


@click.command("export")
@click.argument("name")
@click.option("--role", type=click.Choice(["visual", "semantic"]), help="The model's role, if its name is ambiguous.")
@click.option(
    "--sample",
    default=SAMPLE,
    show_default=True,
    type=click.IntRange(16),
    help="Number of images or passages to check it on.",
)
@json_option
@click.pass_obj
def export_command(settings: Settings, name: str, role: str | None, sample: int, as_json: bool) -> None:
    """Convert a model to ONNX and check the result.

    NAME is an open_clip model or a sentence model. Each precision is checked on images or passages of the library: the
    cosine to the vectors of torch, and agreement@10, the share of the ten nearest neighbors that stay the same. The
    fastest correct runtime, which can be torch, is used from then on. With ONNX, a command starts in a second.
    """
    from search.open_home import open_home

    with open_home(settings) as library:
        manifest, checks = export_model(library, name, role, sample)
    if as_json:
        rows = [asdict(check) | {"right": check.is_right} for check in checks]
        print_json({"model": manifest.name, "runtime": manifest.runtime, "rates": manifest.runtimes, "checks": rows})
        return
    for check in checks:
        mark = "" if check.is_right else "  not used"
        click.echo(
            f"{check.precision:13} {check.megabytes:7.1f} MiB  cosine {check.cosine:.4f}  "
            f"agreement@10 {check.agreement:.2f}  {check.rate:8.1f}/s{mark}"
        )
    rates = ", ".join(f"{runtime} {rate:.1f}/s" for runtime, rate in manifest.runtimes.items())
    click.echo(f"{manifest.name} now runs with {manifest.runtime} ({rates})")


def _report(line: str) -> None:
    click.echo(line, err=True)


def export_model(library: "OpenHome", name: str, role: str | None, count: int) -> "tuple[ModelManifest, list[Check]]":
    """Convert a model to ONNX and check it on images or passages of the library.

    Args:
        library: The library.
        name: The name of the model.
        role: `visual` or `semantic`; None to infer it from the name.
        count: Number of images or passages to check the export on.

    Returns:
        The manifest of the exported model and the check of each precision.

    Raises:
        UsageError: Models of this kind are not exported.
        ModelError: The export failed.
    """
    from search.encoders.open_clip.export import export_towers
    from search.encoders.registry import BUNDLED, find_manifest, guess_retriever
    from search.encoders.sentence.export import export_sentences
    from search.errors import UsageError
    from search.records import Retriever
    from search.samples import sample_images, sample_passages

    retriever = Retriever(role) if role else guess_retriever(name)
    if retriever not in {Retriever.VISUAL, Retriever.SEMANTIC}:
        raise UsageError(
            f"Cannot export {name}: only image and sentence models can be exported, and this is a speech model"
        )
    if name in BUNDLED:
        raise UsageError(f"{name} is already an ONNX model")
    models, machine = library.home.models, library.machine
    manifest, folder = find_manifest(name, retriever, models, machine)
    if retriever is Retriever.SEMANTIC:
        return export_sentences(manifest, folder, models, machine, sample_passages(library, count), _report)
    transform = manifest.transform
    assert transform is not None
    pixels = [transform(image) for image in sample_images(library, count)]
    return export_towers(manifest, folder, models, machine, pixels, _report)
