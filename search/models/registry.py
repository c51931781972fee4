"""Which models a home uses, loaded when first needed and then kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import ModelError
from search.media.picture import Picture
from search.models.card import Card, find_folder
from search.models.encoder import PictureEncoder, QueryReader, TextEncoder, Transcriber
from search.models.runtime import Machine
from search.records import Lane

# The embedded default: it needs no download and answers in many languages.
PICTURE, MEANING, SPEECH = "compact/flickr8k", "multilingual-e5-small", "whisper-base"


@dataclass(frozen=True)
class Names:
    """The models of a home by name; None for the embedded default."""

    picture: str | None = None
    meaning: str | None = None
    speech: str | None = None


@dataclass(frozen=True)
class Models:
    """The models of a home; each loads itself at its first call."""

    picture: PictureEncoder
    meaning: TextEncoder
    speech: Transcriber
    reader: QueryReader

    def get_encoder(self, lane: Lane) -> PictureEncoder | TextEncoder:
        """Give what makes the vectors of a lane."""
        return self.picture if lane is Lane.PICTURE else self.meaning


def choose_models(folder: Path, machine: Machine, names: Names) -> Models:
    """Give the models of a home by their names. folder: the home's folder of models.

    Raises ModelError when one is not on this machine.
    """
    from search.models.compact import CompactFiles
    from search.models.onnx import CompactPictureEncoder, CompactQueryReader, CompactTextEncoder, E5Encoder
    from search.models.whisper import choose_transcriber

    files = CompactFiles()
    e5 = E5Encoder(files.text_graph, machine)
    picture: PictureEncoder = CompactPictureEncoder(files, e5, machine)
    meaning: TextEncoder = CompactTextEncoder(files, e5)
    if names.picture and names.picture != PICTURE:
        from search.models.open_clip.encoder import OpenClipPictureEncoder

        card = read_card(names.picture, Lane.PICTURE, folder, machine)
        picture = OpenClipPictureEncoder(card, find_folder(folder, card.name), folder, machine)
    if names.meaning and names.meaning != MEANING:
        from search.models.sentence import SentenceEncoder

        card = read_card(names.meaning, Lane.MEANING, folder, machine)
        meaning = SentenceEncoder(card, find_folder(folder, card.name), folder, machine)
    speech = choose_transcriber(names.speech or SPEECH, folder, machine)
    return Models(picture, meaning, speech, CompactQueryReader(files, e5))


def read_card(name: str, lane: Lane, folder: Path, machine: Machine, pictures: Sequence[Picture] = ()) -> Card:
    """Give a model's card, made by loading the model once where there is none.

    pictures: of the library, to measure by. Raises ModelError when it is not on this machine.
    """
    known = find_folder(folder, name).read()
    if known is not None:
        return known
    if lane is Lane.PICTURE:
        from search.models.open_clip.encoder import describe_model

        return describe_model(name, folder, machine, pictures)
    from search.models.sentence import describe_sentence_model

    return describe_sentence_model(name, folder, machine)


def guess_lane(name: str) -> Lane | None:
    """Tell what a model is for by its name: the lane, or None for speech.

    Raises ModelError when it could be anything.
    """
    from search.models.open_clip.loading import HUB, LOCAL
    from search.models.whisper import is_whisper

    if name == PICTURE or name.startswith((LOCAL, HUB)):
        return Lane.PICTURE
    if name == MEANING:
        return Lane.MEANING
    if is_whisper(name):
        return None
    folder = Path(name).expanduser()
    if (folder / "modules.json").is_file() or name.startswith("sentence-transformers/"):
        return Lane.MEANING
    if "/" in name and not folder.exists():
        from search.models.open_clip import import_open_clip

        if name.partition("/")[0] in import_open_clip().list_models():
            return Lane.PICTURE
    raise ModelError(f"what {name} is for cannot be told from its name: say so with --for picture, meaning or speech")
