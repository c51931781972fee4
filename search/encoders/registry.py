"""The models of a home, by name. Each is loaded at its first use."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from search.encoders.encoder import ImageEncoder, QueryClassifier, TextEncoder, Transcriber
from search.encoders.manifest import ManifestFolder, ModelManifest, find_folder
from search.encoders.ocr.engine import ImageTextReader
from search.encoders.runtime import Machine
from search.errors import ModelError
from search.records import Retriever

if TYPE_CHECKING:
    from search.encoders.compact.towers import E5Encoder
    from search.media.image.pillow import PilImage

# The bundled default models. They need no download and support about 100 languages.
IMAGE_MODEL, TEXT_MODEL, SPEECH_MODEL = BUNDLED = "compact/flickr8k", "multilingual-e5-small", "whisper-base"
# Separates the name of a base model from the name of its adapter.
ADAPTED = "+adapter-"


@dataclass(frozen=True)
class ModelNames:
    """The names of the models of a home; None for the bundled default.

    Attributes:
        visual: The image encoder.
        semantic: The text encoder.
        speech: The Whisper model.
    """

    visual: str | None = None
    semantic: str | None = None
    speech: str | None = None


@dataclass(frozen=True)
class Models:
    """The models of a home; each is loaded at its first call.

    Attributes:
        image_encoder: Embeds images and queries into the `visual` space.
        text_encoder: Embeds passages and queries into the `semantic` space.
        transcriber: Transcribes speech.
        query_classifier: Classifies queries by their text.
        text_reader: Reads the text in images; None if the extra `ocr` is not installed.
    """

    image_encoder: ImageEncoder
    text_encoder: TextEncoder
    transcriber: Transcriber
    query_classifier: QueryClassifier
    text_reader: ImageTextReader | None = None

    def get_encoder(self, retriever: Retriever) -> ImageEncoder | TextEncoder:
        """Return the encoder of a vector retriever, `visual` or `semantic`."""
        return self.image_encoder if retriever is Retriever.VISUAL else self.text_encoder


def choose_models(folder: Path, machine: Machine, names: ModelNames) -> Models:
    """Return the models of a home.

    Args:
        folder: The models folder of the home.
        machine: The resources for the models.
        names: The names of the models.

    Raises:
        ModelError: A model is not on this machine.
    """
    from search.encoders.compact.files import open_files
    from search.encoders.compact.towers import CompactQueryClassifier, share_e5
    from search.encoders.ocr.reader import choose_text_reader
    from search.encoders.whisper.choice import choose_transcriber

    files = open_files()
    # The image encoder, the text encoder and the classifier share one text encoder in memory.
    e5 = share_e5(machine)
    return Models(
        image_encoder=load_image_encoder(names.visual or IMAGE_MODEL, folder, machine, e5),
        text_encoder=load_text_encoder(names.semantic or TEXT_MODEL, folder, machine, e5),
        transcriber=choose_transcriber(names.speech or SPEECH_MODEL, folder, machine),
        query_classifier=CompactQueryClassifier(files, e5),
        text_reader=choose_text_reader(machine),
    )


def find_current(name: str, folder: Path) -> str:
    """Return the model to use for a name from the catalog: the base model if its adapter is outdated, or the same name.

    An adapter that was trained on an earlier version of the bundled model does not fit the vectors of the installed
    version.

    Args:
        name: The model's name in the catalog.
        folder: The models folder of the home.

    Raises:
        ModelError: The adapter is missing or damaged.
    """
    base = name.partition(ADAPTED)[0]
    if base == name or base not in BUNDLED:
        return name
    from search.encoders.adapter import read_adapter
    from search.encoders.compact.files import open_files

    return name if read_adapter(name, folder).base == open_files().image_fingerprint else base


def load_image_encoder(name: str, folder: Path, machine: Machine, e5: "E5Encoder | None" = None) -> ImageEncoder:
    """Return an image encoder by its name.

    Args:
        name: The model's name, with an adapter or without.
        folder: The models folder of the home.
        machine: The resources for the model.
        e5: The bundled text encoder, if it is already open.

    Raises:
        ModelError: The model is not on this machine.
    """
    if ADAPTED in name:
        from search.encoders.adapter import AdaptedImageEncoder, read_adapter

        base = load_image_encoder(name.partition(ADAPTED)[0], folder, machine, e5)
        return AdaptedImageEncoder(name, base, read_adapter(name, folder))
    if name == IMAGE_MODEL:
        from search.encoders.compact.files import open_files
        from search.encoders.compact.towers import CompactImageEncoder, share_e5

        files = open_files()
        return CompactImageEncoder(files, e5 or share_e5(machine), machine)
    from search.encoders.open_clip.encoder import OpenClipImageEncoder

    manifest, manifest_folder = find_manifest(name, Retriever.VISUAL, folder, machine)
    return OpenClipImageEncoder(manifest, manifest_folder, folder, machine)


def load_text_encoder(name: str, folder: Path, machine: Machine, e5: "E5Encoder | None" = None) -> TextEncoder:
    """Return a text encoder by its name.

    Args:
        name: The model's name.
        folder: The models folder of the home.
        machine: The resources for the model.
        e5: The bundled text encoder, if it is already open.

    Raises:
        ModelError: The model is not on this machine.
    """
    if name == TEXT_MODEL:
        from search.encoders.compact.files import open_files
        from search.encoders.compact.towers import CompactTextEncoder, share_e5

        files = open_files()
        return CompactTextEncoder(files, e5 or share_e5(machine), machine)
    from search.encoders.sentence.encoder import SentenceEncoder

    manifest, manifest_folder = find_manifest(name, Retriever.SEMANTIC, folder, machine)
    return SentenceEncoder(manifest, manifest_folder, folder, machine)


def read_manifest(
    name: str, retriever: Retriever, folder: Path, machine: Machine, images: "Sequence[PilImage]" = ()
) -> ModelManifest:
    """Return the manifest of a model. If there is none, load the model once to write it.

    Args:
        name: The model's name.
        retriever: `visual` or `semantic`.
        folder: The models folder of the home.
        machine: The resources for the model.
        images: Images of the library, used to measure the speed of an image encoder.

    Raises:
        ModelError: The model is not on this machine.
    """
    stored = find_folder(folder, name).read()
    if stored is not None:
        return stored
    if retriever is Retriever.VISUAL:
        from search.encoders.open_clip.encoder import describe_model

        return describe_model(name, folder, machine, images)
    from search.encoders.sentence.encoder import describe_sentence_model

    return describe_sentence_model(name, folder, machine)


def find_manifest(
    name: str, retriever: Retriever, folder: Path, machine: Machine
) -> tuple[ModelManifest, ManifestFolder]:
    """Return the manifest of a model and its folder. Raises ModelError if the model is not on this machine."""
    return read_manifest(name, retriever, folder, machine), find_folder(folder, name)


def guess_retriever(name: str) -> Retriever | None:
    """Return the retriever that a model serves, by the model's name; None for a speech model.

    Raises:
        ModelError: The name does not show the role of the model.
    """
    from search.encoders.open_clip.loading import HUB, LOCAL
    from search.encoders.whisper.choice import is_whisper

    if name == IMAGE_MODEL or ADAPTED in name or name.startswith((LOCAL, HUB)):
        return Retriever.VISUAL
    if name == TEXT_MODEL:
        return Retriever.SEMANTIC
    if is_whisper(name):
        return None
    folder = Path(name).expanduser()
    if (folder / "modules.json").is_file() or name.startswith("sentence-transformers/"):
        return Retriever.SEMANTIC
    if "/" in name and not folder.exists():
        from search.encoders.open_clip.imports import import_open_clip

        if name.partition("/")[0] in import_open_clip().list_models():
            return Retriever.VISUAL
    suggestions = "".join(f". Did you mean {model}?" for model in BUNDLED if name and model.startswith(name))
    raise ModelError(
        f"Cannot infer the role of {name} from its name; pass --role visual, semantic or speech{suggestions}"
    )
