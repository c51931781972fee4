"""`crossmodal models`."""

import click

from crossmodal.cli.lazy_group import LazyGroup

COMMANDS = {
    "list": ("crossmodal.cli.models.show", "Show the models in use, and other models worth trying."),
    "get": ("crossmodal.cli.models.show", "Download a model from its hub."),
    "use": (
        "crossmodal.cli.models.change",
        "Switch to another model: fill a new space in the background, then use it.",
    ),
    "rollback": ("crossmodal.cli.models.change", "Switch back to the previous model."),
    "drop": ("crossmodal.cli.models.change", "Remove the space of the previous model."),
    "compare": ("crossmodal.cli.models.compare", "Show which of two models finds more in this library."),
    "export": ("crossmodal.cli.models.export", "Convert a model to ONNX and check the result."),
    "adapt": ("crossmodal.cli.models.adapt", "Train a small adapter on the library's own captions."),
}


@click.group("models", cls=LazyGroup, lazy=COMMANDS)
def models_command() -> None:
    """Show, download, choose, compare and export models."""
