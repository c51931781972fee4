"""Measure exclusions: photos with one thing and without another, judged by their five captions.

    python benchmarks/evaluation/exclusion.py --home HOME --out OUT --flickr DIR

OUT is the output of `build_library.py`; OUT/library is indexed in the home. For each pair it prints, over the first ten
photos, the share whose captions mention what was excluded (violation@10) and the share that mention what was wanted
(precision@10): without an exclusion, with the exclusion as a part of negative weight, and with `-`.
"""

import statistics

from captioned import PHOTOS, mention, open_captioned

from search.records import Query, QueryPart

# What is wanted and a pattern for it; what is excluded and a pattern for it.
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
    """Run every pair in three ways and print the figures."""
    engine, captions = open_captioned(str(__doc__))
    figures: dict[str, list[tuple[float, float]]] = {}
    for wanted, wanted_pattern, excluded, excluded_pattern in PAIRS:
        base = {"filters": PHOTOS, "include_all": True, "limit": 10}
        methods = {
            "plain": Query(text=wanted, **base),  # type: ignore[arg-type]
            "subtracted": Query(text=wanted, parts=(QueryPart(text=excluded, weight=-0.5),), **base),  # type: ignore[arg-type]
            "excluded": Query(text=f'{wanted} -"{excluded}"', **base),  # type: ignore[arg-type]
        }
        for method, query in methods.items():
            texts = [captions[hit.item.path] for hit in engine.search(query).hits]
            violation = statistics.mean(mention(photo_captions, excluded_pattern) for photo_captions in texts)
            precision = statistics.mean(mention(photo_captions, wanted_pattern) for photo_captions in texts)
            figures.setdefault(method, []).append((violation, precision))
        row = "   ".join(f"{method} {figures[method][-1][0]:.1f}/{figures[method][-1][1]:.1f}" for method in methods)
        print(f"{wanted + ' without ' + excluded:36} violation/precision@10: {row}")
    for method, rows in figures.items():
        violation, precision = (statistics.mean(row[position] for row in rows) for position in (0, 1))
        print(f"{method:15} violation@10 {violation:.2f}   precision@10 {precision:.2f}")


if __name__ == "__main__":
    main()
