"""The queries of the evaluation of relevance, as lines of `crossmodal evaluate`."""

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import texts
from everyday import MIN_STRONG, Captions, read_captions, read_concepts
from relevance_media import AUDIO, CORE, DOCUMENTS, FILM, MORE, PHOTOS, TEXTS, Media, read_films

from search.encoders.class_names import ClassNames
from training.compact.data import read_check

Line = dict[str, Any]
MAX_SPOKEN = 20
NONSENSE = ("random letters", "keyboard mash", "shuffled syllables")
# The two sets of queries, and their names in `texts`.
TEXT_SPLITS = {"judge": "test", "fit": "fit"}


def make_core_cases(media: Media, split: str) -> list[Line]:
    """Return the queries for libraries of every size: only items that are in every library are judged."""
    captions = read_captions(media.flickr)
    core = media.names(split, CORE)
    cases = make_concept_queries(media, split, (CORE,), captions)
    cases += make_group_queries(media, split)
    cases += make_name_queries(media, split, [media.folder(split, PHOTOS)])
    cases += make_caption_queries(media, split, core, captions, [media.folder(split, CORE)])
    cases += make_document_queries(media, split)
    cases += make_speech_queries(media, split)
    if split == "judge":
        cases += make_film_queries(media)
    return cases + make_absent_queries(media, split, captions)


def make_more_cases(media: Media, split: str) -> list[Line]:
    """Return the queries for larger libraries, which have all photos of the half of `dev.txt`."""
    captions = read_captions(media.flickr)
    photos = [*media.names(split, CORE), *media.names(split, MORE)]
    folders = [media.folder(split, CORE), media.folder(split, MORE)]
    cases = make_concept_queries(media, split, (CORE, MORE), captions)
    cases += make_caption_queries(media, split, photos, captions, folders)
    return [case | {"kind": f"{case['kind']}, all 500 photos"} for case in cases]


def make_photo_cases(media: Media, split: str) -> list[Line]:
    """Return the queries for the library of 500 photos, one per class: every other photo is wrong."""
    return make_name_queries(media, split, None) + make_absent_queries(media, split, read_captions(media.flickr))


def make_concept_queries(media: Media, split: str, parts: Sequence[str], captions: Captions) -> list[Line]:
    """Return queries for everyday concepts that several photos show."""
    where = {name: part for part in parts for name in media.names(split, part)}
    lines = []
    for concept in read_concepts(split):
        grades = concept.grade_photos(list(where), captions)
        if sum(grade == 2 for grade in grades.values()) >= MIN_STRONG[split]:
            relevant = [grade_path(media.path(split, where[name], name), grade) for name, grade in grades.items()]
            judged = [media.folder(split, part) for part in parts]
            lines.append({"query": concept.text, "relevant": relevant, "kind": "concepts", "judged": judged})
    return lines


def make_group_queries(media: Media, split: str) -> list[Line]:
    """Return broader words that several classes share as queries, unless the other set of concepts has them."""
    members: dict[str, list[str]] = defaultdict(list)
    for class_names in media.classes(split):
        for word in class_names.broader:
            members[word].append(media.path(split, PHOTOS, f"{class_names.wnid}.jpg"))
    other = " ".join(concept.text for concept in read_concepts("fit" if split == "judge" else "judge"))
    return [
        {
            "query": word,
            "relevant": [grade_path(path, 2) for path in paths],
            "kind": "groups of classes",
            "judged": [media.folder(split, PHOTOS)],
        }
        for word, paths in sorted(members.items())
        if len(paths) >= MIN_STRONG[split] and not re.search(rf"\b{re.escape(word)}s?\b", other)
    ]


def make_name_queries(media: Media, split: str, judged: list[str] | None) -> list[Line]:
    """Return class names in English as queries, and their everyday names in other languages."""
    check = read_check()
    lines: list[Line] = []
    for class_names in media.classes(split):
        right = [media.path(split, PHOTOS, f"{class_names.wnid}.jpg")]
        lines.append({"query": class_names.names["en"][0], "relevant": right, "kind": "names", "judged": judged})
        for name in check.get(class_names.wnid, {}).values():
            kind = "names in other languages"
            lines.append({"query": name, "relevant": right, "kind": kind, "judged": judged})
    return lines


