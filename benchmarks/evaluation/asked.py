"""What the curves are fitted on: queries with their answers, of every kind that people ask."""

import argparse
from dataclasses import dataclass

import texts
from PIL import ImageOps
from shelf import name_of

from search.library import Library
from search.media.picture import open_picture
from search.models.compact.training.data import read_check, read_classes
from search.records import Vectors

# What a name in another language, a phrase or a group weighs beside the name of a class: most that people ask for is
# no class of ImageNet. With less, names in other languages are told from what is absent less well.
OTHERS = 2.0
# What a string of random letters weighs beside a thing that is not there: it must never find anything.
NONSENSE = 3.0


@dataclass(frozen=True)
class Asked:
    """A query: its vector, and the paths that answer it; none when nothing should.

    core: it counts when the cut is set; alike: paths that may or may not answer it; when given, the nearest of all
    others are taken as wrong.
    """

    vector: Vectors
    answers: frozenset[str]
    weight: float
    core: bool = False
    alike: frozenset[str] | None = None


def ask_names(library: Library, options: argparse.Namespace) -> list[Asked]:
    """Names of classes, in English and others, and of broader groups, against what is not there."""
    encode = library.models.picture.encode_texts
    photos = {name_of(str(path)): options.names[str(path.resolve())] for path in options.photos.iterdir()}
    classes = texts.split_classes(options.photos, "fit")
    asked = [Asked(encode([one.names["en"][0]])[0], frozenset([photos[one.wnid]]), 1.0, core=True) for one in classes]
    check = read_check()
    foreign = [(name, one.wnid) for one in classes if one.wnid in check for name in check[one.wnid].values()]
    asked += [Asked(encode([name])[0], frozenset([photos[wnid]]), OTHERS) for name, wnid in foreign]
    for text, paths in texts.read_phrases(options.flickr, "fit"):
        answers = frozenset(options.names[str(path.resolve())] for path in paths)
        asked.append(Asked(encode([text])[0], answers, OTHERS))
    groups: dict[str, list[str]] = {}
    for one in classes:
        for word in one.broader:
            groups.setdefault(word, []).append(photos[one.wnid])
    asked += [Asked(encode([f"a {word}"])[0], frozenset(paths), OTHERS) for word, paths in groups.items()]
    asked += [Asked(encode([text])[0], frozenset(), 1.0) for text in texts.read_absent("fit")]
    asked += [Asked(encode([text])[0], frozenset(), NONSENSE) for text in texts.make_nonsense("fit")]
    return asked


def ask_descriptions(library: Library, options: argparse.Namespace) -> list[Asked]:
    """Captions, against questions about documents, what is said in recordings, and nonsense."""
    encode = library.models.picture.encode_texts
    captions = texts.read_captions(options.flickr, "fit")
    asked = [
        Asked(encode([text])[0], frozenset([options.names[str(path.resolve())]]), 1.0, core=True)
        for path, text in captions
    ]
    others = texts.make_nonsense("fit", 6)
    others += [str(one["query"]) for one in texts.read_document_queries("fit") if one["style"] != "keyword"]
    others += [text for _, text in texts.read_prompts(options.speech, "fit")]
    # What is plainly no description is not trusted to the picture lane in the first place.
    kinds = library.models.reader.measure_kinds(others)
    others = [text for text, (_, _, other) in zip(others, kinds, strict=True) if other < 0.5]
    return asked + [Asked(encode([text])[0], frozenset(), 1.0) for text in others]


def ask_pictures(library: Library, options: argparse.Namespace) -> list[Asked]:
    """Photos cut and mirrored: others of their narrowest group answer, those that share no group do not."""
    encoder = library.models.picture
    photos = {name_of(str(path)): options.names[str(path.resolve())] for path in options.photos.iterdir()}
    groups = {one.wnid: dict.fromkeys(one.broader) for one in read_classes() if one.wnid in photos}
    asked = []
    for path in sorted(options.photos.iterdir())[::2]:
        picture = open_picture(path)[0]
        cut = ImageOps.mirror(ImageOps.crop(picture, min(picture.size) // 8))
        vector = encoder.encode_pictures([encoder.preparation(cut)])[0]
        own = groups[name_of(str(path))]
        closest = next(iter(own))
        itself = options.names[str(path.resolve())]
        answers = frozenset(photos[wnid] for wnid, words in groups.items() if closest in words) - {itself}
        alike = frozenset(photos[wnid] for wnid, words in groups.items() if words & own.keys())
        if answers:
            asked.append(Asked(vector, answers, 1.0, core=True, alike=alike))
    return asked


def list_text_queries(options: argparse.Namespace, least: int) -> list[tuple[str, frozenset[str]]]:
    """Give queries over documents, and second halves of what was said of `least` words or more, with their answers."""
    queries: list[tuple[str, frozenset[str]]] = []
    for one in texts.read_document_queries("fit"):
        paths = frozenset(options.names[str((texts.FOLDER / path).resolve())] for path in one["relevant"])  # type: ignore[attr-defined]
        queries.append((str(one["query"]), paths))
    for path, words in texts.read_prompts(options.speech, "fit"):
        half = words.split()[len(words.split()) // 2 :]
        if len(half) >= least:
            queries.append((" ".join(half), frozenset([options.names[str(path.resolve())]])))
    return queries


def ask_meanings(library: Library, options: argparse.Namespace, named: bool) -> list[Asked]:
    """Queries over documents and halves of what was said, against what nothing speaks of.

    named: those that are names of things, or else those that are not.
    """
    queries = list_text_queries(options, 3)
    others = texts.read_absent("fit") + texts.make_nonsense("fit") + texts.describe_absent("fit")
    others += texts.make_nonsense("fit", 6) + [text for _, text in texts.read_captions(options.flickr, "fit")[:150]]
    others += [one.names["en"][0] for one in texts.split_classes(options.photos, "fit")[:150]]
    everything = [*queries, *((text, frozenset[str]()) for text in others)]
    kinds = library.models.reader.measure_kinds([text for text, _ in everything])
    chosen = [one for one, share in zip(everything, kinds[:, 0], strict=True) if bool(share > 0.5) is named]
    rows = library.models.meaning.encode_queries([text for text, _ in chosen])
    return [Asked(row, answers, 1.0, core=bool(answers)) for row, (_, answers) in zip(rows, chosen, strict=True)]
