"""`crossmodal models`."""

import click

from search.cli.lazy import LazyGroup

COMMANDS = {
    "list": ("search.cli.models.show", "Show the models in use, and others worth trying."),
    "get": ("search.cli.models.show", "Fetch a model from its hub."),
    "use": ("indexer.cli.models", "Use another model: fill a new space beside the old one, then switch."),
    "rollback": ("indexer.cli.models", "Go back to the model that was used before."),
    "drop": ("indexer.cli.models", "Remove the space of the model that was used before."),
    "compare": ("search.cli.models.compare", "Say which of two models serves this library better."),
    "export": ("search.cli.models.export", "Turn a model into ONNX, checked against what it is made from."),
    "adapt": ("search.cli.models.adapt", "Train a small adapter on the library's own captions."),
    "build-compact": ("search.cli.models.build", "Train the embedded picture model."),
}


@click.group("models", cls=LazyGroup, lazy=COMMANDS)
def models_command() -> None:
    """Show, fetch, choose, compare and export models."""
