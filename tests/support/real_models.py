"""The bundled models, loaded once for all libraries of a test run."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from search.encoders.registry import IMAGE_MODEL, SPEECH_MODEL, TEXT_MODEL, ModelNames, Models, choose_models
from search.encoders.runtime import Machine

CHOOSER = "search.active_models.choose_models"
BUNDLED = ModelNames(IMAGE_MODEL, TEXT_MODEL, SPEECH_MODEL)


def choose_shared_models(folder: Path, machine: Machine, names: ModelNames) -> Models:
    """Return what `choose_models` does; the bundled models are the same objects for every home."""
    named = ModelNames(names.visual or IMAGE_MODEL, names.semantic or TEXT_MODEL, names.speech or SPEECH_MODEL)
    return _load_bundled(machine) if named == BUNDLED else choose_models(folder, machine, names)


@cache
def _load_bundled(machine: Machine) -> Models:
    # Whisper is put together in the folder, which must outlive the home of a single test.
    folder = Path(tempfile.mkdtemp(prefix="crossmodal-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return choose_models(folder, machine, BUNDLED)
