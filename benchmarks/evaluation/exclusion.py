"""Do exclusions exclude? Photos asked with and without something, judged by what their five captions mention.

    python benchmarks/evaluation/exclusion.py --home HOME --out OUT --flickr DIR

OUT is what `build_library.py` made; the home holds OUT/library. For each pair it prints, over the first ten photos: the
share whose captions mention what was excluded (violation@10) and the share that mention what was asked
(precision@10), asked plainly, with the exclusion as a part of negative weight, and as `-` does it.
"""

import statistics

from captioned import PHOTOS, mention, open_captioned

from search.records import Query, QueryPart

# asked, how captions say it, excluded, how captions say that
PAIRS = (
    (
        "beach",
        "beach|sand|shore|ocean",
        "people",
        "man|men|woman|women|people|person|boy|boys|girl|girls|child|children",
    ),
    ("a dog", "dogs?|puppy", "grass", "grass|grassy|lawn|field"),
    ("a dog", "dogs?|puppy", "snow", "snow|snowy"),
    ("a dog", "dogs?|puppy", "water", "water|pool|lake|ocean|river|sea|wet"),
    ("a dog", "dogs?|puppy", "a ball", "balls?|tennis"),
    ("children", "child|children|kids?|boys?|girls?", "water", "water|pool|lake|ocean|river|sea|fountain"),
    ("snow", "snow|snowy", "dog", "dogs?|puppy"),
    ("a man", "man|men|guy", "a bicycle", "bike|bikes|bicycle|bicycles|biker|bicyclist|cyclist"),
    ("water", "water|pool|lake|ocean|river|sea", "dog", "dogs?|puppy"),
    ("people on a street", "street|sidewalk|road|city", "a car", "cars?|truck|van|vehicle"),
    ("mountain", "mountains?|cliff|rock|rocks|hill", "snow", "snow|snowy"),
    ("a ball game", "ball|football|soccer|basketball|baseball|tennis", "a dog", "dogs?|puppy"),
)


def main() -> None:
    """Ask every pair in three ways."""
    engine, captions = open_captioned(str(__doc__))
    figures: dict[str, list[tuple[float, float]]] = {}
    for asked, asked_words, without, without_words in PAIRS:
        base = {"filters": PHOTOS, "include_all": True, "limit": 10}
        ways = {
            "asked plainly": Query(text=asked, **base),  # type: ignore[arg-type]
            "subtracted": Query(text=asked, parts=(QueryPart(text=without, weight=-0.5),), **base),  # type: ignore[arg-type]
            "excluded": Query(text=f'{asked} -"{without}"', **base),  # type: ignore[arg-type]
        }
        for way, query in ways.items():
            texts = [captions[hit.item.path] for hit in engine.search(query).hits]
            violation = statistics.mean(mention(five, without_words) for five in texts)
            precision = statistics.mean(mention(five, asked_words) for five in texts)
            figures.setdefault(way, []).append((violation, precision))
        row = "   ".join(f"{way} {figures[way][-1][0]:.1f}/{figures[way][-1][1]:.1f}" for way in ways)
        print(f"{asked + ' without ' + without:36} violation/precision@10: {row}")
    for way, rows in figures.items():
        violation, precision = (statistics.mean(row[at] for row in rows) for at in (0, 1))
        print(f"{way:15} violation@10 {violation:.2f}   precision@10 {precision:.2f}")


if __name__ == "__main__":
    main()
