"""Which models a home uses, loaded when first needed and then kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from search.encoders.encoder import ImageEncoder, QueryClassifier, TextEncoder, Transcriber
from search.encoders.manifest import ManifestFolder, ModelManifest, find_folder
from search.encoders.runtime import Machine
from search.errors import ModelError
from search.media.image.picture import Picture
from search.records import Retriever

if TYPE_CHECKING:
    from search.encoders.compact.towers import E5Encoder

# The embedded default: it needs no download and answers in many languages.
IMAGE_MODEL, TEXT_MODEL, SPEECH_MODEL = BUNDLED = "compact/flickr8k", "multilingual-e5-small", "whisper-base"


# What stands between the name of a model and that of the adapter that was trained on top of it.
ADAPTED = "+adapter-"


@dataclass(frozen=True)
class Names:
    """The models of a home by name; None for the embedded default."""

    visual: str | None = None
    semantic: str | None = None
    speech: str | None = None


@dataclass(frozen=True)
class Models:
    """The models of a home; each loads itself at its first call."""

    image_encoder: ImageEncoder
    text_encoder: TextEncoder
    transcriber: Transcriber
    query_classifier: QueryClassifier

    def get_encoder(self, retriever: Retriever) -> ImageEncoder | TextEncoder:
        """Return what makes the vectors of a retriever."""
        return self.image_encoder if retriever is Retriever.VISUAL else self.text_encoder


def choose_models(folder: Path, machine: Machine, names: Names) -> Models:
    """Return the models of a home by their names. folder: the home's folder of models.

    Raises ModelError when one is not on this machine.
    """
    from search.encoders.compact.files import CompactFiles
    from search.encoders.compact.towers import CompactQueryClassifier, open_e5
    from search.encoders.whisper.choice import choose_transcriber

    files = CompactFiles()
    # One text tower for all that asks of it.
    e5 = open_e5(files, machine)
    return Models(
        image_encoder=load_image_encoder(names.visual or IMAGE_MODEL, folder, machine, e5),
        text_encoder=load_text_encoder(names.semantic or TEXT_MODEL, folder, machine, e5),
        transcriber=choose_transcriber(names.speech or SPEECH_MODEL, folder, machine),
        query_classifier=CompactQueryClassifier(files, e5),
    )


def find_current(name: str, folder: Path) -> str:
    """Return the name of the model to use for a recorded one: itself, or the bundled model below an outdated adapter.

    An adapter that was trained on an earlier version of the bundled model fits no vector of the installed version.

    Args:
        name: The model's name as the catalog has it.
        folder: The home's folder of models.
    """
    base = name.partition(ADAPTED)[0]
    if base == name or base not in BUNDLED:
        return name
    from search.encoders.adapter import read_adapter
    from search.encoders.compact.files import CompactFiles

    return name if read_adapter(name, folder).base == CompactFiles().image_fingerprint else base


def load_image_encoder(name: str, folder: Path, machine: Machine, e5: "E5Encoder | None" = None) -> ImageEncoder:
    """Return an image model by its name. e5: the embedded text tower, where it is open already. Raises ModelError."""
    if ADAPTED in name:
        from search.encoders.adapter import AdaptedImageEncoder, read_adapter

        base = load_image_encoder(name.partition(ADAPTED)[0], folder, machine, e5)
        return AdaptedImageEncoder(name, base, read_adapter(name, folder))
    if name == IMAGE_MODEL:
        from search.encoders.compact.files import CompactFiles
        from search.encoders.compact.towers import CompactImageEncoder, open_e5

        files = CompactFiles()
        return CompactImageEncoder(files, e5 or open_e5(files, machine), machine)
    from search.encoders.open_clip.encoder import OpenClipImageEncoder

    manifest, place = find_manifest(name, Retriever.VISUAL, folder, machine)
    return OpenClipImageEncoder(manifest, place, folder, machine)


def load_text_encoder(name: str, folder: Path, machine: Machine, e5: "E5Encoder | None" = None) -> TextEncoder:
    """Return a sentence model by its name. e5: the embedded text tower, where it is open already. Raises ModelError."""
    if name == TEXT_MODEL:
        from search.encoders.compact.files import CompactFiles
        from search.encoders.compact.towers import CompactTextEncoder, open_e5

        files = CompactFiles()
        return CompactTextEncoder(files, e5 or open_e5(files, machine))
    from search.encoders.sentence.encoder import SentenceEncoder

    manifest, place = find_manifest(name, Retriever.SEMANTIC, folder, machine)
    return SentenceEncoder(manifest, place, folder, machine)


def read_manifest(
    name: str, retriever: Retriever, folder: Path, machine: Machine, images: Sequence[Picture] = ()
) -> ModelManifest:
    """Return a model's manifest, made by loading the model once where there is none.

    images: of the library, to measure by. Raises ModelError when it is not on this machine.
    """
    known = find_folder(folder, name).read()
    if known is not None:
        return known
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
    """Return what a model is for by its name: the retriever, or None for speech.

    Raises ModelError when it could be anything.
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
    meant = "".join(f". Did you mean {one}?" for one in BUNDLED if name and one.startswith(name))
    raise ModelError(f"Cannot infer the role of {name} from its name; pass --role visual, semantic or speech{meant}")