def make_caption_queries(
    media: Media, split: str, photos: Iterable[str], captions: Captions, judged: list[str]
) -> list[Line]:
    """Return a caption of each photo as a query; the other photos count as wrong."""
    core = set(media.names(split, CORE))
    return [
        {
            "query": captions[name][number % 5],
            "relevant": [media.path(split, CORE if name in core else MORE, name)],
            "kind": "captions",
            "judged": judged,
        }
        for number, name in enumerate(photos)
    ]


def make_document_queries(media: Media, split: str) -> list[Line]:
    """Return queries for one document in three styles, and for topics that several documents are about."""
    judged = [media.text_folder(TEXTS)]
    lines: list[Line] = []
    for query in texts.read_document_queries(TEXT_SPLITS[split]):
        names = [str(path).removeprefix("documents/") for path in query["relevant"]]  # type: ignore[attr-defined]
        relevant = [media.text_path(DOCUMENTS, name) for name in names]
        kind = f"documents, {query['style']}"
        lines.append({"query": query["query"], "relevant": relevant, "kind": kind, "judged": judged})
    for line in (texts.FOLDER / "topics.jsonl").read_text(encoding="utf-8").splitlines():
        topic = json.loads(line)
        if topic["split"] == TEXT_SPLITS[split]:
            relevant = [
                grade_path(media.text_path(DOCUMENTS, name), grade)
                for grade, names in ((2, topic["strong"]), (1, topic["weak"]))
                for name in names
            ]
            lines.append({"query": topic["query"], "relevant": relevant, "kind": "topics", "judged": judged})
    return lines


def make_speech_queries(media: Media, split: str) -> list[Line]:
    """Return the words of recorded prompts as queries and, for some of them, the recording as a voice query."""
    judged = [media.text_folder(TEXTS)]
    lines: list[Line] = []
    for number, (path, words) in enumerate(texts.read_prompts(media.speech, TEXT_SPLITS[split])):
        right = [media.text_path(AUDIO, path.name)]
        lines.append({"query": words, "relevant": right, "kind": "speech, typed", "judged": judged})
        if number < MAX_SPOKEN:
            voice = media.queries / f"{split}{number:03d}.wav"
            shutil.copyfile(path, voice)
            spoken = f"{voice.parent.name}/{voice.name}"
            lines.append({"voice": spoken, "relevant": right, "kind": "speech, spoken", "judged": judged})
    return lines


def make_film_queries(media: Media) -> list[Line]:
    """Return queries for what three real films show; only films are judged."""
    lines = []
    for query in read_films():
        if media.has_text(FILM, query["film"]):
            relevant = [media.text_path(FILM, query["film"])]
            judged = [media.text_folder(FILM)]
            lines.append({"query": query["query"], "relevant": relevant, "kind": "films", "judged": judged})
    return lines


def make_absent_queries(media: Media, split: str, captions: Captions) -> list[Line]:
    """Return queries for things that are in no library, by name and by description, and three kinds of nonsense."""
    half = TEXT_SPLITS[split]
    absent = find_unmentioned(texts.read_absent(half), captions, media.all_classes())
    lines: list[Line] = [{"query": text, "relevant": [], "kind": "absent"} for text in absent]
    for number, concept in enumerate(absent):
        text = texts.SCENES[number % len(texts.SCENES)].format(concept)
        lines.append({"query": text, "relevant": [], "kind": "absent, described"})
    made: Mapping[str, Sequence[str]] = dict(
        zip(NONSENSE, (texts.make_nonsense(half)[:60], texts.make_mash(half), texts.make_syllables(half)), strict=True)
    )
    for kind, queries in made.items():
        lines += [{"query": text, "relevant": [], "kind": kind, "expected": "nonsense"} for text in queries]
    return lines


def find_unmentioned(concepts: Sequence[str], captions: Captions, classes: Sequence[ClassNames]) -> list[str]:
    """Return the concepts whose words are together in no caption, and which are not the name of a class."""
    caption_words = [set(re.findall(r"[a-z]+", " ".join(lines))) for lines in captions.values()]
    named = {name.lower() for class_names in classes for name in class_names.names["en"]}
    unmentioned = []
    for concept in concepts:
        words = set(re.findall(r"[a-z]+", concept.lower())) - {"of", "a", "the", "in"}
        forms = [{word, word.removesuffix("s")} for word in words]
        mentioned = any(all(form & words_of_captions for form in forms) for words_of_captions in caption_words)
        if not mentioned and concept.lower() not in named:
            unmentioned.append(concept)
    return unmentioned


def grade_path(path: str, grade: int) -> Line:
    """Return a relevant item with its grade."""
    return {"path": path, "grade": grade}
