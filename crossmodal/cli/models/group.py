"""`crossmodal models`."""

import click

from crossmodal.cli.lazy_group import LazyGroup

COMMANDS = {
    "list": ("crossmodal.cli.models.show", "Show the models in use, and others worth trying."),
    "get": ("crossmodal.cli.models.show", "Fetch a model from its hub."),
    "use": ("crossmodal.cli.models.change", "Use another model: fill a new space beside the old one, then switch."),
    "rollback": ("crossmodal.cli.models.change", "Go back to the model that was used before."),
    "drop": ("crossmodal.cli.models.change", "Remove the space of the model that was used before."),
    "compare": ("crossmodal.cli.models.compare", "Say which of two models serves this library better."),
    "export": ("crossmodal.cli.models.export", "Turn a model into ONNX, checked against what it is made from."),
    "adapt": ("crossmodal.cli.models.adapt", "Train a small adapter on the library's own captions."),
}


@click.group("models", cls=LazyGroup, lazy=COMMANDS)
def models_command() -> None:
    """Show, fetch, choose, compare and export models."""
