"""Measure how often the first result is right: photos by their class names, recordings by their transcripts.

    python benchmarks/first_light.py --home HOME --photos DIR --speech DIR [--voice]

Both folders must be indexed in the home. Photos are named `wnid_class_name.jpg`; the speech folder contains WAV files
and `transcripts.tsv` (file, seconds, words). Class names are part of the photos' file names, so they are also
searched without the lexical retriever.
"""

import argparse
import random
import statistics
import string
import sys
from pathlib import Path

from search.encoders.class_names import LANGUAGES, read_classes
from search.engine import Engine
from search.errors import NoSpeechError
from search.open_home import open_home
from search.records import Query, Retriever
from search.settings import read_settings
from training.compact.data import read_check


def report(name: str, ranks: list[int], milliseconds: list[float]) -> None:
    """Print the share of queries whose answer is first, among the first ten, and shown at all.

    Args:
        name: The name of the kind of query.
        ranks: The rank of each answer, from 1; 0 if it is not shown.
        milliseconds: The time of each query.
    """
    first = sum(rank == 1 for rank in ranks) / len(ranks)
    ten = sum(1 <= rank <= 10 for rank in ranks) / len(ranks)
    found = sum(rank > 0 for rank in ranks) / len(ranks)
    print(
        f"{name:28} n={len(ranks):4}  first {first:6.1%}  first ten {ten:6.1%}  shown {found:6.1%}  "
        f"median {statistics.median(milliseconds):6.1f} ms"
    )


def main() -> None:
    """Measure class names, typed prompts and nonsense."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--voice", action="store_true", help="also use every recording as a voice query (slow)")
    options = parser.parse_args()
    engine = Engine(open_home(read_settings(home=options.home)))
    photos = {path.name.split("_")[0]: path for path in options.photos.iterdir()}
    classes = {entry.wnid: entry.names["en"][0] for entry in read_classes()}
    names_by_title = {"class names, en": {wnid: classes[wnid] for wnid in photos}}
    for language in LANGUAGES:
        names_by_title[f"check names, {language}"] = {
            wnid: words[language] for wnid, words in read_check().items() if wnid in photos
        }
    for name, names in names_by_title.items():
        for title, weights in ((name, {Retriever.LEXICAL: 0.0}), (f"{name} + file names", {})):
            queries = {wnid: Query(text=text, weights=weights, limit=100) for wnid, text in names.items()}
            run(engine, title, {photos[wnid]: query for wnid, query in queries.items()})
    lines = (options.speech / "transcripts.tsv").read_text().splitlines()
    words = {options.speech / line.split("\t")[0]: line.split("\t")[2] for line in lines}
    words = {path: text for path, text in words.items() if path.exists()}
    run(engine, "prompts, typed", {path: Query(text=text, limit=100) for path, text in words.items()})
    answered_nothing = [engine.search(Query(text=text)).nothing_relevant for text in make_nonsense(100)]
    print(f'nonsense answered with "nothing relevant": {sum(answered_nothing)} of {len(answered_nothing)}')
    if options.voice:
        spoken = {path: Query(voice=path.read_bytes(), limit=100) for path in words}
        run(engine, "prompts, spoken", spoken)


def make_nonsense(number: int) -> list[str]:
    """Return `number` strings of two words of random letters; the seed is fixed."""
    rng = random.Random(3)
    return [
        " ".join("".join(rng.choices(string.ascii_lowercase, k=rng.randint(4, 9))) for _ in range(2))
        for _ in range(number)
    ]


def run(engine: Engine, title: str, queries: dict[Path, Query]) -> None:
    """Run the queries and print how they rank their answers."""
    ranks, milliseconds = [], []
    for path, query in queries.items():
        try:
            answer = engine.search(query)
        except NoSpeechError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            ranks.append(0)
            continue
        milliseconds.append(answer.took_ms)
        ranks.append(next((hit.rank for hit in answer.hits if hit.item.path == str(path.absolute())), 0))
    report(title, ranks, milliseconds)


if __name__ == "__main__":
    main()
